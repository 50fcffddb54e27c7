"""Contours of differing numbers of valid points: masks, stretching, laying out, thinning."""

import jax
import jax.numpy as jnp


def valid_mask(counts: jax.Array, points: int) -> jax.Array:
    """[...] int32 numbers of valid points → [..., points] float32, 1 where a point is valid."""
    return (jnp.arange(points) < counts[..., None]).astype(jnp.float32)


def _sample(contours: jax.Array, positions: jax.Array, counts: jax.Array) -> jax.Array:
    """Linear interpolation of closed contours [N, P, 2] at positions [N, Q] in points."""
    lower = jnp.floor(positions).astype(jnp.int32)
    ratio = (positions - lower)[..., None]
    take = lambda index: jnp.take_along_axis(  # noqa: E731
        contours, (index % counts[:, None])[..., None], axis=1
    )
    return take(lower) * (1 - ratio) + take(lower + 1) * ratio


def stretch(contours: jax.Array, counts: jax.Array, points: int) -> jax.Array:
    """Spreads the valid points of each contour over P points.

    Args:
      contours: [N, Q, 2], valid up to `counts`.
      counts: [N] int32, 1..Q.
      points: P.

    Returns:
      [N, P, 2] closed contours, all points valid.
    """
    positions = jnp.arange(points) * (counts[:, None] / points)
    return _sample(contours, positions, counts)


def lay_out(contours: jax.Array, counts: jax.Array, room: int) -> jax.Array:
    """The inverse of `stretch`: puts whole contours on their first `counts` points, zeros after.

    Args:
      contours: [N, P, 2] closed contours, all points valid.
      counts: [N] int32, 1..Q.
      room: Q.

    Returns:
      [N, Q, 2], zero beyond `counts`.
    """
    points = contours.shape[1]
    positions = jnp.arange(room) * (points / counts[:, None])
    whole = jnp.full_like(counts, points)
    return _sample(contours, positions, whole) * valid_mask(counts, room)[..., None]


def pool(contours: jax.Array, mask: jax.Array, size: int) -> tuple[jax.Array, jax.Array]:
    """Averages runs of neighbouring points, invalid ones left out.

    Real outlines are staircases of pixels and generated ones are not: at full resolution a
    discriminator needs to look no further than that. Means of a few points hide it.

    Args:
      contours: [N, P, 2].
      mask: [N, P] 1 where valid.
      size: points a run; divides P.

    Returns:
      ([N, P / size, 2] means, zero where a run has no valid point;
      [N, P / size] share of valid points).
    """
    count, points = mask.shape
    weights = mask.reshape(count, points // size, size)
    sums = jnp.einsum("nksc,nks->nkc", contours.reshape(count, -1, size, 2), weights)
    share = weights.sum(-1)
    return sums / jnp.maximum(share, 1)[..., None], share / size
