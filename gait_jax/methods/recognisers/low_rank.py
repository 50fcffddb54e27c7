"""What many observations share: a low-rank matrix beneath sparse errors."""

import numpy as np


def _shrunk(matrix: np.ndarray, threshold: float) -> np.ndarray:
    """A matrix [m, n] whose singular values are all less by a threshold, and none below 0.

    By way of the short side's eigenvectors: many times quicker than a singular value decomposition
    where one side is much shorter, and as good for values above a millionth of the largest.
    """
    if matrix.shape[0] < matrix.shape[1]:
        return _shrunk(matrix.T, threshold).T
    squares, vectors = np.linalg.eigh(matrix.T @ matrix)
    sizes = np.sqrt(np.maximum(squares, 0))
    kept = sizes > threshold
    vectors = vectors[:, kept]
    return matrix @ ((vectors * (1 - threshold / sizes[kept])) @ vectors.T)


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
        low = _shrunk(observed - sparse + dual / penalty, 1 / penalty)
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
