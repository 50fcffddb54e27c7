"""Gait energy images with their labels."""

import dataclasses
import pathlib
from collections.abc import Iterable

import numpy as np

from gait_jax.data.walk import Walk
from gait_jax.runtime.records import load_arrays, save_arrays


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
    """Reads what `save` wrote."""
    sets: dict[str, dict[str, np.ndarray]] = {}
    for key, array in load_arrays(path).items():
        name, field = key.split("/")
        sets.setdefault(name, {})[field] = array
    return {name: Energies(**arrays) for name, arrays in sets.items()}
