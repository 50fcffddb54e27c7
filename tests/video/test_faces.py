import cv2
import jointed
import numpy as np
import pytest

from gait_jax.gait.limbs import JOINTS, Limbs
from gait_jax.video.faces import blurred


def noisy():
    """Somebody with a pattern all over, on a white wall: (picture, mask, limbs)."""
    limbs = jointed.limbs(arms=20)
    _, mask = jointed.drawn(limbs)
    pattern = np.random.default_rng(0).integers(0, 2, (*mask.shape, 1)) * 120
    pattern = pattern.repeat(3, axis=2).astype(np.uint8)
    return np.where(mask[..., None] > 0, pattern, np.uint8(255)), mask, limbs


def around(limbs, joint, reach=9):
    x, y = np.rint(limbs.joint(joint)[:2]).astype(int)
    return np.s_[y - reach : y + reach, x - reach : x + reach]


def test_a_head_is_blurred_and_nothing_else():
    picture, mask, limbs = noisy()
    before = picture.copy()
    result = blurred(picture, mask, limbs)
    np.testing.assert_array_equal(picture, before)
    face = around(limbs, "head", 6)
    # A pattern of 60 ± 60; the mean over some 100 pixels.
    assert picture[face].std() > 55 and result[face].std() < 15
    np.testing.assert_allclose(result[face].mean(), 60, atol=12)
    x, y, _, tall = cv2.boundingRect(mask)
    below = np.arange(len(mask)) > y + 0.2 * tall
    np.testing.assert_array_equal(result[below], picture[below])


def test_neither_runs_the_wall_into_the_head_nor_the_head_into_the_wall():
    picture, mask, limbs = noisy()
    result = blurred(picture, mask, limbs)
    # No pixel of the pattern is above 120, and no blurred one is.
    assert result[mask > 0].max() <= 120
    far = cv2.dilate(mask, np.ones((7, 7), np.uint8)) == 0
    np.testing.assert_array_equal(result[far], picture[far])


def test_shoulders_stay_where_the_joints_say_where_the_head_is():
    picture, mask, limbs = noisy()
    x, y = np.rint(limbs.joint("head")[:2]).astype(int)
    beside = np.s_[y - 4 : y + 14, x + 22 : x + 40]
    mask[beside] = 1
    picture[beside] = np.random.default_rng(1).integers(0, 2, (18, 18, 1)) * 120
    np.testing.assert_array_equal(blurred(picture, mask, limbs)[beside], picture[beside])
    assert (blurred(picture, mask)[beside] != picture[beside]).any()


def test_without_joints_the_top_is_blurred():
    picture, mask, limbs = noisy()
    assert blurred(picture, mask)[around(limbs, "head", 6)].std() < 15


def test_a_spur_above_a_head_is_not_its_top():
    picture, mask, limbs = noisy()
    mask[8:40, 100:102] = 1
    chin = np.s_[int(limbs.joint("head")[1]) + 4 : int(limbs.joint("head")[1]) + 9, 95:105]
    assert picture[chin].std() > 55 and blurred(picture, mask)[chin].std() < 25


@pytest.mark.parametrize("right", [70, 4000])
def test_where_the_joints_err_the_top_is_blurred_too(right):
    picture, mask, limbs = noisy()
    points = limbs.points.copy()
    points[JOINTS.index("head"), 0] += right
    assert blurred(picture, mask, Limbs(points))[around(limbs, "head", 6)].std() < 15


def test_a_head_that_is_not_at_the_top_is_blurred():
    # Somebody holds an arm up.
    limbs = jointed.limbs(arms=180, at=(100.0, 60.0))
    _, mask = jointed.drawn(limbs)
    pattern = np.random.default_rng(0).integers(0, 2, (*mask.shape, 1)) * 120
    picture = pattern.repeat(3, axis=2).astype(np.uint8)
    face = around(limbs, "head", 6)
    assert blurred(picture, mask, limbs)[face].std() < 15


def test_nobody_is_nobody():
    picture = np.full((20, 20, 3), 9, np.uint8)
    np.testing.assert_array_equal(blurred(picture, np.zeros((20, 20), np.uint8)), picture)
