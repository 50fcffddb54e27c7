"""The discriminators: D_N (2019 §3.3), D_S and D_T (2019 §3.4), as logits before the sigmoid."""

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
from flax import linen as nn

from gait_jax.models import layout
from gait_jax.models.convolution import conv

# Contours reach over half a body height each way: brings them to about unit variance.
_SCALE = 4.0


class ContourDiscriminator(nn.Module):
    """D_N and D_S: 1-D convolutions, a fully connected layer, one logit a frame.

    Attributes:
      widths: channels of the convolutions, each of stride 2.
      hidden: units of the fully connected layer.
      pool: points averaged before the first convolution.
      cyclic: whether the contour's last point meets its first.
      dtype: what the layers compute with but the last; inputs, outputs and parameters are float32.
    """

    widths: Sequence[int]
    hidden: int
    pool: int
    cyclic: bool
    dtype: Any = jnp.float32

    @nn.compact
    def __call__(self, contours: jax.Array, mask: jax.Array) -> jax.Array:
        """Contours [N, P, 2] with masks [N, P] → logits [N]; large means real."""
        means, share = layout.pool(contours, mask, self.pool)
        x = jnp.concatenate([_SCALE * means, share[..., None]], axis=-1)
        for width in self.widths:
            if x.shape[1] % 2:
                x = jnp.pad(x, ((0, 0), (0, 1), (0, 0)))
            x = nn.leaky_relu(conv(width, 4, 2, self.cyclic, self.dtype)(x), 0.2)
        x = nn.leaky_relu(nn.Dense(self.hidden, dtype=self.dtype)(x.reshape(len(x), -1)), 0.2)
        return nn.Dense(1)(x.astype(jnp.float32))[:, 0]


class TemporalDiscriminator(nn.Module):
    """D_T: an LSTM over the sequence; all its outputs are concatenated into one logit.

    Attributes:
      embedding: units of the linear map from a contour to the LSTM's input.
      lstm: units of the LSTM.
      pool: points averaged before.
      dtype: what the layers compute with but the last; inputs, outputs and parameters are float32.
    """

    embedding: int
    lstm: int
    pool: int
    dtype: Any = jnp.float32

    @nn.compact
    def __call__(self, contours: jax.Array, mask: jax.Array) -> jax.Array:
        """Contour sequences [B, T, P, 2] with masks [B, T, P] → logits [B]; large means real."""
        count, frames, points, _ = contours.shape
        means, _ = layout.pool(contours.reshape(-1, points, 2), mask.reshape(-1, points), self.pool)
        x = nn.Dense(self.embedding, dtype=self.dtype)(_SCALE * means.reshape(count, frames, -1))
        x = nn.RNN(nn.OptimizedLSTMCell(self.lstm, dtype=self.dtype))(x)
        return nn.Dense(1)(x.reshape(count, -1).astype(jnp.float32))[:, 0]
