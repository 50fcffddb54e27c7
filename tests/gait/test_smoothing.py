"""Smooth and coarse numbers, by hand."""

import itertools

import numpy as np
import pytest

from gait_jax.gait.smoothing import eased, settled, smoothed, straightened


def test_steps_become_ramps():
    assert eased(np.array([0.0, 0, 0, 4, 4, 4, 4]), 4).tolist() == [0, 0, 1, 2, 3, 4, 4]
    assert eased(np.array([5.0]), 12).tolist() == [5]


def test_means_and_lines_leave_gaps_out():
    values = np.stack([np.arange(20.0), 3 * np.arange(20.0)], axis=1)
    weights = np.ones(20)
    values[7:9] = 1e3
    weights[7:9] = 0
    level = straightened(values, weights, 5)
    np.testing.assert_allclose(level, np.arange(20)[:, None] * [1, 3], atol=0.02)
    even = smoothed(np.full((20, 1), 2.0), weights, 3)
    np.testing.assert_allclose(even, 2)


def test_states_are_left_for_what_is_worth_it():
    # Being in the wrong one costs 1 a frame: three frames of another are worth two changes of 1.
    right = np.array([0, 0, 0, 1, 0, 0, 2, 2, 2, 0, 0])
    costs = 1.0 - np.eye(3)[right]
    assert settled(costs, 1.0).tolist() == [0] * 6 + [2] * 3 + [0] * 2
    assert settled(costs, 2.0).tolist() == [0] * 11
    assert settled(costs, 0.4).tolist() == right.tolist()
    # A change back is saved where none follows.
    assert settled(costs[:8], 1.5).tolist() == [0] * 6 + [2] * 2
    assert settled(costs[:1], 9.0).tolist() == [0]
    # Whatever can be chosen costs no less.
    rng = np.random.default_rng(0)
    costs = rng.random((6, 3))
    price = lambda path: costs[range(6), path].sum() + 0.3 * np.count_nonzero(np.diff(path))  # noqa: E731
    best = min(price(np.array(path)) for path in itertools.product(range(3), repeat=6))
    assert price(settled(costs, 0.3)) == pytest.approx(best)


def test_long_gaps_are_led_across():
    frames = np.arange(40.0)
    values, weights = np.stack([frames, 5 + 0 * frames], axis=1), np.ones(40)
    weights[10:30] = 0
    values[10:30] = -1e3
    # Of 9 and 30 nothing but the way between them is known.
    straight = straightened(values, weights, 3)
    np.testing.assert_allclose(straight, np.stack([frames, 5 + 0 * frames], axis=1), atol=1e-6)
    level = smoothed(values, weights, 3)[14:26]
    np.testing.assert_allclose(level, np.stack([frames, 5 + 0 * frames], axis=1)[14:26], atol=1e-6)
    # Where nothing is known at all nothing is changed.
    nobody = smoothed(np.full((9, 1), 7.0), np.zeros(9), 3)
    np.testing.assert_allclose(nobody, 7)
