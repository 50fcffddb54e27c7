import jax.numpy as jnp
import numpy as np
import pytest

from gait_jax.models import layout


def _column(*values) -> jnp.ndarray:
    """A contour [1, P, 2] with these x and y = -x."""
    x = jnp.array(values, jnp.float32)
    return jnp.stack([x, -x], axis=-1)[None]


def test_valid_mask():
    mask = layout.valid_mask(jnp.array([[0, 2], [3, 5]]), 4)
    np.testing.assert_array_equal(
        mask, [[[0, 0, 0, 0], [1, 1, 0, 0]], [[1, 1, 1, 0], [1, 1, 1, 1]]]
    )
    assert mask.dtype == jnp.float32


def test_stretch_spreads_half_of_the_points_over_all():
    # 0 4 8 20 closed: halves between each two, and between 20 and 0. Beyond the count stands 99.
    contours = _column(0, 4, 8, 20, 99, 99, 99, 99)
    stretched = layout.stretch(contours, jnp.array([4]), 8)
    right = _column(0, 2, 4, 6, 8, 14, 20, 10)
    np.testing.assert_allclose(stretched, right, atol=1e-6)
    # Whatever room there was beyond.
    cut = layout.stretch(contours[:, :5], jnp.array([4]), 8)
    np.testing.assert_allclose(cut, right, atol=1e-6)


def test_stretch_of_three_of_four_points():
    # Positions 0, 0.75, 1.5, 2.25 on 0 4 8 and back to 0: 8 · 0.75 + 0 · 0.25 = 6.
    stretched = layout.stretch(_column(0, 4, 8, 99), jnp.array([3]), 4)
    np.testing.assert_allclose(stretched, _column(0, 3, 6, 6), atol=1e-6)


def test_stretch_of_a_single_point():
    np.testing.assert_allclose(
        layout.stretch(_column(7, 9, 9, 9), jnp.array([1]), 4), _column(7, 7, 7, 7)
    )


def test_stretch_of_a_whole_contour_is_the_identity():
    contours = jnp.asarray(np.random.default_rng(0).normal(size=(2, 37, 2)), jnp.float32)
    np.testing.assert_array_equal(layout.stretch(contours, jnp.array([37, 37]), 37), contours)
    np.testing.assert_array_equal(layout.lay_out(contours, jnp.array([37, 37]), 37), contours)


def test_lay_out_puts_every_second_point_on_the_first_half():
    contours, counts = _column(0, 2, 4, 6, 8, 14, 20, 10), jnp.array([4])
    laid = layout.lay_out(contours, counts, 8)
    np.testing.assert_allclose(laid, _column(0, 4, 8, 20, 0, 0, 0, 0), atol=1e-6)
    np.testing.assert_allclose(
        layout.lay_out(contours, counts, 5), _column(0, 4, 8, 20, 0), atol=1e-6
    )


def test_lay_out_on_three_of_four_points():
    # Positions 0, 4/3, 8/3: 3 + 1/3 · 3 = 4 and 6 + 2/3 · 3 = 8.
    laid = layout.lay_out(_column(0, 3, 6, 9), jnp.array([3]), 4)
    np.testing.assert_allclose(laid, _column(0, 4, 8, 0), atol=1e-5)


def test_contours_of_one_batch_have_their_own_counts():
    contours = jnp.concatenate([_column(0, 4, 8, 20), _column(1, 5, 9, 9)])
    stretched = layout.stretch(contours, jnp.array([4, 2]), 4)
    np.testing.assert_allclose(stretched[0], _column(0, 4, 8, 20)[0])
    np.testing.assert_allclose(stretched[1], _column(1, 3, 5, 3)[0])


@pytest.mark.parametrize("count", [150, 200, 299])
def test_smooth_contours_come_back(count):
    points = 300
    t = 2 * np.pi * np.arange(count) / count
    smooth = np.stack([0.2 * np.cos(t) + 0.05 * np.cos(3 * t), 0.5 * np.sin(t)], axis=-1)
    contours = jnp.zeros((1, points, 2)).at[0, :count].set(smooth)
    counts = jnp.array([count])
    back = layout.lay_out(layout.stretch(contours, counts, points), counts, points)
    # Two linear interpolations between points h = 2 π / count apart: each errs by at most
    # h² / 8 · |second derivative|, which is at most 0.2 + 9 · 0.05 = 0.65.
    np.testing.assert_allclose(back, contours, atol=2 * (2 * np.pi / count) ** 2 / 8 * 0.65)
    assert not back[0, count:].any()


def test_pool_leaves_invalid_points_out():
    # Runs of two: (1 + 3) / 2 whole, 5 alone, nothing.
    contours = _column(1, 3, 5, 99, 99, 99)
    means, share = layout.pool(contours, jnp.array([[1.0, 1, 1, 0, 0, 0]]), 2)
    np.testing.assert_allclose(means, _column(2, 5, 0))
    np.testing.assert_allclose(share, [[1, 0.5, 0]])


def test_pool_of_single_points_masks_them():
    means, share = layout.pool(_column(1, 3, 99), jnp.array([[1.0, 1, 0]]), 1)
    np.testing.assert_allclose(means, _column(1, 3, 0))
    np.testing.assert_allclose(share, [[1, 1, 0]])
