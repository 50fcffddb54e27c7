"""The network of GaitBase (Fan et al. 2023)."""

from typing import Any

import jax
import jax.numpy as jnp
from flax import linen as nn

from gait_jax.models.silhouettes import PartDense, conv, norm, pyramid, set_max, valid_frames


class _Residual(nn.Module):
    """Two convolutions with batch norm, beside a way around them."""

    width: int
    stride: int
    axis: str | None
    dtype: Any

    @nn.compact
    def __call__(self, x: jax.Array, train: bool) -> jax.Array:
        def normed(x, kernel, stride):
            x = conv(self.width, kernel, stride, self.dtype)(x)
            return norm(self.axis, train, self.dtype)(x)

        inner = normed(nn.relu(normed(x, 3, self.stride)), 3, 1)
        if self.stride > 1 or x.shape[-1] != self.width:
            x = normed(x, 1, self.stride)
        return nn.relu(inner + x)


class GaitBase(nn.Module):
    """A residual network of nine layers for each frame, set maximum, horizontal parts.

    Attributes:
      widths: channels of the four residual blocks.
      strides: of the four blocks.
      parts: numbers of strips.
      embedding: numbers a part.
      axis: over which devices batch norm averages.
      dtype: what the layers compute with.
    """

    widths: tuple[int, ...]
    strides: tuple[int, ...]
    parts: tuple[int, ...]
    embedding: int
    axis: str | None = None
    dtype: Any = jnp.float32

    @nn.compact
    def __call__(self, silhouettes: jax.Array, lengths: jax.Array, train: bool) -> jax.Array:
        """Embeds sequences.

        Args:
          silhouettes: [N, T, H, W] in 0..1; the rows that the strides leave are a multiple of every
            number of parts.
          lengths: [N] int, how many of the frames are there: 1..T; all of them in training.
          train: whether batch norm takes the batch's own statistics.

        Returns:
          [N, sum of parts, embedding] float32.
        """
        valid = valid_frames(lengths, silhouettes.shape[1])
        x = silhouettes.reshape(-1, *silhouettes.shape[2:], 1).astype(self.dtype)
        x = norm(self.axis, train, self.dtype)(conv(self.widths[0], 3, dtype=self.dtype)(x))
        x = nn.relu(x)
        for width, stride in zip(self.widths, self.strides, strict=True):
            x = _Residual(width, stride, self.axis, self.dtype)(x, train)
        strips = pyramid(set_max(x, valid), self.parts)
        return PartDense(self.embedding, self.dtype)(strips).astype(jnp.float32)
