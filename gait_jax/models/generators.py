"""The generators: G_N (2019 §3.3) and G (2019 §3.4)."""

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
from flax import linen as nn

from gait_jax.models import spline
from gait_jax.models.convolution import conv, shuffle_up

# Contours are strided down by 4 at the first convolution and by 2 at each further one; the decoder
# ends at a quarter of the points, which are the control points of the curve.
CONTROL_STRIDE = 4


def total_stride(widths: Sequence[int]) -> int:
    """By how much an encoder of these widths shortens a contour."""
    return CONTROL_STRIDE * 2 ** (len(widths) - 1)


class ContourEncoder(nn.Module):
    """Strided convolutions over a contour, then optionally one fully connected layer.

    Attributes:
      widths: channels after each strided convolution.
      code: channels of the code at each remaining position.
      hidden: units of the fully connected bottleneck; 0 leaves the code local.
      cyclic: whether the contour's last point meets its first.
      dtype: what the layers compute with; inputs, outputs and parameters are float32.
    """

    widths: Sequence[int]
    code: int
    hidden: int
    cyclic: bool
    dtype: Any = jnp.float32

    @nn.compact
    def __call__(self, contours: jax.Array, mask: jax.Array) -> jax.Array:
        """Contours [N, P, 2] with masks [N, P] → codes [N, hidden], or [N, L, code] without."""
        x = jnp.concatenate([contours, mask[..., None]], axis=-1)
        for i, width in enumerate(self.widths):
            stride = CONTROL_STRIDE if i == 0 else 2
            x = nn.relu(conv(width, 2 * stride, stride, self.cyclic, self.dtype)(x))
        x = conv(self.code, 1, 1, self.cyclic, self.dtype)(x)
        return nn.Dense(self.hidden, dtype=self.dtype)(x.reshape(len(x), -1)) if self.hidden else x


class ContourDecoder(nn.Module):
    """From a code to a contour.

    Attributes:
      widths: channels before each doubling of the length (the encoder's, backwards).
      code: channels of the code at each position.
      points: P.
      cyclic: whether the contour's last point meets its first.
      dtype: what the layers compute with but the last; inputs, outputs and parameters are float32.
      curve: whether the last convolution gives control points of a B-spline, or the points
        themselves.
    """

    widths: Sequence[int]
    code: int
    points: int
    cyclic: bool
    dtype: Any = jnp.float32
    curve: bool = True

    @nn.compact
    def __call__(self, code: jax.Array) -> jax.Array:
        """Decodes [N, hidden] or [N, L, code] into contours [N, P, 2] in body heights."""
        length = self.points // total_stride(self.widths)
        x = nn.relu(code)
        if x.ndim == 2:
            x = nn.relu(nn.Dense(length * self.code, dtype=self.dtype)(x)).reshape(
                len(x), length, self.code
            )
        x = nn.relu(conv(self.widths[-1], 3, 1, self.cyclic, self.dtype)(x))
        for width in reversed(self.widths[:-1]):
            x = nn.relu(shuffle_up(conv(2 * width, 3, 1, self.cyclic, self.dtype)(x), 2))
        # Whatever the layers compute with, control points and points are not rounded.
        channels = 2 if self.curve else 2 * CONTROL_STRIDE
        x = conv(channels, 3, 1, self.cyclic, jnp.float32)(x.astype(jnp.float32))
        if not self.curve:
            return shuffle_up(x, CONTROL_STRIDE)
        return spline.curve(x, CONTROL_STRIDE, self.cyclic)


class NoiseGenerator(nn.Module):
    """G_N: a Gaussian seed → one contour ẑ₁ (2019 §3.3), through fully connected layers.

    Attributes:
        widths: units of the hidden layers.
        points: P.
        stride: points per control point of the curve; divides P. A contour drawn from nothing needs
            fewer control points than one that follows a gait: they are what can be ragged. 0: no
            curve, the last layer gives the points themselves.
        dtype: what the layers compute with but the last; inputs, outputs and parameters are
            float32.
    """

    widths: Sequence[int]
    points: int
    stride: int
    dtype: Any = jnp.float32

    @nn.compact
    def __call__(self, seeds: jax.Array) -> jax.Array:
        """Maps seeds z [N, S] to closed contours ẑ [N, P, 2] in body heights, all points valid."""
        x = seeds
        for width in self.widths:
            x = nn.relu(nn.Dense(width, dtype=self.dtype)(x))
        # Whatever the layers compute with, control points and points are not rounded.
        numbers = 2 * self.points // max(self.stride, 1)
        x = nn.Dense(numbers)(x.astype(jnp.float32)).reshape(len(x), -1, 2)
        return spline.curve(x, self.stride, cyclic=True) if self.stride else x


class GaitGenerator(nn.Module):
    """G: two convolutional encoders, for the gait and for the noise, summed, and one decoder.

    Since the noise contour is the same in every frame of a sequence, it is encoded once.

    Attributes:
      widths: channels of the encoders' convolutions; the decoder mirrors them.
      code: channels of the code at each position.
      hidden: units of the fully connected bottleneck; 0 for none.
      points: P.
      cyclic: whether the contour's last point meets its first.
      dtype: what the layers compute with but the last; inputs, outputs and parameters are float32.
      curve: see `ContourDecoder`.
    """

    widths: Sequence[int]
    code: int
    hidden: int
    points: int
    cyclic: bool
    dtype: Any = jnp.float32
    curve: bool = True

    @nn.compact
    def __call__(
        self, gait: jax.Array, gait_mask: jax.Array, noise: jax.Array, noise_mask: jax.Array
    ) -> jax.Array:
        """Generates Ŷ = G(Y, Ẑ).

        Args:
          gait: Y [B, T, P, 2] contours in body heights.
          gait_mask: [B, T, P] 1 where a point is valid.
          noise: ẑ₁ [B, P, 2], copied to every frame of its sequence.
          noise_mask: [B, P].

        Returns:
          [B, T, P, 2], meaningful where the gait's mask is 1.
        """
        count, frames = gait.shape[:2]
        encoder = (self.widths, self.code, self.hidden, self.cyclic, self.dtype)
        flat = lambda x: x.reshape(count * frames, *x.shape[2:])  # noqa: E731
        gait_code = ContourEncoder(*encoder, name="gait_encoder")(flat(gait), flat(gait_mask))
        noise_code = ContourEncoder(*encoder, name="noise_encoder")(noise, noise_mask)
        code = gait_code + jnp.repeat(noise_code, frames, axis=0)
        sizes = self.widths, self.code, self.points, self.cyclic
        decoder = ContourDecoder(*sizes, self.dtype, self.curve, name="decoder")
        return decoder(code).reshape(gait.shape)
