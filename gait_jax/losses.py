"""The papers' loss functions, each named by its equation (Tieu et al. 2019).

Discriminators give logits, so that log D = log σ(logit) is computed without overflow.
Expectations are means over the batch; contour norms are means over the valid points of a frame, in
body heights, so that neither the number of points nor zero padding weighs in.
"""

import jax
import jax.numpy as jnp
from jax.nn import log_sigmoid

L1 = "l1"
L2 = "l2"


def discriminator(real: jax.Array, fake: jax.Array) -> jax.Array:
    """Eqs 2 and 3, negated for minimising: -E[log D(real)] - E[log(1 - D(fake))].

    Args:
      real: logits for real examples, any shape.
      fake: logits for generated examples.

    Returns:
      A scalar, ≥ 0.
    """
    return -log_sigmoid(real).mean() - log_sigmoid(-fake).mean()


def generator_adversarial(fake: jax.Array, saturating: bool) -> jax.Array:
    """Eqs 4 and 5: E[log(1 - D(fake))] as printed, or its non-saturating form -E[log D(fake)].

    Args:
      fake: logits for generated examples, any shape.
      saturating: whether to use the printed form, whose gradient vanishes while D is sure.

    Returns:
      A scalar.
    """
    return log_sigmoid(-fake).mean() if saturating else -log_sigmoid(fake).mean()


def contour_distance(a: jax.Array, b: jax.Array, mask: jax.Array, norm: str = L1) -> jax.Array:
    """E‖a - b‖ per point (eqs 6 and 7) over valid points.

    Args:
      a: [..., P, 2] contours in body heights.
      b: the same, broadcastable.
      mask: [..., P] 1 where both are valid; a frame without valid points counts as 0.
      norm: `l1`: |Δx| + |Δy|, in body heights; `l2`: Δx² + Δy², in squared body heights.

    Returns:
      A scalar: the mean over frames of the mean over each frame's valid points.

    Raises:
      ValueError: the norm is neither.
    """
    difference = a - b
    if norm == L1:
        each = jnp.abs(difference).sum(-1)
    elif norm == L2:
        each = jnp.square(difference).sum(-1)
    else:
        raise ValueError(f"contour norm {norm!r} is not known: use {L1!r} or {L2!r}")
    return ((each * mask).sum(-1) / jnp.maximum(mask.sum(-1), 1)).mean()


def generator(
    spatial: jax.Array,
    temporal: jax.Array,
    reconstruction: jax.Array,
    perturbation: jax.Array,
    alpha: float,
) -> jax.Array:
    """Eq 8: L(G) = L_S(G) + L_T(G) + L_Rec(G) + α · L_Per(G); all arguments are scalars."""
    return spatial + temporal + reconstruction + alpha * perturbation
