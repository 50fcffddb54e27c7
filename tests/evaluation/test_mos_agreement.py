"""Krippendorff's alpha, against the example of his text and by hand."""

import numpy as np
import pytest

from gait_jax.evaluation.mos.agreement import alpha, ordinal

_ = np.nan
# Four observers, twelve units (Krippendorff 2011, C).
PUBLISHED = np.array(
    [
        [1, 2, 3, 3, 2, 1, 4, 1, 2, _, _, _],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, _, 3],
        [_, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, _],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, _],
    ]
)


def _nominal(levels, counts):
    return (levels[:, None] != levels[None]).astype(float)


def _interval(levels, counts):
    return (levels[:, None] - levels[None]) ** 2


def _ratio(levels, counts):
    return ((levels[:, None] - levels[None]) / (levels[:, None] + levels[None])) ** 2


@pytest.mark.parametrize(
    ("difference", "expected"),
    [(_nominal, 0.743), (ordinal, 0.815), (_interval, 0.849), (_ratio, 0.797)],
)
def test_the_published_example(difference, expected):
    assert round(alpha(PUBLISHED, difference), 3) == expected


def test_by_hand():
    # Pairs: 1-1, 2-2, 1-2. Of 6 values 3 are 1: D_o = 2 / 6, D_e = 2 · 3 · 3 / (6 · 5).
    ratings = np.array([[1.0, 2, 1], [1, 2, 2]])
    assert alpha(ratings) == pytest.approx(1 - (2 / 6) / 0.6)
    assert alpha(ratings, _nominal) == pytest.approx(1 - (2 / 6) / 0.6)


def test_ranks_are_what_counts():
    # 3 between two 1s and one 5: middle ranks 1, 2.5, 3.5.
    found = ordinal(np.array([1.0, 3, 5]), np.array([2.0, 1, 1]))
    assert found.tolist() == [[0, 2.25, 6.25], [2.25, 0, 1], [6.25, 1, 0]]
    # How far apart levels are called does not matter, but their order does.
    assert alpha(PUBLISHED**3) == pytest.approx(alpha(PUBLISHED))
    assert alpha(7 - PUBLISHED) == pytest.approx(alpha(PUBLISHED))


def test_all_agree_or_nothing_can_be_said():
    assert alpha(np.array([[1.0, 4, 5], [1, 4, 5]])) == 1
    assert alpha(np.array([[3.0, 3], [3, 3]])) is None
    assert alpha(np.array([[1.0, _], [_, 4]])) is None


def test_what_one_rater_alone_has_rated_counts_for_nothing():
    more = np.concatenate([PUBLISHED, [[_]] * 3 + [[4]]], axis=1)
    assert alpha(more) == alpha(PUBLISHED)
    assert alpha(PUBLISHED[::-1, ::-1]) == pytest.approx(alpha(PUBLISHED))
