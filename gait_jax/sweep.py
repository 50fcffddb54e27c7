r"""Does many trainings or evaluations: one configuration with every combination of some values.

    python -m gait_jax.sweep --config=configs/stgan.py --workdir=runs/alpha \
        --grid 'seed=0..4' 'loss.alpha=0.2,0.3,0.4'

writes the list of runs, runs/alpha/sweep.json, and prints it. With --task=I --tasks=N it does the
I-th of N shares of them, from 0: --task=0 --tasks=1 does all. Tasks may run side by side, on one
machine or on many that share the folder. A run that is done is not done again; the same command
goes on where it was stopped; other values in --grid add runs. `python -m gait_jax.collect` makes
tables and curves of what came of them.
"""

import pathlib
import sys

from absl import flags

from gait_jax.runtime import command
from gait_jax.runtime.errors import InputError

# So that --help shows them.
flags.adopt_module_key_flags(command)
_GRID = flags.DEFINE_multi_string(
    "grid", [], "FIELD=VALUE,VALUE or FIELD=FIRST..LAST; more of them may follow it."
)
_TASK = flags.DEFINE_integer("task", None, "Which share to do, from 0; without, none is done.")
_TASKS = flags.DEFINE_integer("tasks", 1, "Into how many shares the runs are divided.")


def _sweep(config, workdir: pathlib.Path, progress: bool, more: list[str]) -> None:
    # Here, not above: what is wrong with the arguments, and --help, is said before JAX is loaded.
    from gait_jax.runtime import distributed
    from gait_jax.sweeps import grid, tasks
    from gait_jax.sweeps.directory import SweepDirectory

    if more and not _GRID.value:
        raise InputError(f"unknown arguments: {' '.join(more)}; see --help")
    planned = grid.plan(config, [*_GRID.value, *more])
    own = None if _TASK.value is None else tasks.share(planned, _TASK.value, _TASKS.value)
    directory = SweepDirectory(workdir)
    if distributed.is_main():
        directory.write(config, planned)
    if own is None:
        done = sum(directory.is_finished(run) for run in planned)
        print(*(run.name for run in planned), sep="\n")
        print(
            f"{len(planned)} runs, {done} of them done. To do them all: the same command with "
            "--task=0 --tasks=1",
            file=sys.stderr,
        )
        return
    tasks.run_share(directory, own, progress)


def main() -> None:
    """The command line."""
    command.main("gait_jax.sweep", _sweep, more=True)


if __name__ == "__main__":
    main()
