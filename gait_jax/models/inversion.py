"""A network from anonymised contours to the originals' (no paper's: an attack on all of them)."""

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
from flax import linen as nn

from gait_jax.models import spline
from gait_jax.models.convolution import conv, shuffle_up
from gait_jax.models.generators import CONTROL_STRIDE


class ContourInverter(nn.Module):
    """Moves the points of closed contours, by what all frames of a window show together.

    Strided convolutions along the outline, a layer that sees each place of it in the neighbouring
    frames and in the mean of all, and the way back with what was seen on the way down beside it. It
    starts as the identity: what an anonymiser leaves of the original it need not learn to copy.

    Attributes:
      widths: channels after each strided convolution; `generators.total_stride` of them divides P.
      dtype: what the layers compute with; inputs, outputs and parameters are float32.
    """

    widths: Sequence[int]
    dtype: Any = jnp.float32

    @nn.compact
    def __call__(self, contours: jax.Array) -> jax.Array:
        """Closed contours [B, T, P, 2] in body heights → the same."""
        layer = lambda *shape: conv(*shape, cyclic=True, dtype=self.dtype)  # noqa: E731
        x, kept = contours.reshape(-1, *contours.shape[2:]), []
        for i, width in enumerate(self.widths):
            stride = CONTROL_STRIDE if i == 0 else 2
            x = nn.relu(layer(width, 2 * stride, stride)(x))
            kept.append(x)
        x = nn.relu(self._over_time(x.reshape(*contours.shape[:2], *x.shape[1:])))
        x = x.reshape(kept[-1].shape)
        for width, beside in zip(self.widths[-2::-1], kept[-2::-1], strict=True):
            x = nn.relu(shuffle_up(layer(2 * width, 3, 1)(x), 2))
            x = jnp.concatenate([x, beside], axis=-1)
        x = nn.relu(layer(self.widths[0], 3, 1)(x))
        control = layer(2, 3, 1)(x).astype(jnp.float32)
        control *= self.param("gate", nn.initializers.zeros, (2,))
        moved = spline.curve(control, CONTROL_STRIDE, cyclic=True)
        return contours + moved.reshape(contours.shape)

    def _over_time(self, codes: jax.Array) -> jax.Array:
        """Codes [B, T, L, C] → the same, each with those of other frames at its place."""
        count, frames, length, width = codes.shape
        by_place = codes.swapaxes(1, 2).reshape(count * length, frames, width)
        near = conv(width, 3, 1, cyclic=False, dtype=self.dtype)(by_place)
        near = near.reshape(count, length, frames, width).swapaxes(1, 2)
        whole = jnp.broadcast_to(codes.mean(1, keepdims=True), codes.shape)
        return nn.Dense(width, dtype=self.dtype)(jnp.concatenate([codes, near, whole], axis=-1))
