import jax.numpy as jnp
import numpy as np
import pytest

from gait_jax.models import spline


@pytest.mark.parametrize("factor", [1, 4, 5])
def test_basis_at_a_knot_and_its_sums(factor):
    weights = spline.basis(factor)
    assert weights.dtype == np.float32
    np.testing.assert_allclose(weights[:, 0], np.array([1, 4, 1, 0]) / 6, atol=1e-7)
    np.testing.assert_allclose(weights.sum(0), np.ones(factor), atol=1e-6)


def test_basis_halfway_between_two_knots():
    # t = 1/2: 1/8; 3/8 - 6/4 + 4 = 23/8; -3/8 + 3/4 + 3/2 + 1 = 23/8; 1/8; all over 6.
    np.testing.assert_allclose(spline.basis(2)[:, 1], np.array([1, 23, 23, 1]) / 48, atol=1e-7)


def test_curve_around_one_control_point():
    # One control point 48 among zeros; two points a control point. Its four neighbouring spans have
    # at t = 0 and 1/2: 48 · (0, 1/48), (1/6, 23/48), (4/6, 23/48), (1/6, 1/48).
    control = jnp.zeros((1, 6, 1)).at[0, 3, 0].set(48)
    expected = [0, 0, 0, 1, 8, 23, 32, 23, 8, 1, 0, 0]
    for cyclic in (True, False):
        points = spline.curve(control, 2, cyclic)
        np.testing.assert_allclose(points[0, :, 0], expected, atol=1e-5)


def test_a_cyclic_curve_goes_on_from_its_end_to_its_start():
    # The same control point, now the first one: half of what it reaches lies at the end.
    control = jnp.zeros((1, 6, 1)).at[0, 0, 0].set(48)
    expected = [32, 23, 8, 1, 0, 0, 0, 0, 0, 1, 8, 23]
    np.testing.assert_allclose(spline.curve(control, 2, True)[0, :, 0], expected, atol=1e-5)


def test_an_open_curve_repeats_its_end_points():
    # First point: (0 + 4 · 0 + 6) / 6 with the point before repeated; last ones between 12 and 12.
    control = jnp.array([0.0, 6, 12]).reshape(1, 3, 1)
    points = spline.curve(control, 1, False)[0, :, 0]
    # (0 + 0 + 6) / 6, (0 + 24 + 12) / 6, (6 + 48 + 12) / 6.
    np.testing.assert_allclose(points, [1, 6, 11], atol=1e-5)


@pytest.mark.parametrize("cyclic", [True, False])
def test_a_constant_stays_one(cyclic):
    control = jnp.broadcast_to(jnp.array([0.3, -2.0]), (2, 5, 2))
    points = spline.curve(control, 4, cyclic)
    np.testing.assert_allclose(points, np.broadcast_to([0.3, -2.0], (2, 20, 2)), atol=1e-6)


def test_a_straight_line_stays_one_away_from_open_ends():
    # Control points at k; point 4 k + j at k + j / 4, but in the first span and the last two, where
    # end points repeat.
    control = jnp.arange(8.0).reshape(1, 8, 1)
    points = spline.curve(control, 4, False)[0, :, 0]
    np.testing.assert_allclose(points[4:24], np.arange(4, 24) / 4, atol=1e-5)
    assert abs(points[0] - 0) > 0.1


def test_a_cyclic_curve_commutes_with_rotation():
    control = jnp.asarray(np.random.default_rng(0).normal(size=(2, 7, 2)), jnp.float32)
    points = spline.curve(control, 3, True)
    rotated = spline.curve(jnp.roll(control, 2, axis=1), 3, True)
    np.testing.assert_allclose(rotated, jnp.roll(points, 6, axis=1), atol=1e-6)


def test_components_and_examples_do_not_mix():
    rng = np.random.default_rng(1)
    control = jnp.asarray(rng.normal(size=(2, 5, 2)), jnp.float32)
    whole = spline.curve(control, 2, True)
    for n in range(2):
        for c in range(2):
            alone = spline.curve(control[n : n + 1, :, c : c + 1], 2, True)
            np.testing.assert_allclose(whole[n, :, c], alone[0, :, 0], atol=1e-6)
