"""What many observations share: a low-rank matrix beneath sparse errors."""

import numpy as np


def robust_pca(
    observed: np.ndarray,
    weight: float = 1.0,
    tolerance: float = 1e-5,
    max_iterations: int = 500,
) -> tuple[np.ndarray, np.ndarray]:
    """Splits a matrix into a low-rank and a sparse part (inexact augmented Lagrangian).

    Minimises ‖L‖_* + λ‖S‖₁ subject to L + S = observed, with λ = weight / √max(m, n) (Candès et
    al., 2011; the algorithm of Lin et al., 2010).

    Args:
      observed: [m, n] float.
      weight: 1 is what the theory asks for; more leaves more in L.
      tolerance: of ‖observed - L - S‖ as a share of ‖observed‖ (Frobenius).
      max_iterations: at most this many; then the parts so far are returned.

    Returns:
      (L, S), each [m, n].
    """
    size = np.linalg.norm(observed)
    if not size:
        return observed.copy(), observed.copy()
    weight = weight / np.sqrt(max(observed.shape))
    largest = np.linalg.norm(observed, 2)
    dual = observed / max(largest, np.abs(observed).max() / weight)
    penalty, growth = 1.25 / largest, 1.5
    sparse = np.zeros_like(observed)
    for _ in range(max_iterations):
        u, s, vt = np.linalg.svd(observed - sparse + dual / penalty, full_matrices=False)
        low = (u * np.maximum(s - 1 / penalty, 0)) @ vt
        rest = observed - low + dual / penalty
        sparse = np.sign(rest) * np.maximum(np.abs(rest) - weight / penalty, 0)
        gap = observed - low - sparse
        dual = dual + penalty * gap
        penalty *= growth
        if np.linalg.norm(gap) <= tolerance * size:
            break
    return low, sparse


def shared_subspace(stacked: np.ndarray, rank: int, robustness: float, energy: float) -> np.ndarray:
    """The low-rank subspace of all views together.

    Robust PCA, then the truncated SVD of its low-rank part, of which as many directions are taken
    as hold `energy` of the squares.

    Args:
      stacked: [V·D, N] the views of a walk on top of each other, a column each.
      rank: at most so many directions.
      robustness: weight of robust PCA's sparse part.
      energy: in 0..1.

    Returns:
      [V·D, K] the directions, times their singular values.
    """
    low, _ = robust_pca(stacked, robustness)
    u, s, _ = np.linalg.svd(low, full_matrices=False)
    held = np.cumsum(np.square(s)) / np.square(s).sum()
    kept = min(rank, int(np.searchsorted(held, energy)) + 1, len(s))
    return u[:, :kept] * s[:kept]
