"""Repeats a training run, and says what differs: before it starts, and in what comes of it."""

import math
import pathlib
from typing import Any

import jax
import ml_collections
import numpy as np

from gait_jax import runs, trainer
from gait_jax.methods.base import State
from gait_jax.methods.identity import may_change
from gait_jax.methods.registry import METHODS
from gait_jax.runtime import distributed, records
from gait_jax.runtime.checkpoint import digest
from gait_jax.runtime.errors import InputError
from gait_jax.runtime.files import parse_json, read_regular, reason_of
from gait_jax.runtime.run_directory import RunDirectory

_DIFFERENT, _CLOSE = 3, 4
# Float error: what other devices and versions make of the same sums.
_RELATIVE, _ABSOLUTE = 1e-3, 1e-5
# What a start writes down of the machine and the software.
_COMPARED = (
    "git_revision",
    "python",
    "packages",
    "processes",
    "devices",
    "cores",
    "environment",
)


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
    last = starts[-1] if isinstance(starts, list) and starts else None
    if not isinstance(last, dict) or "config" not in last:
        raise InputError(
            f"{path} holds no configuration: it is no provenance.json of a training run, or of an "
            "older version"
        )
    return starts


def _configuration(
    path: pathlib.Path, start: dict[str, Any], changes: list[str]
) -> ml_collections.ConfigDict:
    try:
        config = ml_collections.ConfigDict(start["config"])
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        # There are names that no field can have.
        raise InputError(
            f"{path} is damaged ({reason_of(error)}): restore it from a backup"
        ) from None
    allowed = may_change(start["config"])
    for given in changes:
        field, _, value = given.partition("=")
        if field not in allowed:
            raise InputError(
                f"--set={given} would make another run: only "
                f"{', '.join(sorted(allowed))} may be changed"
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


def _since(starts: list[dict[str, Any]], now: dict[str, Any]) -> list[str]:
    """What differs between each start of a run and now, in software and devices."""
    lines = []
    for start in starts:
        found = differences(
            *({name: each.get(name) for name in _COMPARED} for each in (start, now))
        )
        part = f"from step {start.get('from_step')}: " if len(starts) > 1 else ""
        lines += [part + line for line in found]
    return lines


def _data_since(then: dict[str, Any], now: dict[str, Any]) -> list[str]:
    """What differs in the data; where its original files stand does not matter."""
    names = now.keys() - {"manual_dir"}
    return differences(
        *({f"data.{n}": each[n] for n in names if n in each} for each in (then, now))
    )


def not_close(then: dict[str, float], again: dict[str, float]) -> list[str]:
    """The metrics that do not agree within float error: "loss: 0.5 → 0.6"."""
    return [
        f"{name}: {then.get(name, 'absent')} → {again.get(name, 'absent')}"
        for name in sorted(then.keys() | again.keys())
        if name not in then
        or name not in again
        or not math.isclose(then[name], again[name], rel_tol=_RELATIVE, abs_tol=_ABSOLUTE)
    ]


def arrays_not_close(then: State, again: State) -> list[str]:
    """The arrays of a state that do not agree within float error, with how far they are apart."""
    lines = []
    for (path, a), b in zip(
        jax.tree_util.tree_leaves_with_path(then), jax.tree.leaves(again), strict=True
    ):
        a, b = np.asarray(a, np.float64), np.asarray(b, np.float64)
        if not np.allclose(b, a, rtol=_RELATIVE, atol=_ABSOLUTE):
            lines.append(f"{jax.tree_util.keystr(path)}: apart by up to {np.abs(a - b).max():.3g}")
    return lines


def _state(workdir: pathlib.Path, result: dict[str, Any]) -> State | None:
    """The state that a run ended with; None where its checkpoint is not there any more."""
    if RunDirectory(workdir).is_exported:
        return None
    try:
        state = runs.open_run(workdir).state
    except InputError:
        return None
    return state if digest(state) == result["digest"] else None


def reproduce(path: pathlib.Path, workdir: pathlib.Path, changes: list[str], progress: bool) -> int:
    """Repeats a run, and tells what differs.

    Args:
      path: a run's provenance.json.
      workdir: where to train.
      changes: FIELD=VALUE of the configuration, of what makes no other run.
      progress: whether to show bars.

    Returns:
      The exit status: 0 where all is equal, 4 within float error, 3 otherwise.

    Raises:
      InputError: the file is no finished run's, a change cannot be made, or the data cannot be
        used.
      DivergedError: a loss became NaN or infinite.
    """
    starts = _read(path)
    then = starts[-1]
    if workdir.resolve() == path.resolve().parent:
        raise InputError(f"--workdir={workdir} is the run itself: use another folder")
    if "result" not in then:
        raise InputError(f"{path} is of a run that did not finish: there is no result to compare")
    config = _configuration(path, then, changes)
    if len(starts) > 1:
        steps = ", ".join(str(start.get("from_step")) for start in starts)
        _tell([f"it was started from steps {steps}"], f"The run was made in {len(starts)} parts:")
    found = _since(starts, records.software())
    _tell(found or ["nothing"], "What differs from then, before anything is computed:")
    # What a method makes for itself is known when it is made.
    if METHODS[config.method].NEEDS_GAITS:
        data = runs.open_data(config.data, config.seed, progress).description
        _tell(_data_since(then["data"], data) or ["nothing"], "What differs in the data:")

    state = trainer.train_and_evaluate(config, workdir, progress)
    if not distributed.is_main():
        return 0
    again = RunDirectory(workdir).last_start()
    status, lines, verdict = _judge(path.parent, then["result"], again["result"], state)
    # What the method makes of the data is known only now.
    found += _data_since(then["data"], again["data"])
    _tell(found or ["nothing"], "What differed from then, in the machine and the data:")
    _tell(lines, verdict)
    return status


def _judge(
    workdir: pathlib.Path, then: dict[str, Any], again: dict[str, Any], state: State
) -> tuple[int, list[str], str]:
    """Compares what came of a run and of its repetition.

    Args:
      workdir: of the run.
      then: what it wrote down of its result.
      again: what the repetition did.
      state: that the repetition ended with.

    Returns:
      (exit status, what does not agree, the verdict).
    """
    step, sha = again["step"], again["digest"]
    if then["digest"] == sha:
        text = f"Equal: every number of the state after step {step} is the same (SHA-256 {sha})."
        return 0, [], text
    before = _state(workdir, then)
    lines = not_close({"step": then["step"], **then["metrics"]}, {"step": step, **again["metrics"]})
    lines += arrays_not_close(before, state) if before else []
    if lines or not (before or then["metrics"]):
        return _DIFFERENT, lines, f"Not equal. After step {step}, what differs beyond float error:"
    judged = "the metrics and all numbers of the state" if before else "the metrics"
    text = f"Equal within float error: {judged} after step {step} agree to {_RELATIVE:g}, or "
    return _CLOSE, [], f"{text}{_ABSOLUTE:g} where they are small, and not bit for bit."
