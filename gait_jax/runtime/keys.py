"""Random keys: one stream a purpose, one key an example, whatever device draws it."""

import hashlib
import os
import zlib

import jax
import numpy as np

from gait_jax.runtime.errors import InputError


def stream(seed: int, name: str) -> jax.Array:
    """The key of a named stream of random numbers."""
    return jax.random.fold_in(jax.random.key(seed), zlib.crc32(name.encode()))


def stream_seed(seed: int, name: str) -> int:
    """The seed, 32 bits, of a named stream that is not drawn by JAX: of NumPy's or Grain's."""
    return int.from_bytes(hashlib.sha256(f"{seed} {name}".encode()).digest()[:4], "little")


def per_example(key: jax.Array, seeds: jax.Array) -> jax.Array:
    """One key for each example: [B] uint32 seeds that travel with the examples → [B] keys.

    An example draws the same numbers wherever it is computed, so that one device and many agree.
    """
    return jax.vmap(jax.random.fold_in, in_axes=(None, 0))(key, seeds)


def random_key(seed: int | None) -> jax.Array:
    """The key that all noise of a call is drawn from.

    Args:
      seed: for repeating a result. Whoever knows seed and model can draw the same noise, so what is
        to be published should be made without: None takes the operating system's entropy.

    Raises:
      InputError: the seed is negative or has more than 32 bits.
    """
    if seed is not None:
        if not 0 <= seed < 2**32:
            raise InputError(f"seed {seed}: use a whole number from 0 to {2**32 - 1}")
        return jax.random.key(seed)
    return jax.random.wrap_key_data(np.frombuffer(os.urandom(8), np.uint32))


def named_key(key: jax.Array, name: str) -> jax.Array:
    """The key of one of many sequences, clips or people: each draws its own noise."""
    # Not by JAX's fold_in: compiling it takes longer than a short clip does.
    # Names of files need not be UTF-8.
    encoded = name.encode("utf-8", "surrogateescape")
    digest = hashlib.sha256(np.asarray(jax.random.key_data(key)).tobytes() + encoded)
    return jax.random.wrap_key_data(np.frombuffer(digest.digest()[:8], np.uint32))


def number_of(key: jax.Array) -> int:
    """A random key as a whole number, the same on every machine, for what JAX does not draw."""
    return int.from_bytes(np.asarray(jax.random.key_data(key)).astype(">u4").tobytes(), "big")
