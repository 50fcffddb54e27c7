"""The colour-transfer network Φ (Tieu et al. 2020, figure 3)."""

from collections.abc import Sequence

import jax
import jax.numpy as jnp
from flax import linen as nn

from gait_jax.models.convolution import image_conv


def _pad(x: jax.Array, around: int) -> jax.Array:
    return jnp.pad(x, ((0, 0), (around, around), (around, around), (0, 0)))


def fold(x: jax.Array) -> jax.Array:
    """Trades each 2×2 square of pixels for channels: [N, H, W, C] → [N, H / 2, W / 2, 4 C]."""
    count, height, width, channels = x.shape
    x = x.reshape(count, height // 2, 2, width // 2, 2, channels)
    return x.transpose(0, 1, 3, 2, 4, 5).reshape(count, height // 2, width // 2, 4 * channels)


def unfold(x: jax.Array) -> jax.Array:
    """The inverse of `fold`: [N, H, W, 4 C] → [N, 2 H, 2 W, C]."""
    count, height, width, channels = x.shape
    x = x.reshape(count, height, width, 2, 2, channels // 4)
    return x.transpose(0, 1, 3, 2, 4, 5).reshape(count, 2 * height, 2 * width, channels // 4)


class ColourTransferNetwork(nn.Module):
    """Φ: convolutional encoder → fully connected layer → convolutional decoder, times the mask.

    Each stage of the encoder halves the picture and each of the decoder doubles it, by 4×4 kernels
    and a stride of 2; both are written with squares of pixels as channels.

    With `copy`, which the paper has not, the decoder also sees the encoder's maps, and says for
    each pixel how much of the input it keeps: what the fully connected layer has no room for, such
    as fine texture, is taken over instead of painted anew.

    Attributes:
      widths: channels after each stage of the encoder; the decoder mirrors them.
      hidden: units of the fully connected layer.
      copy: see above.
    """

    widths: Sequence[int]
    hidden: int
    copy: bool

    @nn.compact
    def __call__(self, image: jax.Array, mask: jax.Array) -> tuple[jax.Array, jax.Array]:
        """Paints a person.

        Args:
          image: x_rgb [N, S, S, 3] in 0..1, the original with its background; S is a multiple of 2
            to the power of the number of stages.
          mask: x_bi [N, S, S] of 0 and 1, the anonymised gait.

        Returns:
          (paint [N, S, S, 3] in 0..1, keep [N, S, S, 1] in 0..1, zero without `copy`). See
          `composed` for Φ(x_rgb, x_bi) itself.
        """
        inputs = jnp.concatenate([2 * image - 1, mask[..., None]], axis=-1)
        x, maps = inputs, []
        for width in self.widths:
            maps.append(x)
            x = nn.leaky_relu(image_conv(width, 2)(fold(_pad(x, 1))), 0.2)
        shape = x.shape[1:]
        x = nn.relu(nn.Dense(self.hidden)(x.reshape(len(x), -1)))
        x = nn.relu(nn.Dense(shape[0] * shape[1] * shape[2])(x)).reshape(-1, *shape)
        for width, skipped in zip((*self.widths[-2::-1], 16), maps[::-1], strict=True):
            # The cropped border is what a transposed convolution's padding takes away.
            x = nn.relu(unfold(image_conv(4 * width, 2)(_pad(x, 1)))[:, 1:-1, 1:-1])
            if self.copy:
                x = jnp.concatenate([x, skipped], axis=-1)
        x = image_conv(4 if self.copy else 3, 3)(_pad(x, 1))
        paint = nn.sigmoid(x[..., :3])
        keep = nn.sigmoid(x[..., 3:]) if self.copy else jnp.zeros((*x.shape[:3], 1), x.dtype)
        return paint, keep


def composed(image: jax.Array, mask: jax.Array, paint: jax.Array, keep: jax.Array) -> jax.Array:
    """Φ(x_rgb, x_bi) = x_bi ⊙ (keep ⊙ x_rgb + (1 - keep) ⊙ paint).

    Args:
      image: x_rgb [N, S, S, 3] in 0..1.
      mask: x_bi [N, S, S].
      paint: of the network.
      keep: of the network.

    Returns:
      [N, S, S, 3] in 0..1, black outside the mask.
    """
    return mask[..., None] * (keep * image + (1 - keep) * paint)
