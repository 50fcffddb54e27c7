"""Who of one frame is who of the next."""

import numpy as np


def matched(cost: np.ndarray, possible: np.ndarray) -> dict[int, int]:
    """Finds as many pairs of a row and a column as are possible, and of these the cheapest.

    Args:
      cost: [N, M] float, far below 1e6.
      possible: [N, M] bool.

    Returns:
      {row: column}, each at most once.
    """
    if not possible.any():
        return {}
    cost = np.where(possible, cost, 1e6)
    rows, columns = np.flatnonzero(possible.any(axis=1)), np.flatnonzero(possible.any(axis=0))
    for pairs in (
        [(int(row), int(cost[row].argmin())) for row in rows],
        [(int(cost[:, column].argmin()), int(column)) for column in columns],
    ):
        # No two want the same: nothing is better than everybody's best.
        if len({row for row, _ in pairs}) == len({column for _, column in pairs}) == len(pairs):
            return dict(pairs)
    # Here, not above: few frames need it, and loading it takes as long as thirty frames.
    from scipy.optimize import linear_sum_assignment

    pairs = zip(*linear_sum_assignment(cost), strict=True)
    return {int(row): int(column) for row, column in pairs if possible[row, column]}
