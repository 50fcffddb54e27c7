import itertools

import numpy as np
import pytest

from gait_jax.video.matching import matched


def by_trying(cost, possible):
    """(how many pairs there can be, the least that so many cost)."""
    rows, columns = cost.shape
    found = []
    for order in itertools.permutations(range(max(rows, columns)), rows):
        pairs = [(r, c) for r, c in enumerate(order) if c < columns and possible[r, c]]
        found.append((-len(pairs), sum(cost[r, c] for r, c in pairs)))
    count, least = min(found)
    return -count, least


@pytest.mark.parametrize("share", [0.2, 0.5, 1.0])
def test_as_many_as_possible_at_the_least_cost(share):
    rng = np.random.default_rng(0)
    for _ in range(150):
        shape = rng.integers(0, 5, 2)
        cost, possible = 3 * rng.random(shape), rng.random(shape) < share
        pairs = matched(cost, possible)
        assert all(possible[pair] for pair in pairs.items())
        assert len(set(pairs.values())) == len(pairs)
        count, least = by_trying(cost, possible)
        assert len(pairs) == count
        assert sum(cost[pair] for pair in pairs.items()) == pytest.approx(least)


def test_one_goes_without_their_best_where_two_want_the_same():
    cost = np.array([[1.0, 2.0], [1.5, 9.0]])
    assert matched(cost, np.ones((2, 2), bool)) == {0: 1, 1: 0}
    # Rather two dear pairs than one cheap one.
    assert matched(cost, cost != 1.5) == {0: 0, 1: 1}
