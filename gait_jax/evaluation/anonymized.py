"""Anonymises a data set's walks for measuring, exactly as `anonymize` would."""

import dataclasses
import pathlib
import pickle
from collections.abc import Sequence
from typing import Any

import cv2
import jax
import numpy as np
import tqdm

from gait_jax.anonymizer import Anonymizer
from gait_jax.data.dataset import GaitDataset
from gait_jax.data.energies import Energies
from gait_jax.data.source import direction
from gait_jax.data.walk import Walk
from gait_jax.gait import energy, naturalness, picture, silhouette
from gait_jax.runtime.files import write_bytes

# The alignment's size in OpenGait's files.
_OPENGAIT = 64
_STRIP_FRAMES = 10


@dataclasses.dataclass(frozen=True)
class Anonymized:
    """What became of some walks.

    Attributes:
      energies: gait energy images by their size.
      summary: sequences, frames, frames left empty by reason, mean distance, naturalness.
    """

    energies: dict[int, Energies]
    summary: dict[str, Any]


def export(
    directory: pathlib.Path, walk: Walk, masks: Sequence[np.ndarray], size: int = _OPENGAIT
) -> None:
    """Writes a walk as OpenGait's recognisers read it: `id/type/view/view.pkl`.

    The file is a pickled array [n, 64, 64] uint8 of aligned silhouettes; `type` is `nm-01` and the
    like, `view` three digits.

    Args:
      directory: the tree's root.
      walk: whose masks these are.
      masks: [H, W] uint8; empty ones are left out. A walk without any leaves no file.
      size: rows and columns.
    """
    frames = [energy.align(mask, size) for mask in masks if mask.any()]
    if not frames:
        return
    view = f"{walk.view:03d}"
    folder = directory / walk.subject / f"{walk.condition}-{walk.sequence:02d}" / view
    folder.mkdir(parents=True, exist_ok=True)
    write_bytes(folder / f"{view}.pkl", pickle.dumps(np.array(frames)))


def _strip(originals: list[np.ndarray], anonymized: list[np.ndarray]) -> dict[str, np.ndarray]:
    """Rows of a sheet: ten frames over the walk, original, anonymised and XOR."""
    rows: dict[str, list[np.ndarray]] = {"original": [], "anonymized": [], "XOR": []}
    for i in np.linspace(0, len(originals) - 1, _STRIP_FRAMES).astype(int):
        box = cv2.boundingRect(originals[i] | anonymized[i])
        for name, mask in (
            ("original", originals[i]),
            ("anonymized", anonymized[i]),
            ("XOR", originals[i] ^ anonymized[i]),
        ):
            rows[name].append(picture.crop(mask, box))
    return {name: np.hstack(tiles) for name, tiles in rows.items()}


def anonymize_walks(
    dataset: GaitDataset,
    indices: Sequence[int],
    anonymizer: Anonymizer,
    key: jax.Array,
    sizes: Sequence[int],
    measure_every: int,
    sheet: pathlib.Path,
    opengait: pathlib.Path | None,
    progress: bool,
) -> Anonymized:
    """Anonymises walks, each with its own noise, and measures them.

    Args:
      dataset: the data set.
      indices: of the walks, in `dataset.walks`.
      anonymizer: the trained anonymiser.
      key: every walk's own random key comes from this and its index.
      sizes: of the energy images wanted.
      measure_every: naturalness is measured on every so-manyth walk.
      sheet: where a picture of three of the walks is written.
      opengait: where all are exported to (see `export`); None for nowhere.
      progress: whether to show a progress bar.

    Returns:
      What became of them. Frames that could not be anonymised are in no energy image, and a walk
      with fewer than `energy.MIN_FRAMES` others has none.
    """
    labelled: dict[int, list[tuple[np.ndarray, Walk, int]]] = {size: [] for size in sizes}
    values: dict[str, list[float]] = {}
    empty: dict[str, int] = {}
    frames, without, distances, rows = 0, 0, [], {}
    shown = {indices[i] for i in np.linspace(0, len(indices) - 1, 5).astype(int)[1:4]}
    for number, index in enumerate(
        tqdm.tqdm(indices, desc="anonymize", unit="sequence", disable=not progress)
    ):
        walk, masks = dataset.walks[index], dataset.masks(index)
        result = anonymizer(masks, jax.random.fold_in(key, index))
        frames += len(masks)
        for reason in result.problems.values():
            empty[reason] = empty.get(reason, 0) + 1
        done = [mask for mask in result.masks if mask.any()]
        if opengait:
            export(opengait, walk, done)
        if number % measure_every == 0 or index in shown:
            originals = [silhouette.clean(mask) for mask in masks]
            for name, found in naturalness.measure(originals, result.masks).items():
                values.setdefault(name, []).extend(found)
            if index in shown:
                strip = _strip(originals, result.masks)
                rows |= {f"{name} {walk.view}": row for name, row in strip.items()}
        if len(done) < energy.MIN_FRAMES:
            without += 1
            continue
        distances.append(result.distance)
        view = direction(dataset.name, walk.view, walk.sequence)
        for size in sizes:
            aligned = np.stack([energy.align(mask, size) for mask in done])
            labelled[size].append((energy.energy_image(aligned), walk, view))
    if rows:
        write_bytes(sheet, picture.png(picture.sheet(rows)))
    summary = {
        "sequences": len(indices),
        "sequences_without_energy_image": without,
        "frames": frames,
        "frames_left_empty": empty,
        "distance": float(np.mean(distances)) if distances else None,
        "naturalness": naturalness.summarize(values) if values.get("one_region") else None,
    }
    return Anonymized({size: Energies.of(labelled[size], size) for size in sizes}, summary)
