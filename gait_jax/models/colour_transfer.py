"""The colour-transfer network Φ (Tieu et al. 2020, figure 3)."""

import math
from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
from flax import linen as nn

from gait_jax.models.convolution import image_conv
from gait_jax.models.squares import doubled, halved, pad

# The same place's lead over other sources before training, a logit.
_SAME_PLACE = 5.0
# What is left of the share of a pixel that is surely not the person's.
_LEAST = 1e-4


def offsets(reach: Sequence[int]) -> list[tuple[int, int]]:
    """The same place, then eight directions at each distance: rows and columns, [K, 2]."""
    around = [(i, j) for i in (-1, 0, 1) for j in (-1, 0, 1) if i or j]
    return [(0, 0)] + [(distance * i, distance * j) for distance in reach for i, j in around]


def moved(image: jax.Array, moves: Sequence[tuple[int, int]], k: int) -> jax.Array:
    """What stands at the k-th of `offsets` from each pixel, 0 beyond the border: [N, H, W, C]."""
    far = max(abs(step) for move in moves for step in move)
    rows, columns = (far + step for step in moves[k])
    height, width = image.shape[1:3]
    return pad(image, far)[:, rows : rows + height, columns : columns + width]


class ColourTransferNetwork(nn.Module):
    """Φ: convolutional encoder → fully connected layer → convolutional decoder, times the mask.

    Each stage of the encoder halves the picture and each of the decoder doubles it, by 4×4 kernels
    and a stride of 2 (see `models.squares`).

    With `copy`, which the paper has not, the decoder also sees the encoder's maps, and mixes what
    it paints with pixels of the original, from the same place and from around it. What the fully
    connected layer has no room for, fine texture and colours that training never saw, is taken over
    instead of painted anew.

    With `background`, which the paper has not either, pixels of the original that look like the
    scene without the person are hardly taken over: the network need not guess which ones show them.

    Attributes:
      widths: channels after each stage of the encoder; the decoder mirrors them.
      hidden: units of the fully connected layer.
      copy: see above.
      reach: from how far it may take pixels besides those of the same place, in pixels.
      background: see above.
      dtype: what the layers compute with; inputs, outputs and parameters are float32.
    """

    widths: Sequence[int]
    hidden: int
    copy: bool
    reach: Sequence[int] = ()
    background: bool = False
    dtype: Any = jnp.float32

    @nn.compact
    def __call__(
        self, image: jax.Array, mask: jax.Array, background: jax.Array
    ) -> tuple[jax.Array, jax.Array]:
        """Paints a person.

        Args:
          image: x_rgb [N, S, S, 3] in 0..1, the original with its background; S is a multiple of 2
            to the power of the number of stages.
          mask: x_bi [N, S, S] of 0 and 1, the anonymised gait.
          background: the scene without the person [N, S, S, 3] in 0..1; see `background`.

        Returns:
          (paint [N, S, S, 3] in 0..1, shares [N, S, S, 1 + K]: of the paint and of the original at
          each of `offsets`, together 1; without `copy` the paint's alone). See `composed` for
          Φ(x_rgb, x_bi) itself.
        """
        inputs = jnp.concatenate([2 * image - 1, mask[..., None]], axis=-1)
        x, maps = inputs, []
        for width in self.widths:
            maps.append(x)
            x = nn.leaky_relu(halved(x, width, self.dtype), 0.2)
        shape = x.shape[1:]
        x = nn.relu(nn.Dense(self.hidden, dtype=self.dtype)(x.reshape(len(x), -1)))
        x = nn.relu(nn.Dense(math.prod(shape), dtype=self.dtype)(x)).reshape(-1, *shape)
        for width, skipped in zip((*self.widths[-2::-1], 16), maps[::-1], strict=True):
            x = nn.relu(doubled(x, width, self.dtype))
            if self.copy:
                x = jnp.concatenate([x, skipped], axis=-1)
        sources = 1 + (len(offsets(self.reach)) if self.copy else 0)
        x = image_conv(3 + sources, 3, dtype=self.dtype)(pad(x, 1)).astype(jnp.float32)
        # Begins by keeping the original: most of the person is to stay as it is.
        logits = x[..., 3:] + jnp.zeros(sources).at[1:2].set(_SAME_PLACE)
        if self.copy and self.background:
            logits = logits.at[..., 1:].add(
                jnp.log(self._shows_the_person(image, background) + _LEAST)
            )
        return nn.sigmoid(x[..., :3]), nn.softmax(logits)

    def _shows_the_person(self, image: jax.Array, background: jax.Array) -> jax.Array:
        """How surely each of `offsets` is the person's: [N, S, S, K] in 0..1; 0 beyond the border.

        Learned is only from which difference in colour on.
        """
        steepness = self.param("steepness", nn.initializers.constant(100.0), ())
        threshold = self.param("threshold", nn.initializers.constant(0.1), ())
        difference = jnp.abs(image - background).max(-1, keepdims=True)
        person = nn.sigmoid(steepness * (difference - threshold))
        moves = offsets(self.reach)
        return jnp.concatenate([moved(person, moves, k) for k in range(len(moves))], axis=-1)


def composed(
    image: jax.Array,
    mask: jax.Array,
    paint: jax.Array,
    shares: jax.Array,
    moves: Sequence[tuple[int, int]],
) -> jax.Array:
    """Φ(x_rgb, x_bi): paint and original, mixed by their shares, times the mask.

    Args:
      image: x_rgb [N, S, S, 3] in 0..1.
      mask: x_bi [N, S, S].
      paint: of the network.
      shares: of the network, the paint's first.
      moves: where the other shares are taken from, as `offsets` gives them.

    Returns:
      [N, S, S, 3] in 0..1, black outside the mask.
    """
    # Split at once: each slice's gradient would be as large as that of all shares.
    own, *taken = jnp.split(shares, shares.shape[-1], axis=-1)
    output = own * paint
    for k, share in enumerate(taken):
        output += share * moved(image, moves, k)
    return mask[..., None] * output
