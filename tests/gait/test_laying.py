import numpy as np
import pytest

from gait_jax.gait.laying import apart, moved


def _person(top, left, height=40, width=10, shape=(80, 120)):
    mask = np.zeros(shape, np.uint8)
    mask[top : top + height, left : left + width] = 1
    return mask


@pytest.mark.parametrize(
    ("right", "down", "expected"),
    [
        (25, 0, (25, 0)),
        (-25, 0, (-25, 0)),
        (3, -4, (3, -4)),
        (0, 4, (0, 4)),
        # 3.6 pixels are less than a tenth of 40.
        (3, 2, (0, 0)),
        (0, 0, (0, 0)),
    ],
)
def test_how_far_somebody_stands_from_the_original(right, down, expected):
    assert apart(_person(20, 50), _person(20 + down, 50 + right)) == expected


def test_what_is_torn_off_the_original_hardly_matters():
    torn = _person(20, 50)
    # Six rows of the head: the median is lower by half of them.
    torn[20:26] = 0
    assert apart(torn, _person(20, 80)) == (30, -3)
    # Two rows of 40 are gone: the middle is one lower, less than a tenth of 38 rows.
    torn = _person(20, 50)
    torn[20:22] = 0
    assert apart(torn, _person(20, 50)) == (0, 0)


def test_nobody_stands_apart_from_nobody():
    nobody = np.zeros((80, 120), np.uint8)
    assert apart(nobody, _person(20, 50)) == apart(_person(20, 50), nobody) == (0, 0)


def test_a_moved_picture_goes_on_at_its_border():
    picture = np.arange(12).reshape(3, 4)
    assert moved(picture, 1, 0).tolist() == [[0, 0, 1, 2], [4, 4, 5, 6], [8, 8, 9, 10]]
    assert moved(picture, 0, -2).tolist() == [[8, 9, 10, 11]] * 3
    assert moved(picture, 0, 0) is picture
    # Further than it reaches.
    assert moved(picture, -9, 0).tolist() == [[3] * 4, [7] * 4, [11] * 4]
    colours = np.stack([picture, -picture], axis=-1)
    np.testing.assert_array_equal(moved(colours, 1, -1)[..., 0], moved(picture, 1, -1))


def test_an_original_comes_to_lie_under_who_stands_apart():
    original, other = _person(20, 50), _person(26, 30)
    np.testing.assert_array_equal(moved(original, *apart(original, other)), other)
