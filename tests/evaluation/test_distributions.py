import numpy as np
import pytest

from gait_jax.evaluation.distributions import Judged, area, frechet


def _with_moments(mean, covariance, count, seed=0):
    """Points of exactly this mean and covariance."""
    points = np.random.default_rng(seed).standard_normal((count, len(mean)))
    points -= points.mean(axis=0)
    white = points @ np.linalg.inv(np.linalg.cholesky(np.cov(points, rowvar=False))).T
    return white @ np.linalg.cholesky(np.array(covariance)).T + mean


def test_frechet_by_hand():
    a = _with_moments([0.0, 0.0], [[4.0, 0.0], [0.0, 9.0]], 50)
    b = _with_moments([3.0, 4.0], [[1.0, 0.0], [0.0, 16.0]], 70, seed=1)
    # |m|² = 25, and of variances along the same axes (2 - 1)² + (3 - 4)².
    assert frechet(a, b) == pytest.approx(25 + 1 + 1)
    assert frechet(b, a) == pytest.approx(27)
    assert frechet(a, a) == pytest.approx(0, abs=1e-9)
    assert frechet(a, a + [1.0, 0.0]) == pytest.approx(1)


def test_frechet_of_axes_that_are_turned_by_hand():
    # Of C and its mirror image the product is 9/25 of the unit matrix but for what is crossed:
    # C_a = [[1, .8], [.8, 1]], C_b = [[1, -.8], [-.8, 1]] commute, with roots of 1.8 and 0.2.
    a = _with_moments([0.0, 0.0], [[1.0, 0.8], [0.8, 1.0]], 40)
    b = _with_moments([0.0, 0.0], [[1.0, -0.8], [-0.8, 1.0]], 40, seed=2)
    assert frechet(a, b) == pytest.approx(4 - 2 * 2 * np.sqrt(1.8 * 0.2))


def test_frechet_of_points_that_fill_no_space():
    # Three points of nine numbers: covariances without an inverse.
    rng = np.random.default_rng(0)
    a, b = rng.standard_normal((3, 9)), rng.standard_normal((3, 9))
    assert frechet(a, a) == pytest.approx(0, abs=1e-9)
    assert 0 < frechet(a, b) == pytest.approx(frechet(b, a))
    assert frechet(np.ones((2, 1)), np.zeros((2, 1))) == 1


def test_the_area_by_hand():
    # Person 0: 1 of 2 pairs is won, and one tied; person 1 wins both of hers; across, 4 of 4.
    judged = Judged(
        np.array([0.2, 0.5, 0.1]), np.array([0, 0, 1]), np.array([0.5, 0.9]), np.array([0, 1])
    )
    wins, pairs = judged.wins()
    np.testing.assert_allclose(wins, [[1.5, 2], [1, 1]])
    np.testing.assert_allclose(pairs, [[2, 2], [1, 1]])
    found = area([judged])
    assert found.value == pytest.approx(5.5 / 6) and found.count == 5
    # Fewer than ten people.
    assert found.low is None and found.high is None
    swapped = Judged(judged.second, judged.second_people, judged.first, judged.first_people)
    assert area([swapped]).value == pytest.approx(0.5 / 6)
    # Of two judges, the mean.
    assert area([judged, swapped]).value == pytest.approx(0.5)


def test_intervals_are_over_people():
    people = np.repeat(np.arange(6), 20)
    rng = np.random.default_rng(0)
    noise = [rng.standard_normal(120) for _ in range(4)]
    guessing = [Judged(noise[i], people, noise[i + 1], people) for i in (0, 2)]
    found = area(guessing)
    assert found.low < 0.5 < found.high and found.high - found.low < 0.3
    sure = area([Judged(0 * people, people, 1 + people, people)] * 2)
    assert (sure.value, sure.low, sure.high) == (1, 1, 1)
    # One person in six gives herself away: more doubt than of windows of nobody in particular.
    one = [Judged(0.0 * people, people, np.where(people == k, 1.0, 0.0), people) for k in (0, 1)]
    told = area(one)
    assert told.value == pytest.approx(0.5 + 0.5 / 6)
    assert told.low == pytest.approx(0.5, abs=0.05) and told.high > 0.65
