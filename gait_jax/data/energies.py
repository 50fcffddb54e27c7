"""Gait energy images with their labels."""

import dataclasses
import pathlib
from collections.abc import Iterable

import numpy as np

from gait_jax.data.walk import Walk
from gait_jax.runtime.arrays import check_arrays, load_arrays, save_arrays
from gait_jax.runtime.errors import InputError

# Kinds of NumPy's types, and numbers of axes.
LABELS = {"subjects": ("U", 1), "conditions": ("U", 1), "sequences": ("i", 1), "views": ("i", 1)}


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

    def take(self, chosen: np.ndarray | slice) -> "Energies":
        """Some of them, by a mask [N] bool, by indices or, without copying, by a slice."""
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
    fields = {"images": ("u", 3), **LABELS}
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
