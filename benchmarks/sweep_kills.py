r"""Kills the tasks of a sweep at random moments (kill -9), and compares what they come to.

    python benchmarks/sweep_kills.py --kills 10 --data-dir DIR [--through slurm] [--seed 0]

Two α × three seeds of a small ST-GAN on walkers, each with its own G_N: once undisturbed by one
task, and once by two tasks side by side, of which now one and now the other is killed and started
again. Tasks are processes of this machine, or with `--through slurm` those of a job array that
launch/slurm.sbatch starts. Printed: each kill, and whether every number in the collected tables is
the same; exit status 1 where it is not. Only rates, which a clock gives, are left out.
"""

import argparse
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import time

import pandas as pd
from kills import SMALL

from gait_jax.sweeps import collecting

_ROOT = pathlib.Path(__file__).parents[1]
_TASKS = 2
_FLAGS = [
    *SMALL,
    "--config.train_steps=200",
    "--config.log_every=5",
    "--config.noise_gan.data.group=train",
    "--config.noise_gan.generator.widths=(8,8)",
    "--config.noise_gan.generator.stride=8",
    "--config.noise_gan.discriminator.widths=(8,8)",
    "--config.noise_gan.discriminator.hidden=8",
    "--config.noise_gan.discriminator.pool=4",
    "--config.noise_gan.train_steps=20",
    "--config.noise_gan.log_every=5",
    "--config.noise_gan.eval_every=20",
    "--config.noise_gan.checkpoint_every=5",
    "--noprogress",
    "--grid=loss.alpha=0.2,0.4",
    "--grid=seed=0..2",
]


class _Processes:
    """Tasks as processes of this machine."""

    def __init__(self, arguments: list[str], folder: pathlib.Path):
        self._arguments, self._folder = arguments, folder
        self._running: dict[int, subprocess.Popen] = {}

    def start(self, task: int) -> None:
        command = [sys.executable, "-m", "gait_jax.sweep", *self._arguments]
        with (self._folder / f"task{task}.log").open("a") as log:
            self._running[task] = subprocess.Popen(
                [*command, f"--task={task}", f"--tasks={_TASKS}"],
                stdout=log,
                stderr=log,
                cwd=_ROOT,
            )

    def status(self, task: int) -> int | None:
        return self._running[task].poll()

    def kill(self, task: int) -> None:
        self._running[task].kill()
        self._running[task].wait()


class _Slurm:
    """Tasks of a job array."""

    def __init__(self, arguments: list[str], folder: pathlib.Path):
        self._arguments, self._folder = arguments, folder
        self._jobs: dict[int, str] = {}
        # What runs is only cut short by the kills.
        self._environment = os.environ | {"MODULE": "gait_jax.sweep", "PYTHON": sys.executable}

    def _ask(self, *command: str) -> str:
        done = subprocess.run(
            command, check=True, capture_output=True, text=True, env=self._environment, cwd=_ROOT
        )
        return done.stdout.strip()

    def start(self, task: int) -> None:
        job = self._ask(
            *("sbatch", "--parsable", f"--array={task}", "--nodes=1", "--ntasks-per-node=1"),
            *("--gpus-per-node=0", "--cpus-per-task=1", "--mem=0", "--oversubscribe"),
            f"--output={self._folder}/task{task}.log",
            *("launch/slurm.sbatch", *self._arguments, "--task=%a", f"--tasks={_TASKS}"),
        )
        self._jobs[task] = f"{job}_{task}"

    def _state(self, task: int) -> str:
        found = self._ask("scontrol", "--oneliner", "show", "job", self._jobs[task])
        return found.partition("JobState=")[2].split()[0]

    def status(self, task: int) -> int | None:
        state = self._state(task)
        if state in ("PENDING", "CONFIGURING", "RUNNING", "COMPLETING"):
            return None
        return 0 if state == "COMPLETED" else 1

    def kill(self, task: int) -> None:
        self._ask("scancel", "--signal=KILL", self._jobs[task])
        while self.status(task) is None:
            time.sleep(0.2)


def _numbers(folder: pathlib.Path) -> pd.DataFrame:
    """The collected table without rates, in an order that nobody's haste decides."""
    collecting.collect(folder)
    table = pd.read_csv(folder / "table.csv")
    table = table[~table["metric"].str.endswith("_per_second")]
    names = [name for name in table.columns if name != "value"]
    return table.sort_values(names, ignore_index=True)


def main() -> None:
    """Sweeps, kills, collects, compares."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--data-dir", default="", help="where walkers stand, or are made")
    parser.add_argument("--through", choices=("processes", "slurm"), default="processes")
    parser.add_argument("--folder", type=pathlib.Path, help="kept, and gone on in")
    parser.add_argument("--wait", type=float, default=8.0, help="seconds to a kill, on average")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    draw = random.Random(args.seed)
    folder = args.folder or pathlib.Path(tempfile.mkdtemp(prefix="gait_jax-sweep-"))
    folder.mkdir(parents=True, exist_ok=True)
    flags = [
        *_FLAGS,
        f"--config.data.data_dir={args.data_dir}",
        f"--config.compilation_cache={folder / 'programs'}",
    ]

    whole = [sys.executable, "-m", "gait_jax.sweep", *flags, f"--workdir={folder / 'whole'}"]
    begun = time.monotonic()
    subprocess.run([*whole, "--task=0"], check=True, cwd=_ROOT)
    print(f"undisturbed, by one task: {time.monotonic() - begun:.0f} s", flush=True)
    kind = _Slurm if args.through == "slurm" else _Processes
    kills = rounds = 0
    while not rounds or kills < args.kills:
        rounds += 1
        killed = folder / f"{args.through}{rounds}"
        tasks = kind([*flags, f"--workdir={killed}"], folder)
        for task in range(_TASKS):
            tasks.start(task)
        while running := [task for task in range(_TASKS) if tasks.status(task) is None]:
            time.sleep(draw.uniform(0, 2 * args.wait) if kills < args.kills else 0.5)
            running = [task for task in running if tasks.status(task) is None]
            if running and kills < args.kills:
                task = draw.choice(running)
                tasks.kill(task)
                kills += 1
                done = len(list(killed.glob("runs/*/finished.json")))
                print(f"kill {kills:2}: task {task}, {done} of 6 runs done", flush=True)
                tasks.start(task)
        if any(tasks.status(task) for task in range(_TASKS)):
            sys.exit(f"a task failed: see {folder}/task*.log")
        expected, found = _numbers(folder / "whole"), _numbers(killed)
        if not expected.equals(found):
            sys.exit(f"the tables in {folder / 'whole'} and {killed} differ")
        print(
            f"after {kills} kills: one table of {len(found)} numbers, of {found['run'].nunique()} "
            "runs, every one as in the undisturbed sweep",
            flush=True,
        )


if __name__ == "__main__":
    main()
