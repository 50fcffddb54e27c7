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

        def odds(p, left, right):
            logits = network.apply(p, left, right, method="compare")
            return logits[:, 0] - logits[:, 1]

        def row(p, probe, gallery):
            # A probe meets a whole gallery, once as each pair's left image and once as its right
            # one: the network sees no order in training, and two opinions are better than one.
            left, right = (jnp.broadcast_to(half, gallery[0].shape) for half in probe)
            return (odds(p, left, gallery[1]) + odds(p, gallery[0], right)) / 2

        self._rows = jax.jit(
            lambda p, probes, gallery: jax.lax.map(lambda probe: row(p, probe, gallery), probes)
        )

    def _halves(self, energies: Energies) -> list[tuple[jax.Array, jax.Array]]:
        """Chunks of images as pairs' left and right halves, the last one filled up."""
        chunks = []
        for start in range(0, len(energies), _CHUNK):
            images = energies.images[start : start + _CHUNK]
            images = np.pad(images, ((0, _CHUNK - len(images)), (0, 0), (0, 0)))
            chunks.append(self._embed(self._params, normalized(images, self._statistics)))
        return chunks

    def distances(self, probes: Energies, gallery: Energies) -> np.ndarray:
        """How unlike each probe is to each image of a gallery.

        Args:
          probes: energy images of the recogniser's size.
          gallery: energy images of the same size.

        Returns:
          [P, G] float32 log-odds of "other person" against "same person", the mean of both orders
          of the pair.
        """
        enrolled = self._halves(gallery)
        blocks = [
            [np.asarray(self._rows(self._params, seen, known)) for known in enrolled]
            for seen in self._halves(probes)
        ]
        return np.block(blocks)[: len(probes), : len(gallery)]
