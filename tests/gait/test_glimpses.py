import numpy as np
import pytest

from gait_jax.gait import glimpses
from gait_jax.gait.glimpses import COLUMNS, MOTION, ROWS, glimpse, motion, stacked


def _bar(x, y, width, height, shape=(240, 320)):
    mask = np.zeros(shape, np.uint8)
    mask[y : y + height, x : x + width] = 1
    return mask


def test_a_glimpse_says_where_somebody_stands_and_how_large():
    seen = glimpse(_bar(100, 40, 21, 160), corner=(1000, 500))
    # Middle of columns 100 to 120, and the last of 160 rows.
    assert (seen.x, seen.y, seen.width, seen.height) == (1110.0, 699.0, 21, 160)
    assert seen.crop.shape == (ROWS, COLUMNS) and seen.crop.dtype == np.uint8


@pytest.mark.parametrize("scale", [1, 2, 5])
def test_the_crop_does_not_depend_on_size_and_place(scale):
    body = np.zeros((64, 40), np.uint8)
    body[:, 16:24] = 1
    body[20:28, 24:34] = 1
    known = glimpse(np.pad(body, 3)).crop.astype(int)
    large = np.repeat(np.repeat(body, scale, 0), scale, 1)
    moved = glimpse(np.pad(large, ((11, 3), (50, 4)))).crop.astype(int)
    # Only along the outline.
    assert np.abs(moved - known).mean() < 6
    # 64 rows become 32: the trunk is four columns wide, the arm five columns more and four rows.
    assert known[2].sum() == pytest.approx(4 * 255, abs=30)
    assert known[12].sum() == pytest.approx(9 * 255, abs=60)


def test_nobody_shows_nothing():
    with pytest.raises(ValueError, match="shows nobody"):
        glimpse(np.zeros((10, 10), np.uint8))


def test_movement_by_hand():
    """100 pixels tall, 4 to the right and 2 down a frame, 1 % larger each, 25 frames a second."""
    frames = np.arange(30)
    height = 100 * 1.01**frames
    boxes = np.stack([50 + 4 * frames, 80 + 2.0 * frames, 0.4 * height, height], axis=1)
    found = motion(boxes, np.ones(30), 25.0)
    assert found.shape == (30, MOTION)
    t = 15
    wanted = [4 * 25 / height[t], 2 * 25 / height[t], 25 * np.log(1.01)]
    np.testing.assert_allclose(found[t], [*wanted, *wanted, 0.4], rtol=1e-5)
    # Twice as many frames a second, each half as far: the same.
    half = motion(boxes[::2], np.ones(15), 12.5)
    np.testing.assert_allclose(half[7, :3], found[14, :3], rtol=1e-3)


def test_gaps_are_bridged_and_say_nothing_themselves():
    frames = np.arange(20.0)
    boxes = np.stack([10 * frames, 0 * frames + 90, 0 * frames + 20, 0 * frames + 50], axis=1)
    seen = np.ones(20)
    seen[8:11] = 0
    boxes[8:11] = 1e6
    found = motion(boxes, seen, 25.0)
    assert (found[8:11] == 0).all()
    # 10 pixels a frame are 250 a second, 5 heights: clipped.
    assert (found[seen > 0, 0] == 4).all() and (found[seen > 0, 1] == 0).all()
    assert (motion(boxes, np.zeros(20), 25.0) == 0).all()


def test_a_walk_in_arrays_has_gaps_where_nobody_was_seen():
    one = glimpse(_bar(100, 40, 20, 160))
    walk = stacked([one, None, one])
    assert walk["seen"].tolist() == [1, 0, 1]
    np.testing.assert_array_equal(walk["crops"][1], 0)
    np.testing.assert_array_equal(walk["boxes"][2], [109.5, 199, 20, 160])


def test_kinds_are_numbered():
    kinds = (glimpses.WALKING, glimpses.STANDING, glimpses.NEITHER)
    assert sorted(kinds) == [*range(glimpses.KINDS)]
