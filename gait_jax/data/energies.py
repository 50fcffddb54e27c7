"""Gait energy images with their labels; a whole data set's are made once and kept beside it."""

import dataclasses
import hashlib
import json
import pathlib
from collections.abc import Iterable

import numpy as np
import tensorflow_datasets as tfds
import tqdm
from absl import logging

from gait_jax.data.contour_store import ContourStore, Walk
from gait_jax.data.source import direction
from gait_jax.gait import contour, energy
from gait_jax.runtime.arrays import check_arrays, load_arrays, save_arrays
from gait_jax.runtime.errors import InputError

# Part of the key: raise it when the same walk gives other images.
_VERSION = 1


@dataclasses.dataclass(frozen=True)
class Energies:
    """Labelled gait energy images.

    Attributes:
      images: [N, S, S] uint8 of 0..255.
      subjects: [N] names.
      conditions: [N] nm, bg or cl.
      sequences: [N] int32 numbers within the condition.
      views: [N] int32 directions of walking in degrees (see `source.direction`).
    """

    images: np.ndarray
    subjects: np.ndarray
    conditions: np.ndarray
    sequences: np.ndarray
    views: np.ndarray

    @classmethod
    def of(cls, labelled: Iterable[tuple[np.ndarray, Walk, int]], size: int) -> "Energies":
        """Collects (image [S, S], its walk, its view); `size` is S where there is none."""
        labelled = list(labelled)
        walks = [walk for _, walk, _ in labelled]
        return cls(
            np.array([image for image, _, _ in labelled], np.uint8).reshape(-1, size, size),
            np.array([walk.subject for walk in walks], np.str_),
            np.array([walk.condition for walk in walks], np.str_),
            np.array([walk.sequence for walk in walks], np.int32),
            np.array([view for _, _, view in labelled], np.int32),
        )

    @classmethod
    def join(cls, *sets: "Energies") -> "Energies":
        """One set of all."""
        names = [field.name for field in dataclasses.fields(cls)]
        return cls(**{n: np.concatenate([getattr(e, n) for e in sets]) for n in names})

    def __len__(self) -> int:
        return len(self.images)

    def arrays(self) -> dict[str, np.ndarray]:
        """The attributes by name."""
        return {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}

    def take(self, chosen: np.ndarray) -> "Energies":
        """Some of them, by a mask [N] bool or by indices."""
        return Energies(**{name: array[chosen] for name, array in self.arrays().items()})

    def of_subjects(self, names: Iterable[str]) -> "Energies":
        """Those of some subjects."""
        return self.take(np.isin(self.subjects, list(names)))


def save(path: pathlib.Path, **sets: Energies) -> None:
    """Writes sets of energy images into one file."""
    save_arrays(
        path,
        {f"{name}/{key}": a for name, found in sets.items() for key, a in found.arrays().items()},
    )


def load(path: pathlib.Path) -> dict[str, Energies]:
    """Reads what `save` wrote.

    Raises:
      InputError: the file is damaged.
    """
    arrays = load_arrays(path)
    names = dict.fromkeys(key.split("/")[0] for key in arrays)
    fields = {"images": ("u", 3), "subjects": ("U", 1), "conditions": ("U", 1),
              "sequences": ("i", 1), "views": ("i", 1)}  # fmt: skip
    expected = {f"{name}/{field}": kind for name in names for field, kind in fields.items()}
    check_arrays(path, arrays, expected)
    sets = {
        name: Energies(**{field: arrays[f"{name}/{field}"] for field in fields}) for name in names
    }
    lengths = [{len(array) for array in found.arrays().values()} for found in sets.values()]
    images = [found.images for found in sets.values()]
    if (
        len(arrays) != len(expected)
        or any(len(found) != 1 for found in lengths)
        or any(a.dtype != np.uint8 or a.shape[1] != a.shape[2] for a in images)
    ):
        raise InputError(f"{path} is damaged (labels and images): remove it, and it is made again")
    return sets


def _aligned(store: ContourStore, walk: Walk, size: int) -> np.ndarray:
    """A walk's usable frames, aligned: [T, size, size] uint8."""
    frames = []
    for frame in range(walk.first, walk.last):
        path = store.points[store.offsets[frame] : store.offsets[frame + 1]]
        if len(path):
            low = path.min(axis=0)
            width, height = path.max(axis=0) - low + 1
            frames.append(energy.align(contour.fill(path - low, (height, width)), size))
    return np.array(frames, np.uint8).reshape(-1, size, size)


def open_energies(
    builder: tfds.core.DatasetBuilder, store: ContourStore, size: int, progress: bool = True
) -> tuple[Energies, Energies]:
    """All gait energy images of a data set, made first where that is still to be done.

    They are of the cleaned silhouettes of the contour store, so that an anonymised walk, which is
    cleaned too, differs from its original by nothing else. A walk of fewer than
    `energy.MIN_FRAMES` usable frames has none.

    Args:
      builder: the prepared data set, beside which they are kept.
      store: its contours.
      size: rows and columns of the images.
      progress: whether to show a progress bar.

    Returns:
      (one image a sequence, one a gait cycle).
    """
    key = hashlib.sha256(json.dumps([store.key, size, _VERSION]).encode()).hexdigest()[:16]
    path = pathlib.Path(str(builder.data_path)) / f"energies-{key}.npz"
    if not path.exists():
        sequences, cycles, short = [], [], 0
        for walk in tqdm.tqdm(
            store.walks, desc="energy images", unit="sequence", disable=not progress
        ):
            aligned = _aligned(store, walk, size)
            if len(aligned) < energy.MIN_FRAMES:
                short += 1
                continue
            view = direction(builder.name, walk.view, walk.sequence)
            sequences.append((energy.energy_image(aligned), walk, view))
            cycles += [
                (energy.energy_image(aligned[first:last]), walk, view)
                for first, last in energy.gait_cycles(aligned)
            ]
        if short:
            logging.warning(
                "%d sequences of %s have fewer than %d usable frames: no energy image.",
                short,
                builder.name,
                energy.MIN_FRAMES,
            )
        save(path, sequence=Energies.of(sequences, size), cycle=Energies.of(cycles, size))
    found = load(path)
    if found.keys() != {"sequence", "cycle"}:
        raise InputError(f"{path} is damaged (its sets): remove it, and it is made again")
    return found["sequence"], found["cycle"]
