"""The network of GaitPart (Fan et al. 2020)."""

from typing import Any

import jax
import jax.numpy as jnp
from flax import linen as nn

from gait_jax.models.silhouettes import (
    LOWEST,
    XAVIER_BY_PART,
    PartDense,
    conv,
    largest,
    leaky,
    pool,
    pyramid,
    valid_frames,
)

# By how much the two layers that weigh moments narrow the channels between them.
_SQUEEZE = 4


def by_strips(layer: nn.Conv, images: jax.Array, strips: int) -> jax.Array:
    """Focal convolution: each horizontal strip by itself, all by one kernel.

    Args:
      layer: a convolution that keeps rows and columns.
      images: [N, H, W, C].
      strips: into how many the rows are cut; divides H.

    Returns:
      [N, H, W, features].
    """
    count, rows, columns, channels = images.shape
    cut = images.reshape(count * strips, rows // strips, columns, channels)
    return layer(cut).reshape(count, rows, columns, -1)


class PartTimeConv(nn.Module):
    """A convolution over time for each part: [N, T, P, C] → [N, T, P, features]; zeros around.

    Attributes:
      features: of the result.
      width: frames that it sees, an odd number.
      dtype: what it computes with.
    """

    features: int
    width: int
    dtype: Any = jnp.float32

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        seen = _beside(x, self.width, 0.0)
        seen = seen.swapaxes(-1, -2).reshape(*x.shape[:3], -1)
        shape = (x.shape[2], seen.shape[-1], self.features)
        kernel = self.param("kernel", XAVIER_BY_PART, shape, jnp.float32)
        return jnp.einsum("ntpc,pcf->ntpf", seen.astype(self.dtype), kernel.astype(self.dtype))


def _beside(x: jax.Array, width: int, beyond: float) -> jax.Array:
    """Neighbours in time: [N, T, P, C] → [N, T, P, C, width], `beyond` outside of the sequence."""
    around = width // 2
    padding = ((0, 0), (around, around), (0, 0), (0, 0))
    padded = jnp.pad(x, padding, constant_values=beyond)
    return jnp.stack([padded[:, i : i + x.shape[1]] for i in range(width)], axis=-1)


class MicroMotion(nn.Module):
    """Micro-motion capture: what parts show around each moment, weighed, and its maximum over time.

    Two templates of 3 and 5 frames (mean plus maximum) are each weighed by two layers that look at
    the same parts (GaitPart, Micro-motion Capture Module).

    Attributes:
      dtype: what the layers compute with.
    """

    dtype: Any = jnp.float32

    @nn.compact
    def __call__(self, parts: jax.Array, valid: jax.Array) -> jax.Array:
        """Sums a sequence up.

        Args:
          parts: [N, T, P, C].
          valid: [N, T] bool, the first frames of each; what is beyond them changes nothing.

        Returns:
          [N, P, C].
        """
        mask, channels = valid[..., None, None], parts.shape[-1]
        shown, total = jnp.where(mask, parts, 0), 0.0
        for template, second in ((3, 1), (5, 3)):
            narrow = leaky(PartTimeConv(channels // _SQUEEZE, 3, self.dtype)(shown))
            weights = PartTimeConv(channels, second, self.dtype)(jnp.where(mask, narrow, 0))
            highest = _beside(jnp.where(mask, parts, LOWEST), template, LOWEST)
            highest = largest(highest, -1)
            seen = _beside(shown, template, 0.0).mean(-1) + jnp.where(mask, highest, 0)
            total += seen * nn.sigmoid(weights)
        return largest(jnp.where(mask, total, LOWEST), 1)


class GaitPart(nn.Module):
    """Parts of the body in time: focal convolutions, then each part's micro-motions.

    Attributes:
      widths: channels of the three blocks.
      strips: into how many the rows are cut for the convolutions of each block.
      parts: numbers of strips whose motions are looked at.
      embedding: numbers a part.
      dtype: what the layers compute with.
    """

    widths: tuple[int, ...]
    strips: tuple[int, ...]
    parts: tuple[int, ...]
    embedding: int
    dtype: Any = jnp.float32

    @nn.compact
    def __call__(self, silhouettes: jax.Array, lengths: jax.Array, train: bool) -> jax.Array:
        """Embeds sequences.

        Args:
          silhouettes: [N, T, H, W] in 0..1, in order of time; H a multiple of 4, H / 4 of every
            number of parts, and each block's rows of its strips.
          lengths: [N] int, how many of the frames are there: 1..T.
          train: whether it is being trained; it makes no difference here.

        Returns:
          [N, sum of parts, embedding] float32.
        """
        del train
        count, frames = silhouettes.shape[:2]
        x = silhouettes.reshape(-1, *silhouettes.shape[2:], 1).astype(self.dtype)
        for i, (width, strips) in enumerate(zip(self.widths, self.strips, strict=True)):
            x = pool(x) if i else x
            for kernel in (5, 3) if i == 0 else (3, 3):
                x = leaky(by_strips(conv(width, kernel, dtype=self.dtype), x, strips))
        parts = pyramid(x, self.parts)
        parts = parts.reshape(count, frames, *parts.shape[1:])
        moved = MicroMotion(self.dtype)(parts, valid_frames(lengths, frames))
        return PartDense(self.embedding, self.dtype)(moved).astype(jnp.float32)
