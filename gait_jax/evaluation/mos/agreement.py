"""How far raters agree: Krippendorff's alpha."""

from collections.abc import Callable

import numpy as np

# From levels [L], rising, and how often each was given [L]: squared differences [L, L].
Difference = Callable[[np.ndarray, np.ndarray], np.ndarray]


def ordinal(levels: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Squared differences of ranks: how many ratings lie between two levels.

    Args:
      levels: [L] the ratings that were given, rising.
      counts: [L] how often, in pairs.

    Returns:
      [L, L] (Σ_{g=c}^{k} n_g - (n_c + n_k) / 2)².
    """
    del levels
    # The middle rank of each level.
    ranks = np.cumsum(counts) - counts / 2
    return (ranks[:, None] - ranks[None]) ** 2


def alpha(ratings: np.ndarray, difference: Difference = ordinal) -> float | None:
    """Krippendorff's alpha (2011, "Computing Krippendorff's Alpha-Reliability").

    Args:
      ratings: [raters, units] float; NaN where somebody did not rate something.
      difference: what sets two ratings apart.

    Returns:
      1 - D_o / D_e: 1 where all agree, 0 where they agree as by chance, below where less. None
      where nothing was rated twice, or there is one level alone.
    """
    levels = np.unique(ratings[~np.isnan(ratings)])
    given = (ratings[:, :, None] == levels).sum(axis=0).astype(float)  # [units, L]
    raters = given.sum(axis=1)
    # What was rated once can be paired with nothing.
    given, raters = given[raters > 1], raters[raters > 1]
    weighted = given / (raters[:, None] - 1)
    together = weighted.T @ given - np.diag(weighted.sum(axis=0))
    counts = together.sum(axis=1)
    apart = difference(levels, counts)
    expected = counts @ apart @ counts
    if not expected:
        return None
    return float(1 - (counts.sum() - 1) * (together * apart).sum() / expected)
