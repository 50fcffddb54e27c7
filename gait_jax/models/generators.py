"""The generators: G_N (2019 §3.3) and G (2019 §3.4)."""

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
from flax import linen as nn

from gait_jax.models import spline
from gait_jax.models.convolution import conv, shuffle_up
from gait_jax.models.places import FromPlaces, ToPlaces, extended

# Contours are strided down by 4 at the first convolution and by 2 at each further one; the decoder
# ends at a quarter of the points, which are the control points of the curve.
CONTROL_STRIDE = 4


def total_stride(widths: Sequence[int]) -> int:
    """By how much an encoder of these widths shortens a contour."""
    return CONTROL_STRIDE * 2 ** (len(widths) - 1)


def _encoded(points: int, stride: int) -> int:
    """How many places of the code see a contour of so many points."""
    # To the left and right of its own points a place sees stride - 2 further ones.
    return -(-(points + stride - 2) // stride)


def _decoded(points: int, stride: int) -> int:
    """How many places of the code a contour's first points depend on."""
    # Past a point, convolutions of width 3 see 1 place of 16 points, 1 of 16, 1 of 8 and 1 of 4,
    # and the curve 2 of 4, where the stride is 16.
    return -(-(points + 3 * stride + 4) // stride)


class ContourEncoder(nn.Module):
    """Strided convolutions over a contour, then optionally one fully connected layer.

    A contour may be given without the padding at its end. The code is the same; only a local one
    then ends a few places after the contour.

    Attributes:
      widths: channels after each strided convolution.
      code: channels of the code at each remaining position.
      hidden: units of the fully connected bottleneck; 0 leaves the code local.
      points: P.
      cyclic: whether the contour's last point meets its first.
      dtype: what the layers compute with; inputs, outputs and parameters are float32.
    """

    widths: Sequence[int]
    code: int
    hidden: int
    points: int
    cyclic: bool
    dtype: Any = jnp.float32

    @nn.compact
    def __call__(self, contours: jax.Array, mask: jax.Array) -> jax.Array:
        """Contours with masks → codes.

        Args:
          contours: [N, Q, 2], their first Q points of P; those that follow are padding.
          mask: [N, Q].

        Returns:
          [N, hidden], or [N, L, code] without a bottleneck.
        """
        stride = total_stride(self.widths)
        every, given = self.points // stride, mask.shape[1]
        # Those that see the contour; one that sees padding alone; one that sees the end. A local
        # code has those that will be decoded and, what the end changes, one more.
        seen = _encoded(given, stride)
        places = min(seen + 2 if self.hidden else _decoded(given, stride) + 1, every)
        steps = (CONTROL_STRIDE,) + (2,) * (len(self.widths) - 1)
        x = extended(jnp.concatenate([contours, mask[..., None]], axis=-1), places * stride)
        for width, step in zip(self.widths, steps, strict=True):
            x = nn.relu(conv(width, 2 * step, step, self.cyclic, self.dtype)(x))
        x = conv(self.code, 1, 1, self.cyclic, self.dtype)(x)
        if not self.hidden:
            return x
        return FromPlaces(self.hidden, every, self.dtype, name="Dense_0")(x, seen)


class ContourDecoder(nn.Module):
    """From a code to a contour, or to as much of its beginning as is asked for.

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
    def __call__(self, code: jax.Array, wanted: int | None = None) -> jax.Array:
        """Decodes a contour.

        Args:
          code: [N, hidden] or [N, L, code].
          wanted: Q, how many of its first points are wanted; all where None.

        Returns:
          [N, Q, 2] in body heights.
        """
        wanted = self.points if wanted is None else wanted
        stride = total_stride(self.widths)
        x = nn.relu(code)
        if x.ndim == 2:
            every = self.points // stride
            dense = ToPlaces(self.code, every, self.dtype, name="Dense_0")
            x = nn.relu(dense(x, min(_decoded(wanted, stride), every)))
        x = nn.relu(conv(self.widths[-1], 3, 1, self.cyclic, self.dtype)(x))
        for width in reversed(self.widths[:-1]):
            x = nn.relu(shuffle_up(conv(2 * width, 3, 1, self.cyclic, self.dtype)(x), 2))
        # Whatever the layers compute with, control points and points are not rounded.
        channels = 2 if self.curve else 2 * CONTROL_STRIDE
        x = conv(channels, 3, 1, self.cyclic, jnp.float32)(x.astype(jnp.float32))
        if not self.curve:
            return shuffle_up(x, CONTROL_STRIDE)[:, :wanted]
        return spline.curve(x, CONTROL_STRIDE, self.cyclic)[:, :wanted]


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
          gait: Y [B, T, Q, 2] contours in body heights: their first Q points of P, beyond which
            there is padding.
          gait_mask: [B, T, Q] 1 where a point is valid.
          noise: ẑ₁ [B, Q, 2], copied to every frame of its sequence.
          noise_mask: [B, Q].

        Returns:
          [B, T, Q, 2], meaningful where the gait's mask is 1.
        """
        count, frames = gait.shape[:2]
        encoder = (self.widths, self.code, self.hidden, self.points, self.cyclic, self.dtype)
        flat = lambda x: x.reshape(count * frames, *x.shape[2:])  # noqa: E731
        gait_code = ContourEncoder(*encoder, name="gait_encoder")(flat(gait), flat(gait_mask))
        noise_code = ContourEncoder(*encoder, name="noise_encoder")(noise, noise_mask)
        code = gait_code + jnp.repeat(noise_code, frames, axis=0)
        sizes = self.widths, self.code, self.points, self.cyclic
        decoder = ContourDecoder(*sizes, self.dtype, self.curve, name="decoder")
        return decoder(code, gait.shape[2]).reshape(gait.shape)
