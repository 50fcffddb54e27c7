"""The mean gait: whom an attacker guesses who knows from which side a walk is seen, and no more."""

import numpy as np

from gait_jax.data.gaits import Gaits
from gait_jax.data.sequence import GaitSequence
from gait_jax.gait import gei
from gait_jax.runtime.fingerprint import fingerprint

# Part of the key: raise it when the same gaits have another mean.
VERSION = 1

# Rows of the silhouette, and how many frames of each walk are looked at.
_TALL, _FRAMES = 128, 8


class MeanGait:
    """One silhouette for each view: what at least half of all frames cover.

    It stands still, and is of the same size whoever walks, so that nothing of a probe comes through
    but its view.

    Attributes:
      key: names all that it depends on.
    """

    def __init__(self, gaits: Gaits):
        """Takes the gaits that it is the mean of; of each view at least one, or all are taken."""
        self._gaits = gaits
        self._known: dict[int, np.ndarray] = {}
        self.key = fingerprint(gaits.store.key, gaits.rows.tolist(), VERSION)

    def silhouette(self, view: int) -> np.ndarray:
        """The mean in a direction of walking: [130, 130] uint8 of 0 and 1."""
        if view not in self._known:
            here = np.flatnonzero(self._gaits.views == view)
            walks = here if len(here) else range(len(self._gaits))
            total, count = np.zeros((_TALL, _TALL)), 0
            for index in walks:
                frames = self._gaits.frames(index)
                for frame in frames[np.linspace(0, len(frames) - 1, _FRAMES).astype(int)]:
                    total += gei.align(self._gaits.store.body(frame), _TALL) / 255
                    count += 1
            self._known[view] = np.pad((2 * total >= count).astype(np.uint8), 1)
        return self._known[view]

    def __call__(self, walk: GaitSequence, masks: list[np.ndarray]) -> list[np.ndarray]:
        """The guess for each frame of a walk (see `remade.Remake`)."""
        return [self.silhouette(walk.direction)] * len(masks)
