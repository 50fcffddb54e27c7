"""Exports a trained method: what using it needs, in one small folder.

    python -m gait_jax.export runs/stgan_walkers -o models/stgan_walkers

The folder can be given wherever a training run's can be, to use it; not to train on.
"""

import argparse
import pathlib
import sys

from gait_jax import runs
from gait_jax.runtime import interrupted
from gait_jax.runtime.errors import InputError
from gait_jax.runtime.run_directory import RunDirectory


def export(workdir: pathlib.Path, out: pathlib.Path, step: str | None = None) -> int:
    """Writes a checkpoint's networks that are in use after training.

    Args:
      workdir: a training run's folder.
      out: the folder to write, which must not hold anything else.
      step: the checkpoint (see `runs.open_run`); None for the newest.

    Returns:
      The step of that checkpoint.

    Raises:
      InputError: the run cannot be read, or `out` holds other files.
    """
    run = runs.open_run(workdir, step)
    config = run.config
    if out.is_dir() and any(out.iterdir()) and not RunDirectory(out).is_exported:
        raise InputError(f"{out} holds other files: choose another -o folder")
    # Where the data stood, and how the command was typed, is nobody else's to know.
    with config.unlocked():
        config.data.data_dir = config.data.manual_dir = ""
    start = RunDirectory(workdir).last_start()
    start = {name: value for name, value in start.items() if name not in ("argv", "time")}
    if "data" in start:
        start["data"] = start["data"] | {"manual_dir": None}
    trees = {"ema": run.state.ema, "frozen": run.state.frozen}
    RunDirectory(out).write_exported(config.to_dict(), run.step, trees, start)
    return run.step


def main(argv: list[str] | None = None) -> int:
    """The command line; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m gait_jax.export", description=__doc__.split("\n\n    ")[0]
    )
    parser.add_argument("workdir", type=pathlib.Path, help="folder of a training run")
    parser.add_argument("-o", "--out", type=pathlib.Path, required=True, help="folder to write")
    parser.add_argument("--step", metavar="N", help="the checkpoint: a step, or best (default: "
        "the newest)")  # fmt: skip
    args = parser.parse_args(argv)
    try:
        step = export(args.workdir, args.out, args.step)
    except InputError as error:
        print(f"gait_jax.export: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f"gait_jax.export: {interrupted.MESSAGE}", file=sys.stderr)
        return interrupted.STATUS
    print(f"The model after {step} steps is in {args.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
