"""Gaits with their labels: what recognisers learn from and compare."""

import dataclasses
from collections.abc import Iterable

import numpy as np

from gait_jax.data.gait_store import GaitStore

# Fewer usable frames than this are no walk: they show a pose.
MIN_FRAMES = 8


@dataclasses.dataclass(frozen=True)
class Gaits:
    """Some sequences of a store.

    Attributes:
      store: their silhouettes.
      rows: [N] int indices into the store's sequences.
      subjects: [N] names.
      conditions: [N] nm, bg or cl.
      numbers: [N] int32 numbers within the condition.
      views: [N] int32 directions of walking in degrees: what recognisers call the view.
    """

    store: GaitStore
    rows: np.ndarray
    subjects: np.ndarray
    conditions: np.ndarray
    numbers: np.ndarray
    views: np.ndarray

    @classmethod
    def of(cls, store: GaitStore, min_frames: int = MIN_FRAMES) -> "Gaits":
        """All sequences of a store that have enough usable frames to be a walk."""
        usable = np.concatenate([[0], np.cumsum(store.usable())])
        kept = [
            (row, sequence)
            for row, sequence in enumerate(store.sequences)
            if usable[sequence.last] - usable[sequence.first] >= min_frames
        ]
        return cls(
            store,
            np.array([row for row, _ in kept], np.int64),
            np.array([s.subject for _, s in kept], np.str_),
            np.array([s.condition for _, s in kept], np.str_),
            np.array([s.number for _, s in kept], np.int32),
            np.array([s.direction for _, s in kept], np.int32),
        )

    def __len__(self) -> int:
        return len(self.rows)

    def take(self, chosen: np.ndarray) -> "Gaits":
        """Some of them, by a mask [N] bool or by indices."""
        labels = (f.name for f in dataclasses.fields(self) if f.name != "store")
        return Gaits(self.store, **{name: getattr(self, name)[chosen] for name in labels})

    def of_subjects(self, names: Iterable[str]) -> "Gaits":
        """Those of some subjects."""
        return self.take(np.isin(self.subjects, list(names)))

    def frames(self, index: int) -> np.ndarray:
        """The store's indices of the usable frames of one of them: [T]."""
        sequence = self.store.sequences[self.rows[index]]
        usable = self.store.usable(sequence.first, sequence.last)
        return sequence.first + np.flatnonzero(usable)

    def silhouettes(self, index: int) -> list[np.ndarray]:
        """The usable frames of one of them, cut to the body: [h, w] uint8 of 0 and 1 each."""
        return [self.store.body(frame) for frame in self.frames(index)]
