"""What using a trained method needs, in one small folder, which names no folder of anybody's."""

import pathlib
from collections.abc import Mapping
from typing import Any

from flax import traverse_util

from gait_jax import runs
from gait_jax.methods.base import Run
from gait_jax.methods.fields import Fields, folder
from gait_jax.methods.identity import may_change
from gait_jax.runtime import records
from gait_jax.runtime.errors import InputError
from gait_jax.runtime.run_directory import RunDirectory

# What a start says that is the same wherever it was made.
_TOLD = ("from_step", "git_revision", "python", "packages", "processes", "devices", "cores")


def export(
    workdir: str | pathlib.Path,
    out: str | pathlib.Path,
    step: str | None = None,
    changes: Mapping[str, str] | None = None,
) -> int:
    """Writes a checkpoint's networks that are in use after training.

    Args:
      workdir: a training run's folder, or what else `runs.open_run` opens.
      out: the folder to write, which must not hold anything else.
      step: the checkpoint (see `runs.open_run`); None for the newest.
      changes: new values, as text, of fields that training does not look at.

    Returns:
      The step of that checkpoint.

    Raises:
      InputError: the run cannot be read, `out` holds other files, or a change cannot be made.
    """
    out = pathlib.Path(out)
    run = runs.open_run(workdir, step)
    for name, value in (changes or {}).items():
        _change(run, name, value)
    if out.is_dir() and any(out.iterdir()) and not RunDirectory(out).is_exported:
        raise InputError(f"{out} holds other files: choose another -o folder")
    original, known = run.config.to_dict(), run.method.FIELDS
    config = _without_folders(original, known)
    start = _told(RunDirectory(run.workdir).last_start())
    named = {name for name, value in records.flatten(original).items() if value}
    if {name for name in named if known.get(name) is folder} <= may_change(original):
        # It still says all that is computed: the run can be repeated from the export alone.
        start["config"] = config
    trees = {"ema": run.state.ema, "frozen": run.state.frozen}
    RunDirectory(out).write_exported(config, run.step, trees, start)
    return run.step


def _change(run: Run, name: str, value: str) -> None:
    """Gives a field of a run's configuration another value.

    Raises:
      InputError: there is no such field, training looks at it, or it cannot have that value.
    """
    config, fixed = run.config, run.method.AFTERWARDS
    free = sorted(known for known in run.method.FIELDS if known.split(".")[0] in fixed)
    if name not in free:
        allowed = f"use one of {', '.join(free)}" if free else f"{config.method} has no such field"
        raise InputError(f"--set {name}: an export cannot have another {name}: {allowed}")
    before = records.flatten(config.to_dict())[name]
    try:
        after = type(before)(value)
    except ValueError:
        raise InputError(f"--set {name}={value}: that is no number, as {before} is") from None
    config.update_from_flattened_dict({name: after})
    try:
        runs.build_method(config)
    except InputError as error:
        raise InputError(f"--set {name}={value}: {error}") from None


def _without_folders(config: dict[str, Any], known: Fields) -> dict[str, Any]:
    """A configuration of what its method knows, in which no folder is named.

    Whatever else somebody has put into it is nobody else's to know.
    """
    # Whole trainings of the same method, which may be empty.
    within = {
        name: _without_folders(value, known)
        for name, value in config.items()
        if name in known and isinstance(value, dict)
    }
    own = {name: value for name, value in config.items() if name not in within}
    kept = {
        name: "" if known.get(name) is folder else value
        for name, value in records.flatten(own).items()
        if name in known or name.split(".")[-1] == "method"
    }
    return within | traverse_util.unflatten_dict(kept, sep=".")


def _told(start: dict[str, Any]) -> dict[str, Any]:
    """What a run wrote down of a start, without where that was, when, and how it was typed."""
    told = {name: start[name] for name in _TOLD if name in start}
    if "environment" in start:
        told["environment"] = {
            name: " ".join(word for word in value.split() if not set(word) & set("/\\~"))
            for name, value in start["environment"].items()
        }
    if "data" in start:
        told["data"] = start["data"] | {"manual_dir": None}
    if "result" in start:
        told["result"] = {n: value for n, value in start["result"].items() if n != "time"}
    return told
