r"""Kills a training run at random moments (kill -9) and compares what comes of it in the end.

    python benchmarks/kills.py --kills 50 --data-dir DIR [--seed 0]

Trains a small ST-GAN on walkers once undisturbed. Then the same run again: killed at a random
moment, from the first import to the last checkpoint, started again, and so on, and at last left
to finish. Printed: at which step each kill found it, how many steps had to be done again, and
whether every number of the final state is the same.
"""

import argparse
import pathlib
import random
import subprocess
import sys
import tempfile
import time

from gait_jax.runtime.run_directory import RunDirectory

_ROOT = pathlib.Path(__file__).parents[1]
# A small ST-GAN on ten walkers.
SMALL = [
    f"--config={_ROOT / 'configs' / 'stgan_resampled.py'}:walkers",
    "--config.data.subjects=10",
    "--config.data.groups=few",
    "--config.data.group=train",
    "--config.data.points=64",
    "--config.data.frames=4",
    "--config.generator.widths=(8,8,8)",
    "--config.discriminators.widths=(8,8)",
    "--config.eval_every=20",
    "--config.checkpoint_every=5",
]


def _command(workdir: pathlib.Path, data_dir: str, steps: int) -> list[str]:
    return [
        sys.executable,
        "-m",
        "gait_jax.train",
        *SMALL,
        "--config.noise=gaussian",
        "--config.log_every=1",
        f"--workdir={workdir}",
        f"--config.data.data_dir={data_dir}",
        f"--config.train_steps={steps}",
        "--noprogress",
    ]


def _run(command: list[str]) -> None:
    """Lets a run finish; ends with what it said where it fails."""
    done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    if done.returncode:
        sys.exit(f"a run that nobody killed ended with {done.returncode}:\n{done.stderr}")


def _saved(workdir: pathlib.Path) -> int:
    folder = workdir / "checkpoints"
    names = [path.name for path in folder.iterdir()] if folder.is_dir() else []
    return max((int(name) for name in names if name.isdigit()), default=0)


def main() -> None:
    """Trains, kills, compares; exit status 1 where a run did not come to the same."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--steps", type=int, default=400)
    parser.add_argument("--data-dir", default="", help="where walkers stand, or are made")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    draw = random.Random(args.seed)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="gait_jax-kills-"))
    cache = f"--config.compilation_cache={folder / 'programs'}"

    whole = [*_command(folder / "whole", args.data_dir, args.steps), cache]
    _run(whole)
    # The second start compiles nothing: how long a run takes once it is disturbed.
    begun = time.monotonic()
    again = [*_command(folder / "again", args.data_dir, args.steps), cache]
    _run(again)
    takes = time.monotonic() - begun
    print(f"undisturbed: {args.steps} steps in {takes:.0f} s, start included", flush=True)

    workdir, done = folder / "killed", 0
    command = [*_command(workdir, args.data_dir, args.steps), cache]
    while done < args.kills:
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        # Never so late that the run would be over before it was killed often enough.
        share = draw.random() * min(1.0, 0.4 + 2 * (args.steps - _saved(workdir)) / args.steps)
        try:
            status = process.wait(timeout=share * takes)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            done += 1
            rows = [row["step"] for row in RunDirectory(workdir).read_metrics()]
            print(
                f"kill {done:3}: after {share * takes:5.1f} s, at step {max(rows, default=0):4}, "
                f"saved {_saved(workdir):4}",
                flush=True,
            )
            continue
        if status:
            sys.exit(f"a start after {done} kills failed:\n{process.stderr.read().decode()}")
        # Over too soon: what is left of the kills hits a run from the start.
        _compare(folder, workdir)
        print(f"finished after {done} kills, the same; begins anew", flush=True)
        workdir = folder / f"killed{done}"
        command = [*_command(workdir, args.data_dir, args.steps), cache]
    _run(command)
    _compare(folder, workdir)
    print(f"{done} kills, {done} resumed: every number of the final state is the same")


def _compare(folder: pathlib.Path, workdir: pathlib.Path) -> None:
    expected = RunDirectory(folder / "whole").last_start()["result"]
    found = RunDirectory(workdir).last_start()["result"]
    if (found["step"], found["digest"]) != (expected["step"], expected["digest"]):
        sys.exit(f"{workdir} came to {found}, {folder / 'whole'} to {expected}")
    steps = [row["step"] for row in RunDirectory(workdir).read_metrics() if "loss_generator" in row]
    if steps != list(range(1, expected["step"] + 1)):
        sys.exit(f"{workdir}/metrics.jsonl lacks rows, or has some twice")


if __name__ == "__main__":
    main()
