"""Time and memory of preparing and training on data sets of growing size, in CASIA-B's layout.

    python benchmarks/large_data.py FOLDER [--subjects 6 13 40]

For each number of subjects it makes walkers (110 sequences a subject, as CASIA-B has), packs them
as CASIA-B's silhouettes are handed out, one archive a subject, and prepares CASIA-B from these
archives. Then: the contours of all frames, the energy images of all sequences (126 x 126), 200
training steps on windows and 200 on pairs of energy images, of all subjects. The networks are tiny:
what is measured is the data's way. What FOLDER holds already is not made again, so that a number
measured once is not measured twice in the same folder.

Each stage runs in a process of its own. Printed for each: seconds; the peak of the memory that is
nobody else's (RssAnon: not the page cache, which the system takes back when it needs to) of the
stage's process, of the largest of its workers, and of all together; and of the pages of mapped
files (RssFile). Last, the slope of each between the smallest and the largest set. Linux only.
"""

import argparse
import importlib.util
import io
import pathlib
import subprocess
import sys
import tarfile
import time

import ml_collections
import tensorflow_datasets as tfds

import tfds_casia
from gait_jax.data import source
from gait_jax.data.contour_store import open_contour_store
from gait_jax.data.dataset import GaitDataset
from gait_jax.gait.silhouette import CleanSettings

_STAGES = ("walkers", "casia_b", "contours", "energies", "windows", "pairs")
_ENERGY_SIZE = 126
_STEPS = 200
_SMALL = {
    "windows": {
        "batch_size": 4, "data.points": 128, "data.frames": 16, "data.stride": 1,
        "generator.widths": (8, 8), "generator.code": 4, "generator.hidden": 8,
        "discriminators.widths": (8, 8), "discriminators.hidden": 8,
        "discriminators.embedding": 8, "discriminators.lstm": 8, "noise": "gaussian",
    },
    "pairs": {"data.size": _ENERGY_SIZE, "data.pack.people": 2, "data.pack.images": 2,
              "data.pack.pairs": 2, "batch_size": 2, "network": "lb",
              "data.validation_group": "recogniser"},
}  # fmt: skip
_CONFIGS = {"windows": ("stgan_resampled", "casia_b"), "pairs": ("wu2017", "casia_b,small")}


def _walkers(folder: pathlib.Path, subjects: int) -> tfds.core.DatasetBuilder:
    return source.open_dataset("walkers", str(folder / "walkers"), "", subjects)


def _pack(folder: pathlib.Path, subjects: int) -> None:
    """Writes walkers as CASIA-B's archives, one a subject."""
    archives = folder / "archives"
    archives.mkdir(exist_ok=True)
    builder = _walkers(folder, subjects)
    examples = builder.as_data_source("all", decoders={"frames": tfds_casia.PngBytes()})
    archive = None
    for example in examples:
        subject, condition = example["subject"].decode(), example["condition"].decode()
        path = archives / f"{subject}.tar.gz"
        if archive is None or archive.name != str(path):
            if archive is not None:
                archive.close()
            archive = tarfile.open(path, "w:gz", compresslevel=1)
        walk, view = f"{condition}-{example['sequence']:02d}", f"{example['view']:03d}"
        for number, png in zip(example["frame_numbers"], example["frames"], strict=True):
            name = f"{subject}/{walk}/{view}/{subject}-{walk}-{view}-{number:03d}.png"
            info = tarfile.TarInfo(name)
            info.size = len(png)
            archive.addfile(info, io.BytesIO(png))
    archive.close()


def _data(folder: pathlib.Path) -> ml_collections.ConfigDict:
    return ml_collections.ConfigDict(
        {
            "name": "casia_b",
            "data_dir": str(folder / "data"),
            "manual_dir": str(folder / "archives"),
            "subjects": 0,
            "groups": "jisa2019",
        }
    )


def _train(folder: pathlib.Path, stage: str) -> None:
    from gait_jax import trainer

    name, argument = _CONFIGS[stage]
    path = pathlib.Path(__file__).parents[1] / "configs" / f"{name}.py"
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    config = module.get_config(argument)
    config.update_from_flattened_dict(_SMALL[stage])
    config.data.update(_data(folder))
    config.data.group = "all"
    config.train_steps = config.eval_every = config.checkpoint_every = config.log_every = _STEPS
    trainer.train_and_evaluate(config, folder / f"run-{stage}", progress=False)


def _run_stage(stage: str, folder: pathlib.Path, subjects: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    if stage == "walkers":
        _walkers(folder, subjects)
    elif stage == "pack":
        _pack(folder, subjects)
    elif stage == "casia_b":
        source.open_dataset("casia_b", str(folder / "data"), str(folder / "archives"))
    elif stage == "contours":
        builder = source.open_dataset("casia_b", str(folder / "data"), "")
        open_contour_store(builder, CleanSettings(), progress=False)
    elif stage == "energies":
        GaitDataset(_data(folder), progress=False).energies(_ENERGY_SIZE)
    else:
        _train(folder, stage)


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


def _measure(stage: str, folder: pathlib.Path, subjects: int) -> dict[str, float]:
    """Runs a stage in a process of its own and watches its memory."""
    command = [sys.executable, __file__, str(folder), "--stage", stage, "--subjects", str(subjects)]
    start = time.perf_counter()
    log = (folder.parent / "log.txt").open("ab")
    peak = dict.fromkeys(("process", "worker", "all", "mapped"), 0.0)
    with log, subprocess.Popen(command, stdout=log, stderr=log) as process:
        while process.poll() is None:
            own, mapped = _memory(process.pid)
            workers = [_memory(child)[0] for child in _children(process.pid)]
            now = {"process": own, "worker": max(workers, default=0.0), "mapped": mapped}
            now["all"] = own + sum(workers)
            peak = {name: max(value, now[name]) for name, value in peak.items()}
            time.sleep(0.05)
        if process.returncode:
            sys.exit(f"large_data: {stage} failed, see {log.name}")
    return {"seconds": time.perf_counter() - start, **peak}


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--subjects", type=int, nargs="+", default=[6, 13, 40])
    parser.add_argument("--stage", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.stage:
        tfds.disable_progress_bar()
        _run_stage(args.stage, args.folder, args.subjects[0])
        return
    args.folder.mkdir(parents=True, exist_ok=True)
    columns = ("seconds", "process", "worker", "all", "mapped")
    print(f"{'MiB':9}{'sequences':>10}{'frames':>9}" + "".join(f"{name:>9}" for name in columns))
    measured: dict[str, list[tuple[int, dict[str, float]]]] = {stage: [] for stage in _STAGES}
    for subjects in args.subjects:
        folder = args.folder / str(subjects)
        for stage in _STAGES:
            if stage == "casia_b" and not (folder / "archives").exists():
                _measure("pack", folder, subjects)
            figures = _measure(stage, folder, subjects)
            if stage == "walkers":
                held = _walkers(folder, subjects).info.metadata
            measured[stage].append((held["sequences"], figures))
            print(
                f"{stage:9}{held['sequences']:10}{held['frames']:9}"
                + "".join(f"{figures[name]:9.0f}" for name in columns),
                flush=True,
            )
    for stage, rows in measured.items():
        (few, first), (many, last) = rows[0], rows[-1]
        if many > few:
            slope = {name: 1000 * (last[name] - first[name]) / (many - few) for name in columns}
            print(
                f"{stage:9}{'a 1000 more sequences':>19}"
                + "".join(f"{slope[name]:9.1f}" for name in columns)
            )


if __name__ == "__main__":
    main()
