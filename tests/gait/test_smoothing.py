"""Smooth and coarse numbers, by hand."""

import numpy as np

from gait_jax.gait.smoothing import binned, eased, smoothed, straightened


def test_a_bin_is_held_until_it_is_left_by_far():
    assert binned(np.array([0.0, 8, 10, 12, 14, 12, 8, 4]), 18.0, 0.25).tolist() == [
        *(0.0, 0, 0, 0, 18, 18, 18, 0)
    ]


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
