r"""Repeats a training run from its provenance.json, and says whether the same came of it.

    python -m gait_jax.reproduce runs/stgan/provenance.json --workdir=runs/again

Says first what differs between then and now (revision, versions, devices, environment), trains with
the same configuration, and compares the final state. Exit status 0: every number is the same; 3:
not the same, with the metrics of both. Where the files of a data set stand may be said anew:
--set=data.manual_dir=DIR. Running the same command again goes on where it stopped.
"""

import pathlib
import sys
from typing import Any

import ml_collections
from absl import flags

from gait_jax import trainer
from gait_jax.runtime import command, distributed, records
from gait_jax.runtime.errors import InputError
from gait_jax.runtime.files import parse_json, read_regular, reason_of
from gait_jax.runtime.run_directory import RunDirectory

# So that --help shows them.
flags.adopt_module_key_flags(command)
_SET = flags.DEFINE_multi_string(
    "set", [], "FIELD=VALUE of the configuration; only where data stands and how it is computed."
)

_NAME = "gait_jax.reproduce"
_DIFFERENT = 3
# What a start writes down of the machine and the software.
_COMPARED = ("git_revision", "python", "packages", "processes", "devices", "environment")


def _read(path: pathlib.Path) -> list[dict[str, Any]]:
    if not path.is_file():
        raise InputError(f"{path} is not a file: give the provenance.json of a training run")
    try:
        found = parse_json(read_regular(path))
    except (OSError, ValueError) as error:
        raise InputError(
            f"{path} is damaged ({reason_of(error)}): restore it from a backup"
        ) from None
    starts = found.get("starts") if isinstance(found, dict) else None
    if not isinstance(starts, list) or not starts or "config" not in starts[-1]:
        raise InputError(
            f"{path} holds no configuration: it is no provenance.json of a training run, or of an "
            "older version"
        )
    return starts


def _configuration(start: dict[str, Any]) -> ml_collections.ConfigDict:
    config = ml_collections.ConfigDict(start["config"])
    for given in _SET.value:
        field, _, value = given.partition("=")
        if field not in trainer.MAY_CHANGE:
            raise InputError(
                f"--set={given} would make another run: only "
                f"{', '.join(sorted(trainer.MAY_CHANGE))} may be changed"
            )
        try:
            before = config
            for part in field.split("."):
                before = before[part]
            config.update_from_flattened_dict({field: type(before)(value)})
        except (KeyError, TypeError, ValueError) as error:
            raise InputError(f"--set={given} does not fit ({error})") from None
    return config


def differences(then: dict[str, Any], now: dict[str, Any]) -> list[str]:
    """A line for each value that is not the same: "packages.jax: 0.10.1 → 0.10.2"."""
    then, now = records.flatten(then), records.flatten(now)
    return [
        f"{name}: {then.get(name, 'absent')} → {now.get(name, 'absent')}"
        for name in sorted(then.keys() | now.keys())
        if then.get(name, "absent") != now.get(name, "absent")
    ]


def _tell(lines: list[str], head: str) -> None:
    if distributed.is_main():
        print(head, *(f"  {line}" for line in lines), sep="\n", flush=True)


def _reproduce(argv: list[str]) -> None:
    starts = _read(pathlib.Path(argv[1]))
    then = starts[-1]
    workdir = pathlib.Path(command.WORKDIR.value)
    if workdir.resolve() == pathlib.Path(argv[1]).resolve().parent:
        raise InputError(f"--workdir={workdir} is the run itself: use another folder")
    config = _configuration(then)
    now = records.software()
    found = differences(
        {name: then.get(name) for name in _COMPARED}, {name: now[name] for name in _COMPARED}
    )
    _tell(found or ["nothing"], "What differs from then, before anything is computed:")
    if len(starts) > 1:
        steps = ", ".join(str(start["from_step"]) for start in starts)
        _tell([f"it was started from steps {steps}"], f"The run was made in {len(starts)} parts:")
    if "result" not in then:
        raise InputError(
            f"{argv[1]} is of a run that did not finish: there is no result to compare"
        )

    trainer.train_and_evaluate(config, workdir, command.PROGRESS.value)
    if not distributed.is_main():
        return
    again = RunDirectory(workdir).last_start()
    found = differences({"data": then["data"]}, {"data": again["data"]})
    if found:
        _tell(found, "The data differs:")
    if then["result"]["digest"] == again["result"]["digest"]:
        print(f"Reproduced: every number of the state after step {again['result']['step']} is the")
        print(f"same (SHA-256 {again['result']['digest']}).")
        return
    lines = differences(
        {name: then["result"][name] for name in ("step", "metrics")},
        {name: again["result"][name] for name in ("step", "metrics")},
    )
    _tell(lines or ["the metrics are the same"], "Not the same bit for bit. After the last step:")
    sys.exit(_DIFFERENT)


def main() -> None:
    """The command line."""

    def parse(argv: list[str]) -> list[str]:
        try:
            rest = flags.FLAGS(argv)
        except flags.Error as error:
            sys.exit(f"{_NAME}: {error}; see --help")
        if len(rest) != 2:
            sys.exit(f"{_NAME}: give one provenance.json; see --help")
        return rest

    flags.mark_flag_as_required("workdir")
    command.launch(_NAME, _reproduce, (InputError, trainer.DivergedError), parse)


if __name__ == "__main__":
    main()
