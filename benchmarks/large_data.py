"""Time and memory of preparing and training on data sets of growing size, in CASIA-B's layout.

    python benchmarks/large_data.py FOLDER [--subjects 13 40 124] [--walkers 6]

Makes some walkers and packs them, over and over under new names, as CASIA-B's silhouettes are
handed out: one archive a subject, 110 sequences each; 124 subjects are CASIA-B's number. For each
number of subjects CASIA-B is prepared from these archives. Then, one made of the other: the gaits
(cleaned silhouettes), their contours, their gait energy images (GEIs, 126 x 126); and 200 training
steps on windows of contours and 200 on pairs of gait energy images, of all subjects. The networks
are tiny: what is measured is the data's way. What FOLDER holds already is not made again, so that a
second run in the same folder shows what opening costs.

Each stage runs in a process of its own. Printed for each: seconds by the clock and of all cores
together; the peak of the memory that is nobody else's (RssAnon: not the page cache, which the
system takes back when it needs to) of the stage's process, of the largest of its workers, and of
all together, in MiB; and of the pages of mapped files (RssFile) in the stage's process. Last, what
a thousand more sequences add to each, between the smallest and the largest set. Linux only.
"""

import argparse
import io
import os
import pathlib
import subprocess
import sys
import tarfile
import time

import tensorflow_datasets as tfds

import tfds_casia
from configs import stgan_resampled, wu2017
from gait_jax.data import source
from gait_jax.data.contour_store import open_contours
from gait_jax.data.gei_store import open_geis
from gait_jax.data.originals import original_gaits
from gait_jax.gait.silhouette import CleanSettings
from tfds_casia import folders

_STAGES = ("casia_b", "gaits", "contours", "geis", "windows", "pairs")
_COLUMNS = ("seconds", "cpu", "process", "worker", "all", "mapped")
_GEI_SIZE = 126
_STEPS = 200
_SMALL = {
    "windows": {
        "batch_size": 4, "data.points": 128, "data.frames": 16, "data.stride": 1,
        "generator.widths": (8, 8), "generator.code": 4, "generator.hidden": 8,
        "discriminators.widths": (8, 8), "discriminators.hidden": 8,
        "discriminators.embedding": 8, "discriminators.lstm": 8, "noise": "gaussian",
    },
    "pairs": {"data.size": _GEI_SIZE, "data.pack.people": 2, "data.pack.images": 2,
              "data.pack.pairs": 2, "batch_size": 2, "network": "lb",
              "data.validation_group": "recogniser"},
}  # fmt: skip
_CONFIGS = {
    "windows": (stgan_resampled, "data=casia_b"),
    "pairs": (wu2017, "data=casia_b,form=small"),
}


def _walkers(folder: pathlib.Path, subjects: int) -> tfds.core.DatasetBuilder:
    return source.open_dataset("walkers", str(folder / "walkers"), "", subjects)


def _pack(folder: pathlib.Path, walkers: tfds.core.DatasetBuilder, subjects: int) -> int:
    """Fills an empty folder with walkers as CASIA-B's archives, one a subject.

    Returns:
        How many frames they hold.
    """
    examples = list(walkers.as_data_source("all", decoders={"frames": tfds_casia.PngBytes()}))
    people = sorted({example["subject"] for example in examples})
    frames = 0
    for index in range(subjects):
        subject = f"{index + 1:03d}"
        with tarfile.open(folder / f"{subject}.tar.gz", "w:gz", compresslevel=1) as archive:
            for example in examples:
                if example["subject"] != people[index % len(people)]:
                    continue
                walk = f"{example['condition'].decode()}-{example['sequence']:02d}"
                view = f"{example['view']:03d}"
                for number, png in zip(example["frame_numbers"], example["frames"], strict=True):
                    name = f"{subject}/{walk}/{view}/{subject}-{walk}-{view}-{number:03d}.png"
                    info = tarfile.TarInfo(name)
                    info.size = len(png)
                    archive.addfile(info, io.BytesIO(png))
                    frames += 1
    return frames


def _train(folder: pathlib.Path, stage: str) -> None:
    from gait_jax import trainer

    module, argument = _CONFIGS[stage]
    config = module.get_config(argument)
    config.update_from_flattened_dict(_SMALL[stage])
    config.data.data_dir = str(folder / "data")
    config.data.manual_dir = str(folder / "archives")
    config.data.group = "all"
    config.train_steps = config.eval_every = config.checkpoint_every = config.log_every = _STEPS
    trainer.train_and_evaluate(config, folder / f"run-{stage}", progress=False)


def _run_stage(stage: str, folder: pathlib.Path) -> None:
    if stage == "casia_b":
        source.open_dataset("casia_b", str(folder / "data"), str(folder / "archives"))
        return
    if stage in _CONFIGS:
        _train(folder, stage)
        return
    builder = source.open_dataset("casia_b", str(folder / "data"), "")
    gaits = original_gaits(builder, CleanSettings(), source.derived_directory(builder, ""), False)
    if stage == "contours":
        open_contours(gaits, progress=False)
    elif stage == "geis":
        open_geis(gaits, _GEI_SIZE, progress=False)


def _memory(pid: int) -> tuple[float, float]:
    """(RssAnon, RssFile) of a process in MiB; nothing where it has ended."""
    try:
        lines = pathlib.Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0.0, 0.0
    kib = {
        name: int(line.split()[1]) for line in lines if (name := line.split(":")[0])[:3] == "Rss"
    }
    return kib.get("RssAnon", 0) / 1024, kib.get("RssFile", 0) / 1024


def _children(pid: int) -> list[int]:
    found = []
    for path in pathlib.Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            found += map(int, path.read_text().split())
        except OSError:
            continue
    return found + [grandchild for child in found for grandchild in _children(child)]


def _measure(stage: str, folder: pathlib.Path) -> dict[str, float]:
    """Runs a stage in a process of its own and watches its memory."""
    command = [sys.executable, __file__, str(folder), "--stage", stage]
    start, peak = time.perf_counter(), dict.fromkeys(("process", "worker", "all", "mapped"), 0.0)
    with (folder / "log.txt").open("ab") as log:
        child = subprocess.Popen(command, stdout=log, stderr=log)
        while not (ended := os.wait4(child.pid, os.WNOHANG))[0]:
            own, mapped = _memory(child.pid)
            workers = [_memory(pid)[0] for pid in _children(child.pid)]
            now = {"process": own, "worker": max(workers, default=0.0), "mapped": mapped}
            now["all"] = own + sum(workers)
            peak = {name: max(value, now[name]) for name, value in peak.items()}
            time.sleep(0.05)
    child.returncode = os.waitstatus_to_exitcode(ended[1])
    if child.returncode:
        sys.exit(f"large_data: {stage} failed, see {log.name}")
    used = ended[2].ru_utime + ended[2].ru_stime
    return {"seconds": time.perf_counter() - start, "cpu": used, **peak}


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument(
        "--subjects",
        type=int,
        nargs="+",
        default=[13, 40, 124],
        help="sizes of the data sets; 7 at least, of fewer no pairs can be held out",
    )
    parser.add_argument("--walkers", type=int, default=6)
    parser.add_argument("--stage", choices=_STAGES, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.stage:
        tfds.disable_progress_bar()
        _run_stage(args.stage, args.folder)
        return
    walkers = _walkers(args.folder, args.walkers)
    print(f"{'':9}{'sequences':>10}" + "".join(f"{name:>9}" for name in _COLUMNS))
    measured: dict[str, list[dict[str, float]]] = {stage: [] for stage in _STAGES}
    sequences = [110 * subjects for subjects in args.subjects]
    for subjects, count in zip(args.subjects, sequences, strict=True):
        folder = args.folder / str(subjects)
        folder.mkdir(exist_ok=True)
        if not (folder / "archives").exists():
            with folders.whole(folder / "archives") as partial:
                print(f"{_pack(partial, walkers, subjects)} frames", flush=True)
        for stage in _STAGES:
            figures = _measure(stage, folder)
            measured[stage].append(figures)
            cells = "".join(f"{figures[name]:9.0f}" for name in _COLUMNS)
            print(f"{stage:9}{count:10}{cells}", flush=True)
    more = sequences[-1] - sequences[0]
    for stage, rows in measured.items():
        if more:
            slope = {name: 1000 * (rows[-1][name] - rows[0][name]) / more for name in _COLUMNS}
            print(f"{stage:9}{'+1000':>10}" + "".join(f"{slope[n]:9.1f}" for n in _COLUMNS))


if __name__ == "__main__":
    main()
