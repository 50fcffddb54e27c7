"""The colouriser of the DCGAN anonymiser, 2020's baseline (§II-B, and what §III-A says of it)."""

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
from flax import linen as nn

from gait_jax.models.convolution import image_conv
from gait_jax.models.squares import doubled, pad


class DenseColouriser(nn.Module):
    """A fully connected layer, then a convolutional decoder; the mask comes in at the start.

    2020's own network has its encoder before the fully connected layer and its mask at the end:
    that is what it names as new. The rest of the baseline is not printed.

    Attributes:
      widths: channels of the decoder's stages, the last one first.
      hidden: units of the fully connected layer.
      dtype: what the layers compute with; inputs, outputs and parameters are float32.
    """

    widths: Sequence[int]
    hidden: int
    dtype: Any = jnp.float32

    @nn.compact
    def __call__(self, image: jax.Array, original: jax.Array, mask: jax.Array) -> jax.Array:
        """Paints a person.

        Args:
          image: x_rgb [N, S, S, 3] in 0..1; S is a multiple of 2 to the power of the number of
            stages.
          original: the original gait [N, S, S] of 0 and 1: what is multiplied with the image.
          mask: x_bi [N, S, S] of 0 and 1, the anonymised gait.

        Returns:
          [N, S, S, 3] in 0..1; what it shows beyond the mask is nobody's.
        """
        count, size = image.shape[:2]
        person = image * original[..., None]
        x = jnp.concatenate([person, mask[..., None]], axis=-1).reshape(count, -1)
        x = nn.relu(nn.Dense(self.hidden, dtype=self.dtype)(x))
        side = size // 2 ** len(self.widths)
        x = nn.relu(nn.Dense(side * side * self.widths[-1], dtype=self.dtype)(x))
        x = x.reshape(count, side, side, self.widths[-1])
        for width in (*self.widths[-2::-1], self.widths[0]):
            x = nn.relu(doubled(x, width, self.dtype))
        return nn.sigmoid(image_conv(3, 3, dtype=self.dtype)(pad(x, 1)).astype(jnp.float32))
