"""Anonymises folder trees of PNG silhouettes.

Every folder that holds PNGs is one person's walk, its frames in the order of their names. The same
tree comes out: names, frame sizes and frame counts. A frame that cannot be anonymised is written
empty and listed in the report.
"""

import collections
import json
import os
import pathlib
import shutil
import tempfile
from typing import Any

import numpy as np

from gait_jax import runs
from gait_jax.anonymization.places import find_sequences
from gait_jax.data.pictures import read_mask
from gait_jax.gait import picture
from gait_jax.methods.contracts import AnonymizedGait
from gait_jax.runtime import bars, keys, records
from gait_jax.runtime.errors import InputError
from gait_jax.runtime.files import writable

REPORT = "report.json"


def _read_mask(path: pathlib.Path) -> np.ndarray | None:
    """A silhouette as a mask of 0 and 1 [H, W] uint8; None where the file is no whole image."""
    try:
        return read_mask(path)
    except InputError:
        return None


def _write_sequence(result: AnonymizedGait, names: list[str], folder: pathlib.Path) -> None:
    """Writes a sequence's frames beside its final place, then moves them there."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    partial = pathlib.Path(tempfile.mkdtemp(prefix=".anonymizing-", dir=folder.parent))
    try:
        for name, mask in zip(names, result.masks, strict=True):
            (partial / name).write_bytes(picture.png(mask * 255))
        if folder.exists():
            for old in folder.iterdir():
                if old.suffix.lower() == ".png":
                    old.unlink()
            for name in names:
                os.replace(partial / name, folder / name)
        else:
            partial.chmod(0o777 & ~_umask())
            os.replace(partial, folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _check_folders(directory: pathlib.Path, out: pathlib.Path, overwrite: bool) -> None:
    if not directory.is_dir():
        raise InputError(f"{directory} is not a folder: give a folder tree of PNG silhouettes")
    inside, outside = directory.resolve(), out.resolve()
    if outside == inside or inside in outside.parents or outside in inside.parents:
        raise InputError(f"{out} and {directory} lie inside each other: choose another -o folder")
    if out.exists() and not out.is_dir():
        raise InputError(f"{out} is a file: choose another -o folder")
    if out.is_dir() and any(out.iterdir()) and not overwrite:
        raise InputError(f"{out} is not empty: choose another -o folder, or give --overwrite")


def anonymize_tree(
    directory: str | pathlib.Path,
    out: str | pathlib.Path,
    checkpoint: str | pathlib.Path,
    seed: int | None = None,
    overwrite: bool = False,
    progress: bool = True,
    step: str | None = None,
) -> dict[str, Any]:
    """Anonymises all sequences of a folder tree of PNG silhouettes.

    Args:
      directory: the tree; every folder with PNGs in it is one person's walk.
      out: where the same tree is written; files other than PNGs are not carried over.
      checkpoint: folder of a training run or of an exported model.
      seed: for repeating a result; None draws fresh noise at every call.
      overwrite: whether `out` may hold an earlier result, which is replaced.
      progress: whether to show a progress bar.
      step: the run's checkpoint (see `runs.open_run`); None for the newest.

    Returns:
      The report, as it also stands in `out/report.json`.

    Raises:
      InputError: a folder or the checkpoint cannot be used.
    """
    directory, out = pathlib.Path(directory), pathlib.Path(out)
    _check_folders(directory, out, overwrite)
    sequences, others = find_sequences(directory)
    if not sequences:
        raise InputError(f"{directory} holds no PNG: give a folder tree of PNG silhouettes")
    with writable(out / REPORT if out.is_dir() else out, "-o folder"):
        run = runs.open_run(checkpoint, step)
        anonymizer, key = run.anonymizer(), keys.random_key(seed)
        out.mkdir(parents=True, exist_ok=True)
    report: dict[str, Any] = {
        **runs.describe(run),
        "seed_given": seed is not None,
        "complete": False,
        "totals": {},
        "not_carried_over": others,
        "sequences": [],
    }
    totals: collections.Counter[str] = collections.Counter()
    try:
        for relative, names in bars.over(
            sequences.items(),
            shown=progress,
            desc="anonymize",
            unit="sequence",
            total=len(sequences),
        ):
            masks = [_read_mask(directory / relative / name) for name in names]
            result = anonymizer(masks, keys.named_key(key, relative))
            sizes = [mask.shape for mask in masks if mask is not None]
            entry: dict[str, Any] = {"name": relative, "frames": len(names)}
            if sizes:
                # A frame that could not be read has no size of its own: it takes its sequence's.
                for i, mask in enumerate(masks):
                    if mask is None:
                        result.masks[i] = np.zeros(sizes[0], np.uint8)
                _write_sequence(result, names, out / relative)
            else:
                entry["failed"] = "no frame could be read: nothing was written"
                totals["failed_sequences"] += 1
            entry["anonymized"] = len(names) - len(result.problems)
            entry["measures"] = result.measures
            if result.told:
                entry["told"] = result.told
            empty: dict[str, list[str]] = {}
            for i, reason in result.problems.items():
                empty.setdefault(reason, []).append(names[i])
            entry["written_empty"] = empty
            report["sequences"].append(entry)
            totals.update({"sequences": 1, "frames": len(names), "anonymized": entry["anonymized"]})
            totals.update({f"empty: {reason}": len(listed) for reason, listed in empty.items()})
        report["complete"] = True
    finally:
        report["totals"] = dict(totals)
        records.write_atomically(out / REPORT, json.dumps(report, indent=1) + "\n")
    return report
