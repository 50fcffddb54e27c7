"""The discriminators: D_N (2019 §3.3), D_S and D_T (2019 §3.4), as logits before the sigmoid."""

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
from flax import linen as nn

from gait_jax.models import layout
from gait_jax.models.convolution import conv
from gait_jax.models.places import FromPlaces, extended

# Contours reach over half a body height each way: brings them to about unit variance.
_SCALE = 4.0


def _pooled(contours: jax.Array, mask: jax.Array, size: int) -> tuple[jax.Array, jax.Array]:
    """`layout.pool` of contours whose padding is cut off anywhere."""
    whole = mask.shape[1] + -mask.shape[1] % size
    return layout.pool(extended(contours, whole), extended(mask, whole), size)


class ContourDiscriminator(nn.Module):
    """D_N and D_S: 1-D convolutions, a fully connected layer, one logit a frame.

    Attributes:
      widths: channels of the convolutions, each of stride 2.
      hidden: units of the fully connected layer.
      points: P.
      pool: points averaged before the first convolution; divides P.
      cyclic: whether the contour's last point meets its first.
      dtype: what the layers compute with but the last; inputs, outputs and parameters are float32.
    """

    widths: Sequence[int]
    hidden: int
    points: int
    pool: int
    cyclic: bool
    dtype: Any = jnp.float32

    @nn.compact
    def __call__(self, contours: jax.Array, mask: jax.Array) -> jax.Array:
        """Tells real from generated contours, which may be given without the padding at their end.

        Args:
          contours: [N, Q, 2], their first Q points of P.
          mask: [N, Q], 1 where a point is valid.

        Returns:
          Logits [N]; large means real.
        """
        means, share = _pooled(contours, mask, self.pool)
        x = jnp.concatenate([_SCALE * means, share[..., None]], axis=-1)
        runs, stride = self.points // self.pool, 2 ** len(self.widths)
        every = -(-runs // stride)
        # To the left and right of its own runs a place sees stride - 1 further ones. After those
        # that see the contour: one that sees padding alone, and two that see the end.
        seen = -(-(x.shape[1] + stride - 1) // stride)
        x = extended(x, runs - max(every - seen - 3, 0) * stride)
        for width in self.widths:
            x = extended(x, x.shape[1] + x.shape[1] % 2)
            x = nn.leaky_relu(conv(width, 4, 2, self.cyclic, self.dtype)(x), 0.2)
        x = FromPlaces(self.hidden, every, self.dtype, name="Dense_0")(x, seen)
        return nn.Dense(1, name="Dense_1")(nn.leaky_relu(x, 0.2).astype(jnp.float32))[:, 0]


class TemporalDiscriminator(nn.Module):
    """D_T: an LSTM over the sequence; all its outputs are concatenated into one logit.

    Attributes:
      embedding: units of the linear map from a contour to the LSTM's input.
      lstm: units of the LSTM.
      points: P.
      pool: points averaged before; divides P.
      dtype: what the layers compute with but the last; inputs, outputs and parameters are float32.
    """

    embedding: int
    lstm: int
    points: int
    pool: int
    dtype: Any = jnp.float32

    @nn.compact
    def __call__(self, contours: jax.Array, mask: jax.Array) -> jax.Array:
        """Tells real from generated sequences, which may be given without their padding.

        Args:
          contours: [B, T, Q, 2], their first Q points of P.
          mask: [B, T, Q], 1 where a point is valid.

        Returns:
          Logits [B]; large means real.
        """
        count, frames, points, _ = contours.shape
        flat = contours.reshape(-1, points, 2), mask.reshape(-1, points)
        means, _ = _pooled(*flat, self.pool)
        embed = FromPlaces(self.embedding, self.points // self.pool, self.dtype, name="Dense_0")
        # Padding has means of 0, which add nothing.
        x = embed(_SCALE * means).reshape(count, frames, -1)
        x = nn.RNN(nn.OptimizedLSTMCell(self.lstm, dtype=self.dtype))(x)
        return nn.Dense(1, name="Dense_1")(x.reshape(count, -1).astype(jnp.float32))[:, 0]
