"""The DCGAN anonymiser's networks on pictures of silhouettes (2020 §II-B, after its reference 15).

Strided convolutions without pooling, leaky rectifiers in the encoder and in the discriminator,
rectifiers in the decoder, as Radford et al. (2016) have them. In place of batch norm the features
of each picture are normed on their own: no picture changes another one's, then and later.
"""

import math
from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
from flax import linen as nn

from gait_jax.models.convolution import image_conv
from gait_jax.models.squares import doubled, halved, pad

_SLOPE = 0.2


def _normed(x: jax.Array, dtype: Any) -> jax.Array:
    return nn.GroupNorm(num_groups=1, dtype=dtype)(x)


class PictureGenerator(nn.Module):
    """G: an encoder of a silhouette, a random vector beside its code, and a DCGAN's decoder.

    Attributes:
      widths: channels after each stage of the encoder; the decoder mirrors them.
      hidden: units of the code.
      dtype: what the layers compute with; inputs, outputs and parameters are float32.
    """

    widths: Sequence[int]
    hidden: int
    dtype: Any = jnp.float32

    @nn.compact
    def __call__(self, pictures: jax.Array, noise: jax.Array) -> jax.Array:
        """Draws whole silhouettes.

        Args:
          pictures: [N, H, W] in 0..1; 2 to the power of the number of stages divides H and W.
          noise: z [N, Z].

        Returns:
          [N, H, W] float32 logits, above 0 where somebody is.
        """
        x = 2 * pictures[..., None] - 1
        for width in self.widths:
            x = nn.leaky_relu(_normed(halved(x, width, self.dtype), self.dtype), _SLOPE)
        shape = x.shape[1:]
        code = nn.Dense(self.hidden, dtype=self.dtype)(x.reshape(len(x), -1))
        x = jnp.concatenate([nn.relu(code), noise.astype(code.dtype)], axis=-1)
        x = nn.relu(nn.Dense(self.hidden, dtype=self.dtype)(x))
        x = nn.relu(nn.Dense(math.prod(shape), dtype=self.dtype)(x)).reshape(-1, *shape)
        for width in (*self.widths[-2::-1], self.widths[0]):
            x = nn.relu(_normed(doubled(x, width, self.dtype), self.dtype))
        return image_conv(1, 3, dtype=self.dtype)(pad(x, 1))[..., 0].astype(jnp.float32)


class PictureDiscriminator(nn.Module):
    """D: strided convolutions and one logit a picture.

    Attributes:
      widths: channels of the convolutions.
      dtype: what the layers compute with but the last; inputs, outputs and parameters are float32.
    """

    widths: Sequence[int]
    dtype: Any = jnp.float32

    @nn.compact
    def __call__(self, pictures: jax.Array) -> jax.Array:
        """Pictures [N, H, W] in 0..1 → logits [N]; large means real."""
        x = 2 * pictures[..., None] - 1
        for stage, width in enumerate(self.widths):
            x = halved(x, width, self.dtype)
            # Not in the first layer (Radford et al. 2016).
            x = nn.leaky_relu(_normed(x, self.dtype) if stage else x, _SLOPE)
        return nn.Dense(1)(x.reshape(len(x), -1).astype(jnp.float32))[:, 0]
