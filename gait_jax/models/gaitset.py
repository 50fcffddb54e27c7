"""The network of GaitSet (Chao et al. 2019)."""

from typing import Any

import jax
import jax.numpy as jnp
from flax import linen as nn

from gait_jax.models.silhouettes import PartDense, conv, leaky, pool, pyramid, set_max, valid_frames


class GaitSet(nn.Module):
    """Frames as a set: a branch for each frame, and a global one of what all frames show.

    Three blocks of two convolutions see each frame. After each, the maximum over the set is added
    to the global branch (Multilayer Global Pipeline), which has blocks of its own. Both ends are
    cut into strips.

    Attributes:
      widths: channels of the three blocks.
      parts: strips of the pyramid, once for each branch.
      embedding: numbers a part.
      dtype: what the layers compute with.
    """

    widths: tuple[int, ...]
    parts: tuple[int, ...]
    embedding: int
    dtype: Any = jnp.float32

    @nn.compact
    def __call__(self, silhouettes: jax.Array, lengths: jax.Array, train: bool) -> jax.Array:
        """Embeds sequences.

        Args:
          silhouettes: [N, T, H, W] in 0..1; H a multiple of 4 and H / 4 of every number of parts.
          lengths: [N] int, how many of the frames are there: 1..T.
          train: whether it is being trained; it makes no difference here.

        Returns:
          [N, 2 · sum of parts, embedding] float32.
        """
        del train
        valid = valid_frames(lengths, silhouettes.shape[1])
        first, second, third = self.widths

        def block(x, width, kernels=(3, 3)):
            for kernel in kernels:
                x = leaky(conv(width, kernel, dtype=self.dtype)(x))
            return x

        frames = silhouettes.reshape(-1, *silhouettes.shape[2:], 1).astype(self.dtype)
        frames = pool(block(frames, first, (5, 3)))
        whole = pool(block(set_max(frames, valid), second))
        frames = pool(block(frames, second))
        whole = block(whole + set_max(frames, valid), third)
        ended = set_max(block(frames, third), valid)
        strips = [pyramid(branch, self.parts) for branch in (ended, whole + ended)]
        points = PartDense(self.embedding, self.dtype)(jnp.concatenate(strips, axis=1))
        return points.astype(jnp.float32)
