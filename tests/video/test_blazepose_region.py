import math

import cv2
import numpy as np
import pytest

from gait_jax.video.blazepose_region import Region

# A quarter turn clockwise: what is up in the region is to the right in the picture.
_TURNED = Region(50.0, 40.0, 20.0, math.pi / 2)


def test_a_region_is_a_quarter_larger_than_the_circle_and_turned_as_the_person_leans():
    upright = Region.around(np.array([100.0, 80.0]), np.array([100.0, 40.0]))
    assert (upright.x, upright.y, upright.size, upright.angle) == (100, 80, 100, 0)
    leaning = Region.around(np.array([100.0, 80.0]), np.array([130.0, 40.0]))
    assert leaning.size == pytest.approx(125)
    # To the right, which is clockwise: atan(3/4).
    assert math.degrees(leaning.angle) == pytest.approx(36.8699, abs=1e-4)
    # The edge is 1/2/1.25 of the side above the middle.
    np.testing.assert_allclose(leaning.from_picture(np.array([130.0, 40.0])), [0.5, 0.1])


def test_points_go_to_the_picture_and_back():
    corners = np.array([[0.0, 0.0], [1.0, 0.0], [0.5, 0.5], [0.5, 0.0]])
    expected = [[60, 30], [60, 50], [50, 40], [60, 40]]
    np.testing.assert_allclose(_TURNED.to_picture(corners), expected, atol=1e-9)
    region = Region(31.7, 22.3, 47.0, 0.7)
    points = np.random.default_rng(0).uniform(-50, 100, (3, 4, 2))
    np.testing.assert_allclose(region.to_picture(region.from_picture(points)), points)


def test_a_window_ends_at_the_borders():
    assert _TURNED.window((100, 100, 3)) == (slice(30, 50), slice(40, 60))
    assert _TURNED.window((45, 55)) == (slice(30, 45), slice(40, 55))
    for shape in ((30, 100), (100, 40)):
        rows, columns = _TURNED.window(shape)
        assert (rows.start - rows.stop, columns.start - columns.stop) == (0, 0)
    assert Region(-20.0, 10.0, 10.0, 0.0).window((50, 50)) == (slice(0, 0), slice(0, 0))


def test_a_cut_holds_the_pixels_themselves_turned():
    picture = np.random.default_rng(0).integers(0, 256, (80, 100, 3), np.uint8)
    upright = Region(50.0, 40.0, 20.0, 0.0)
    np.testing.assert_array_equal(upright.cut(picture, 20), picture[30:50, 40:60])
    # Its upper side is the window's right one.
    turned = np.rot90(picture[30:50, 40:60])
    np.testing.assert_array_equal(_TURNED.cut(picture, 20), turned)
    # Beyond the border the last column goes on.
    beyond = Region(0.0, 40.0, 20.0, 0.0).cut(picture, 20)
    np.testing.assert_array_equal(beyond[:, 10:], picture[30:50, :10])
    np.testing.assert_array_equal(beyond[:, :10], np.repeat(picture[30:50, :1], 10, axis=1))
    assert not Region(-20.0, 40.0, 20.0, 0.0).cut(picture, 20).any()


def test_a_large_region_is_averaged_and_none_of_its_pixels_skipped():
    picture = np.zeros((256, 256, 3), np.uint8)
    picture[::4] = 200
    small = Region(128.0, 128.0, 256.0, 0.0).cut(picture, 32)
    np.testing.assert_array_equal(small, np.full_like(small, 50))


@pytest.mark.parametrize("angle", [0.0, 0.6, math.pi / 2])
@pytest.mark.parametrize("size", [20.0, 90.0, 700.0])
def test_what_is_pasted_lies_where_it_was_cut(angle, size):
    shape = (160, 200)
    region = Region(90.0, 70.0, size, angle)
    truth = np.zeros((*shape, 3), np.uint8)
    cv2.ellipse(truth, (90, 70), (int(size / 8) + 2, int(size / 4)), 20, 0, 360, [255] * 3, -1)
    cut = region.cut(truth, 256)[..., 0].astype(np.float32) / 255
    pasted = region.paste(cut, shape)
    rows, columns = region.window(shape)
    assert pasted.shape == (rows.stop - rows.start, columns.stop - columns.start)
    assert pasted.dtype == np.float32 and pasted.min() >= 0 and pasted.max() <= 1
    found, true = pasted > 0.5, truth[rows, columns, 0] > 0
    assert np.count_nonzero(found & true) / np.count_nonzero(found | true) >= 0.9
    # No shift to either side.
    middles = [np.argwhere(each).mean(axis=0) for each in (found, true)]
    np.testing.assert_allclose(*middles, atol=0.25 + size / 256 / 4)


def test_beyond_the_region_nothing_is_pasted():
    pasted = Region(50.0, 40.0, 20.0, math.pi / 4).paste(np.ones((64, 64), np.float32), (80, 100))
    # A square on its corner fills half of the window around it.
    assert pasted.mean() == pytest.approx(400 / pasted.size, rel=0.05)
    assert pasted[0, 0] == 0 and pasted[len(pasted) // 2, len(pasted) // 2] == 1
    assert Region(-30.0, 40.0, 20.0, 0.0).paste(np.ones((8, 8), np.float32), (80, 100)).size == 0
