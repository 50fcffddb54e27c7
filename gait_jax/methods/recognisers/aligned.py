"""Aligned silhouettes for the recognisers that look at them: which, and how they are embedded."""

from typing import TYPE_CHECKING, Any

import jax
import numpy as np
from flax import linen as nn
from jax import numpy as jnp

from gait_jax.runtime.errors import InputError

if TYPE_CHECKING:
    from gait_jax.data.gaits import Gaits

# Of a longer sequence the first so many frames are looked at, as the public code of the field does.
LONGEST = 720
# Sequences are filled up to a multiple of so many frames: few shapes to compile for.
_FRAMES = 32
# So many frames go through a network at once, and one sequence at least.
_AT_ONCE = 512
# Bytes of points that a recogniser remembers: some 4,000 sequences of GaitSet as published.
_REMEMBERED = 256 << 20


def shape_of(size: int) -> tuple[int, int]:
    """Rows and columns of silhouettes of so many rows: 64 × 44, as in the field."""
    return size, size * 11 // 16


class SetRecogniser:
    """A trained network: people are as alike as the points of their parts are near."""

    def __init__(self, network: nn.Module, variables: Any, size: int):
        """Takes a network and what it learned.

        Args:
          network: of silhouettes [N, T, H, W] in 0..1 and lengths [N]: points [N, P, D].
          variables: its variables.
          size: rows of the silhouettes.
        """
        self._shape, self._variables = shape_of(size), variables
        # By a store's key and a row: [P, D] of a sequence, the last asked for last.
        self._known: dict[tuple[str, int], np.ndarray] = {}
        self._apply = jax.jit(
            lambda variables, images, lengths: network.apply(
                variables, images.astype(jnp.float32) / 255, lengths, train=False
            )
        )

    def points(self, gaits: "Gaits") -> np.ndarray:
        """What the network makes of sequences: [N, P, D] float32.

        Those of the sequences asked for last are remembered: the same probes meet one gallery after
        the other, and the same gallery other probes.

        Raises:
          InputError: a sequence has no usable frame, or what is kept of the gaits is damaged.
        """
        # More than the rows' numbers: a store of another key holds other gaits.
        names = [(gaits.store.key, int(row)) for row in gaits.rows]
        new = np.array([name not in self._known for name in names], bool)
        found = dict(zip(np.flatnonzero(new), self._embedded(gaits.take(new)), strict=True))
        points = []
        for i, name in enumerate(names):
            # The last asked for stand last.
            point = found[i] if i in found else self._known.pop(name)
            self._known[name] = point
            points.append(point)
        while len(self._known) * points[0].nbytes > _REMEMBERED:
            del self._known[next(iter(self._known))]
        return np.stack(points)

    def _embedded(self, gaits: "Gaits") -> list[np.ndarray]:
        """The points [P, D] of each sequence."""
        # TFDS, which the stores bring along, takes longer to load than a model that needs none.
        from gait_jax.data.silhouette_store import open_silhouettes

        store = open_silhouettes(gaits.store, self._shape, progress=False)
        frames = [store.of(row)[:LONGEST] for row in gaits.rows]
        lengths = np.array([len(images) for images in frames], np.int64)
        if not lengths.all():
            names = (gaits.store.sequences[row].name for row in gaits.rows[lengths == 0][:3])
            raise InputError(f"{', '.join(names)} have no usable frame: leave them out")
        filled = -(-lengths // _FRAMES) * _FRAMES
        found: dict[int, np.ndarray] = {}
        for longest in np.unique(filled):
            alike = np.flatnonzero(filled == longest)
            together = max(1, _AT_ONCE // longest)
            for start in range(0, len(alike), together):
                chosen = alike[start : start + together]
                images = np.zeros((together, longest, *self._shape), np.uint8)
                # What fills the batch up is looked at, too, and thrown away.
                counts = np.ones(together, np.int32)
                for place, i in enumerate(chosen):
                    counts[place] = lengths[i]
                    images[place, : lengths[i]] = frames[i]
                points = self._apply(self._variables, images, counts)
                found.update(zip(chosen, np.asarray(points), strict=False))
        return [found[i] for i in range(len(gaits))]

    def distances(self, probes: "Gaits", gallery: "Gaits") -> np.ndarray:
        """How unlike each probe is to each gait of a gallery (see `contracts.Recogniser`).

        Returns:
          [P, G] float32, the mean over parts of the Euclidean distances of their points.
        """
        return part_distances(self.points(probes), self.points(gallery))


def part_distances(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Mean over parts of Euclidean distances.

    Args:
      left: [N, P, D] points.
      right: [M, P, D] points.

    Returns:
      [N, M] float32.
    """
    total = np.zeros((len(left), len(right)))
    for part in range(left.shape[1]):
        # Differences of squares of nearly equal points would drown in the rounding of float32.
        a, b = left[:, part].astype(np.float64), right[:, part].astype(np.float64)
        square = np.square(a).sum(1)[:, None] + np.square(b).sum(1) - 2 * a @ b.T
        total += np.sqrt(np.maximum(square, 0))
    return (total / left.shape[1]).astype(np.float32)
