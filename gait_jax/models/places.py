"""Fully connected layers from and to the places of a signal whose end is padding.

Padded contours have room for the longest outline that could be met, and most are far shorter. At
all places well beyond their last point and well before the end, convolutions give the same: it is
enough to compute one of them.
"""

from typing import Any

import jax
import jax.numpy as jnp
from flax import linen as nn
from flax.linen.dtypes import promote_dtype


def extended(signal: jax.Array, length: int) -> jax.Array:
    """A signal [N, L, ...] with zeros after it: [N, length, ...]."""
    beyond = length - signal.shape[1]
    return jnp.pad(signal, ((0, 0), (0, beyond)) + ((0, 0),) * (signal.ndim - 2))


class FromPlaces(nn.Module):
    """A fully connected layer over all places of a signal of which some are left out.

    Its parameters are those of `nn.Dense` over all places.

    Attributes:
      features: units.
      places: of the whole signal.
      dtype: what it computes with; parameters are float32.
    """

    features: int
    places: int
    dtype: Any = jnp.float32

    @nn.compact
    def __call__(self, signal: jax.Array, repeated: int | None = None) -> jax.Array:
        """Adds up the places.

        Args:
          signal: [N, K, C]; K of the places.
          repeated: which of them stands for itself and all that are left out, which follow it. None
            where they are the last ones, and zero.

        Returns:
          [N, features].
        """
        count, given, channels = signal.shape
        shape = self.places * channels, self.features
        kernel = self.param("kernel", nn.linear.default_kernel_init, shape)
        bias = self.param("bias", nn.initializers.zeros_init(), (self.features,))
        if repeated is None:
            kernel = kernel[: given * channels]
        elif given < self.places:
            before = repeated * channels
            after = before + (self.places - given + 1) * channels
            alike = kernel[before:after].reshape(-1, channels, self.features).sum(0)
            kernel = jnp.concatenate([kernel[:before], alike, kernel[after:]])
        signal, kernel, bias = promote_dtype(signal, kernel, bias, dtype=self.dtype)
        return signal.reshape(count, -1) @ kernel + bias


class ToPlaces(nn.Module):
    """A fully connected layer to the first places of a signal: [N, D] → [N, K, channels].

    Its parameters are those of `nn.Dense` to all places.

    Attributes:
      channels: of each place.
      places: of the whole signal, K at least.
      dtype: what it computes with; parameters are float32.
    """

    channels: int
    places: int
    dtype: Any = jnp.float32

    @nn.compact
    def __call__(self, code: jax.Array, first: int) -> jax.Array:
        """Gives the first K = `first` places of `code` [N, D]."""
        units = self.places * self.channels
        shape = code.shape[1], units
        kernel = self.param("kernel", nn.linear.default_kernel_init, shape)
        bias = self.param("bias", nn.initializers.zeros_init(), (units,))
        code, kernel, bias = promote_dtype(code, kernel, bias, dtype=self.dtype)
        wanted = slice(first * self.channels)
        return (code @ kernel[:, wanted] + bias[wanted]).reshape(len(code), first, self.channels)
