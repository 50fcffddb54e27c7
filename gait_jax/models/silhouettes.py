"""What networks that look at aligned silhouettes are made of.

Convolutions are XLA's own: on the CPU they were measured to be as fast as matrix products in every
form that `models.convolution` knows, or faster, for stride 1 and these numbers of channels.
"""

from typing import Any

import jax
import jax.numpy as jnp
from flax import linen as nn

# What is not there is below all that is.
LOWEST = -1e30

_SLOPE = 0.01
_XAVIER = nn.initializers.xavier_uniform()
# Each part has a matrix of its own.
XAVIER_BY_PART = nn.initializers.variance_scaling(1, "fan_avg", "uniform", batch_axis=(0,))


def leaky(x: jax.Array) -> jax.Array:
    """The leaky rectifier of all three published networks."""
    return nn.leaky_relu(x, _SLOPE)


def conv(features: int, width: int, stride: int = 1, dtype: Any = jnp.float32) -> nn.Conv:
    """A convolution [N, H, W, C] → [N, ⌈H / stride⌉, ⌈W / stride⌉, features] without a bias."""
    around = ((width // 2, width // 2),) * 2
    return nn.Conv(
        features,
        (width, width),
        strides=stride,
        padding=around,
        use_bias=False,
        kernel_init=_XAVIER,
        dtype=dtype,
    )


def pool(images: jax.Array) -> jax.Array:
    """The largest of every 2×2 pixels: [N, H, W, C] → [N, H // 2, W // 2, C].

    As a maximum of a reshaped array: the gradient of XLA's window is slow on CPUs.
    """
    count, rows, columns, channels = images.shape
    even = images[:, : rows // 2 * 2, : columns // 2 * 2]
    blocks = even.reshape(count, rows // 2, 2, columns // 2, 2, channels)
    return blocks.max((2, 4))


def largest(x: jax.Array, axis: int) -> jax.Array:
    """The maximum along an axis, whose gradient goes to the first place where it stands.

    JAX's own looks for the places that equal the maximum. Where XLA computes both anew for the
    gradient, and rounds them otherwise, there is none: the gradient is lost, or not a number.
    """
    place = jnp.expand_dims(jax.lax.stop_gradient(x).argmax(axis), axis)
    along = jax.lax.broadcasted_iota(place.dtype, x.shape, axis % x.ndim)
    return jnp.where(along == place, x, 0).sum(axis)


def valid_frames(lengths: jax.Array, frames: int) -> jax.Array:
    """[N, frames] bool: the first `lengths` [N] of each sequence."""
    return jnp.arange(frames) < lengths[:, None]


def set_max(features: jax.Array, valid: jax.Array) -> jax.Array:
    """Set pooling: the largest over a sequence's frames.

    Args:
      features: [N · T, ...] of N sequences.
      valid: [N, T] bool; one frame of each at least.

    Returns:
      [N, ...].
    """
    sets = features.reshape(*valid.shape, *features.shape[1:])
    mask = valid.reshape(*valid.shape, *(1,) * (features.ndim - 1))
    return largest(jnp.where(mask, sets, LOWEST), 1)


def pyramid(features: jax.Array, parts: tuple[int, ...]) -> jax.Array:
    """Mean plus maximum over horizontal strips (GaitSet, Horizontal Pyramid Mapping).

    Args:
      features: [N, H, W, C].
      parts: into how many strips of equal height the rows are cut, once for each entry; each
        divides H.

    Returns:
      [N, sum of parts, C].
    """
    count, _, _, channels = features.shape
    strips = [features.reshape(count, number, -1, channels) for number in parts]
    return jnp.concatenate([strip.mean(2) + largest(strip, 2) for strip in strips], axis=1)


class PartDense(nn.Module):
    """A matrix for each part: [N, P, C] → [N, P, features].

    Attributes:
      features: of the result.
      dtype: what it computes with.
    """

    features: int
    dtype: Any = jnp.float32

    @nn.compact
    def __call__(self, parts: jax.Array) -> jax.Array:
        shape = (*parts.shape[1:], self.features)
        kernel = self.param("kernel", XAVIER_BY_PART, shape, jnp.float32)
        return jnp.einsum("npc,pcf->npf", parts.astype(self.dtype), kernel.astype(self.dtype))


class PartNeck(nn.Module):
    """Who it is, by part: batch norm, then the cosine to a direction for each known person.

    The BN neck of Luo et al. (2019) as the public code of Fan et al. (2023) has it.

    Attributes:
      people: how many it has room for.
      axis: over which devices batch norm averages.
    """

    people: int
    axis: str | None = None

    @nn.compact
    def __call__(self, points: jax.Array, train: bool) -> jax.Array:
        """[N, P, D] → cosines [N, P, people] in -1..1."""
        flat = points.reshape(len(points), -1)
        normed = norm(self.axis, train)(flat).reshape(points.shape)
        shape = (points.shape[1], points.shape[2], self.people)
        kernel = self.param("kernel", XAVIER_BY_PART, shape, jnp.float32)
        return jnp.einsum("npd,pdk->npk", _unit(normed, -1), _unit(kernel, 1))


def _unit(x: jax.Array, axis: int) -> jax.Array:
    return x * jax.lax.rsqrt(jnp.square(x).sum(axis, keepdims=True) + 1e-12)


def norm(axis: str | None, train: bool, dtype: Any = jnp.float32) -> nn.BatchNorm:
    """Batch norm over all devices; with running statistics where it does not train."""
    return nn.BatchNorm(
        use_running_average=not train, momentum=0.9, epsilon=1e-5, axis_name=axis, dtype=dtype
    )
