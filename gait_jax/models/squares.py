"""Stages of picture networks that halve and double: squares of pixels as channels.

A 4×4 convolution of stride 2 is a 2×2 one of folded pixels, and a transposed one is a 2×2 one that
is unfolded: so written, both are matrix products, which XLA is faster at on CPUs.
"""

from typing import Any

import jax
import jax.numpy as jnp

from gait_jax.models.convolution import image_conv


def pad(x: jax.Array, around: int) -> jax.Array:
    """Puts zeros around pictures [N, H, W, C]."""
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


def halved(x: jax.Array, features: int, dtype: Any = jnp.float32) -> jax.Array:
    """A 4×4 convolution of stride 2, within a module: → [N, H / 2, W / 2, features]."""
    return image_conv(features, 2, dtype=dtype)(fold(pad(x, 1)))


def doubled(x: jax.Array, features: int, dtype: Any = jnp.float32) -> jax.Array:
    """A transposed 4×4 convolution of stride 2, within a module: → [N, 2 H, 2 W, features].

    The cropped border is what a transposed convolution's padding takes away.
    """
    return unfold(image_conv(4 * features, 2, dtype=dtype)(pad(x, 1)))[:, 1:-1, 1:-1]
