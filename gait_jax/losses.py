"""The papers' loss functions, each named by its equation (Tieu et al. 2019 and, for colour, 2020).

At the end are those of recognisers by silhouette sets, with papers of their own.

Discriminators give logits, so that log D = log σ(logit) is computed without overflow.
Expectations are means over the batch. Contour norms are in body heights and, but for the one as
printed, means over a frame's valid points, so that their number does not weigh in; zero padding
never does.
"""

import jax
import jax.numpy as jnp
from jax import lax
from jax.nn import log_sigmoid

L1 = "l1"
L2 = "l2"
L1_SUM = "l1_sum"


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
    """E‖a - b‖ (eqs 6 and 7) over valid points.

    Args:
      a: [..., P, 2] contours in body heights.
      b: the same, broadcastable.
      mask: [..., P] 1 where both are valid; a frame without valid points counts as 0.
      norm: `l1`: |Δx| + |Δy|, in body heights; `l2`: Δx² + Δy², in squared body heights; both a
        mean over each frame's valid points. `l1_sum`: `l1` as printed, a sum over them.

    Returns:
      A scalar: the mean over frames.

    Raises:
      ValueError: the norm is none of them.
    """
    difference = a - b
    if norm in (L1, L1_SUM):
        each = jnp.abs(difference).sum(-1)
    elif norm == L2:
        each = jnp.square(difference).sum(-1)
    else:
        raise ValueError(f"contour norm {norm!r} is not known: use {L1!r}, {L2!r} or {L1_SUM!r}")
    summed = (each * mask).sum(-1)
    return (summed if norm == L1_SUM else summed / jnp.maximum(mask.sum(-1), 1)).mean()


def silhouette_distance(logits: jax.Array, pictures: jax.Array) -> jax.Array:
    """Cross entropy of drawn silhouettes, in place of the norm of eqs 6 and 7, of pictures.

    Args:
      logits: [..., H, W] of what is drawn.
      pictures: [..., H, W] in 0..1.

    Returns:
      A scalar, ≥ 0, the mean over pixels.
    """
    return -(pictures * log_sigmoid(logits) + (1 - pictures) * log_sigmoid(-logits)).mean()


def generator(
    spatial: jax.Array,
    temporal: jax.Array,
    reconstruction: jax.Array,
    perturbation: jax.Array,
    alpha: float,
) -> jax.Array:
    """Eq 8: L(G) = L_S(G) + L_T(G) + L_Rec(G) + α · L_Per(G); all arguments are scalars."""
    return spatial + temporal + reconstruction + alpha * perturbation


def erode(mask: jax.Array, kernel: int) -> jax.Array:
    """M_p of 2020: the pixels of a mask whose whole neighbourhood lies in it.

    Args:
      mask: [B, H, W] of 0 and 1.
      kernel: side of the square neighbourhood, an odd number.

    Returns:
      [B, H, W] of 0 and 1; beyond the border counts as outside.
    """
    around = kernel // 2
    padded = jnp.pad(mask, ((0, 0), (around, around), (around, around)))
    rows = lax.reduce_window(padded, jnp.inf, lax.min, (1, kernel, 1), (1, 1, 1), "VALID")
    return lax.reduce_window(rows, jnp.inf, lax.min, (1, 1, kernel), (1, 1, 1), "VALID")


def centre_reconstruction(image: jax.Array, output: jax.Array, centre: jax.Array) -> jax.Array:
    """2020 eq 1: ‖M_p(x_bi) ⊙ x_rgb - M_p(x_bi) ⊙ Φ‖₁, a mean over pixels and channels.

    Args:
      image: x_rgb [B, H, W, C] in 0..1.
      output: Φ [B, H, W, C] in 0..1.
      centre: M_p(x_bi) [B, H, W] of 0 and 1; a picture without centre counts as 0.

    Returns:
      A scalar in 0..1: the mean over pictures of the mean over each one's centre.
    """
    each = jnp.abs(image - output).mean(-1) * centre
    return (each.sum((1, 2)) / jnp.maximum(centre.sum((1, 2)), 1)).mean()


def patch_grams(
    image: jax.Array, region: jax.Array, grid: tuple[int, int]
) -> tuple[jax.Array, jax.Array]:
    """2020 eqs 2, 4 and 5: Gram matrices of a region's patches, divided by their pixels.

    The masks m_l cut the picture into a grid; Gr_ij sums the product of channels i and j.

    Args:
      image: [B, H, W, C].
      region: [B, H, W] of 0 and 1.
      grid: rows and columns of the grid; they divide H and W.

    Returns:
      (Gr / M_l [B, L, C, C], zero for a patch without pixels; M_l [B, L] pixels).
    """
    count, height, width, channels = image.shape
    rows, columns = grid
    cells = (count, rows, height // rows, columns, width // columns)
    pixels = (image * region[..., None]).reshape(*cells, channels)
    grams = jnp.einsum("brhcwi,brhcwj->brcij", pixels, pixels)
    sizes = region.reshape(cells).sum((2, 4)).reshape(count, -1)
    grams = grams.reshape(count, rows * columns, channels, channels)
    return grams / jnp.maximum(sizes, 1)[..., None, None], sizes


def nearest_patches(sizes: jax.Array, grid: tuple[int, int], cell: tuple[int, int]) -> jax.Array:
    """For each patch the nearest one that has pixels, by the distance of their middles.

    Args:
      sizes: [B, L] pixels of each patch, row by row.
      grid: rows and columns of the grid.
      cell: rows and columns of a patch in pixels, which distances are in.

    Returns:
      [B, L] int32; a patch with pixels is its own nearest.
    """
    rows, columns = grid
    row, column = jnp.divmod(jnp.arange(rows * columns), columns)
    squared = (cell[0] * (row[:, None] - row)) ** 2 + (cell[1] * (column[:, None] - column)) ** 2
    return jnp.where(sizes[:, None] > 0, squared, jnp.inf).argmin(-1).astype(jnp.int32)


def edge_style(
    image: jax.Array,
    output: jax.Array,
    centre: jax.Array,
    edge: jax.Array,
    grid: tuple[int, int],
) -> jax.Array:
    """2020 eq 3: Σ_l ‖Gr(centre patch of x_rgb) / M_l - Gr(edge patch of Φ) / N_l‖₁.

    Each edge patch is matched with the nearest centre patch. A patch without edge (N_l = 0) counts
    as 0, and so does a picture without any centre (all M_l = 0).

    Args:
      image: x_rgb [B, H, W, C] in 0..1.
      output: Φ [B, H, W, C] in 0..1.
      centre: M_p(x_bi) [B, H, W] of 0 and 1.
      edge: x_bi - M_p(x_bi) [B, H, W] of 0 and 1.
      grid: rows and columns of the patches; they divide H and W.

    Returns:
      A scalar, the mean over pictures.
    """
    target, target_sizes = patch_grams(image, centre, grid)
    found, sizes = patch_grams(output, edge, grid)
    cell = image.shape[1] // grid[0], image.shape[2] // grid[1]
    nearest = nearest_patches(target_sizes, grid, cell)
    target = jnp.take_along_axis(target, nearest[..., None, None], axis=1)
    matched = (sizes > 0) & (target_sizes.sum(-1, keepdims=True) > 0)
    return (jnp.abs(target - found).sum((-2, -1)) * matched).sum(-1).mean()


def triplets(points: jax.Array, people: int, margin: float) -> dict[str, jax.Array]:
    """All triplets of a pack, part by part (Hermans et al. 2017, eq 6, as GaitSet takes it).

    A triplet is a sequence, another one of its person and one of another person: the second has to
    be nearer than the third by the margin. Triplets that are no longer violated do not count in the
    mean.

    Args:
      points: [N, P, D] embeddings of a pack by parts, as many sequences of each person one after
        the other, two at least.
      people: how many, two at least; divides N.
      margin: in units of the embedding.

    Returns:
      Scalars. "triplet": the mean over parts of the mean over violated triplets; "violated": the
      share of those in 0..1; "distance": the mean distance of two sequences.
    """
    count = len(points)
    each = count // people
    whose = jnp.arange(count) // each
    squares = jnp.square(points).sum(-1).T
    inner = jnp.einsum("npd,mpd->pnm", points, points, precision=lax.Precision.HIGHEST)
    square = jnp.maximum(squares[:, :, None] + squares[:, None] - 2 * inner, 0)
    # At 0 the root has no gradient.
    distance = jnp.where(square > 0, jnp.sqrt(jnp.where(square > 0, square, 1)), 0)

    def of_others(of_same: bool, columns: int) -> jax.Array:
        """[P, N, columns]: distances to one's own other sequences, or to those of the others."""
        wanted = (whose[:, None] == whose) == of_same
        wanted &= ~jnp.eye(count, dtype=bool)
        order = jnp.argsort(~wanted, axis=1, stable=True)[:, :columns]
        return jnp.take_along_axis(distance, order[None], axis=2)

    same, other = of_others(True, each - 1), of_others(False, count - each)
    violation = jnp.maximum(margin + same[..., None] - other[..., None, :], 0)
    violated = violation > 0
    by_part = violation.sum((1, 2, 3)) / jnp.maximum(violated.sum((1, 2, 3)), 1)
    return {
        "triplet": by_part.mean(),
        "violated": violated.mean(),
        "distance": (same.sum() + other.sum()) / (same.size + other.size),
    }


def smoothed_cross_entropy(
    logits: jax.Array, people: jax.Array, count: jax.Array, smoothing: float
) -> jax.Array:
    """Cross entropy with smoothed labels (Szegedy et al. 2016, section 7), a mean over parts.

    Args:
      logits: [N, P, K] float.
      people: [N] int in 0..count - 1.
      count: how many people there are, at most K; the rest of the logits is not looked at.
      smoothing: ε: the label's share is 1 - ε, and ε is shared out among all.

    Returns:
      A scalar.
    """
    known = jnp.arange(logits.shape[-1]) < count
    log_p = jax.nn.log_softmax(jnp.where(known, logits, -1e9))
    right = jnp.take_along_axis(log_p, people[:, None, None], axis=-1)[..., 0]
    spread = jnp.where(known, log_p, 0).sum(-1) / count
    return -((1 - smoothing) * right + smoothing * spread).mean()
