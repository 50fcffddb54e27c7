"""Contours through uniform cubic B-splines: smooth by construction."""

import jax
import jax.numpy as jnp
import numpy as np


def basis(factor: int) -> np.ndarray:
    """Weights of four neighbouring control points at `factor` places between the middle two.

    Args:
      factor: points per control point.

    Returns:
      [4, factor] float32; column j belongs to the parameter j / factor; columns sum to 1.
    """
    t = np.arange(factor) / factor
    return (
        np.stack(
            [
                (1 - t) ** 3,
                3 * t**3 - 6 * t**2 + 4,
                -3 * t**3 + 3 * t**2 + 3 * t + 1,
                t**3,
            ]
        ).astype(np.float32)
        / 6
    )


def curve(control: jax.Array, factor: int, cyclic: bool) -> jax.Array:
    """Evaluates the cubic B-spline of a sequence of control points.

    Args:
      control: [N, K, C] control points.
      factor: points per control point.
      cyclic: whether the last control point is followed by the first; otherwise end points repeat.

    Returns:
      [N, K · factor, C] points.
    """
    padded = jnp.pad(control, ((0, 0), (1, 2), (0, 0)), mode="wrap" if cyclic else "edge")
    size = control.shape[1]
    neighbours = jnp.stack([padded[:, d : d + size] for d in range(4)])
    points = jnp.einsum("dnkc,df->nkfc", neighbours, basis(factor))
    return points.reshape(control.shape[0], size * factor, control.shape[2])
