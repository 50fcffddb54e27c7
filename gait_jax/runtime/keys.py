"""Random keys: one stream a purpose, one key an example, whatever device draws it."""

import zlib

import jax


def stream(seed: int, name: str) -> jax.Array:
    """The key of a named stream of random numbers."""
    return jax.random.fold_in(jax.random.key(seed), zlib.crc32(name.encode()))


def per_example(key: jax.Array, seeds: jax.Array) -> jax.Array:
    """One key for each example: [B] uint32 seeds that travel with the examples → [B] keys.

    An example draws the same numbers wherever it is computed, so that one device and many agree.
    """
    return jax.vmap(jax.random.fold_in, in_axes=(None, 0))(key, seeds)
