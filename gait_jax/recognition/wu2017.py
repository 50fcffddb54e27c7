"""Recognition by the pair networks of Wu et al. (2017): the surer "same person", the nearer."""

import jax
import numpy as np
from flax import linen as nn
from jax import numpy as jnp

from gait_jax.data.energies import Energies

# Images go through the network this many at once: one compiled shape.
_CHUNK = 64


def normalized(images, statistics) -> jax.Array:
    """Energy images as the networks see them: what is not common to all people.

    Args:
      images: [..., S, S] uint8 of 0..255.
      statistics: of the training images in 0..1: "mean" [S, S] and "spread".

    Returns:
      [..., S, S] float32 of mean 0 and variance 1 over the training images.
    """
    return (jnp.asarray(images, jnp.float32) / 255 - statistics["mean"]) / statistics["spread"]


class Wu2017Recogniser:
    """A trained pair network.

    Attributes:
      size: rows and columns of the energy images that it takes.
    """

    def __init__(self, network: nn.Module, params, statistics, size: int):
        """Takes a network of `models.verification`, its parameters and its training's statistics.

        Args:
          network: LB or MT.
          params: trained.
          statistics: see `normalized`.
          size: see above.
        """
        self.size = size
        self._statistics = statistics
        self._params = params
        self._embed = jax.jit(lambda p, images: network.apply(p, images, method="embed"))

        def row(p, left, gallery):
            # One probe's row: the whole gallery's halves meet the same left half.
            left = jnp.broadcast_to(left, gallery.shape)
            logits = network.apply(p, left, gallery, method="compare")
            return logits[:, 0] - logits[:, 1]

        self._rows = jax.jit(
            lambda p, lefts, gallery: jax.lax.map(lambda left: row(p, left, gallery), lefts)
        )

    def _halves(self, energies: Energies, side: int) -> list[jax.Array]:
        """Chunks of the halves of a pair that the images are, the last one filled up."""
        chunks = []
        for start in range(0, len(energies), _CHUNK):
            images = energies.images[start : start + _CHUNK]
            images = np.pad(images, ((0, _CHUNK - len(images)), (0, 0), (0, 0)))
            chunks.append(self._embed(self._params, normalized(images, self._statistics))[side])
        return chunks

    def distances(self, probes: Energies, gallery: Energies) -> np.ndarray:
        """How unlike each probe is to each image of a gallery.

        Args:
          probes: energy images of the recogniser's size; a pair's left ones.
          gallery: energy images of the same size; a pair's right ones.

        Returns:
          [P, G] float32 log-odds of "other person" against "same person".
        """
        blocks = [
            [np.asarray(self._rows(self._params, left, right)) for right in rights]
            for rights in [self._halves(gallery, 1)]
            for left in self._halves(probes, 0)
        ]
        return np.block(blocks)[: len(probes), : len(gallery)]
