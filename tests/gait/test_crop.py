import numpy as np
import pytest

from gait_jax.gait.crop import Crop


def _person(top, left, height, width, shape=(60, 80)):
    mask = np.zeros(shape, np.uint8)
    mask[top : top + height, left : left + width] = 1
    return mask


def test_the_box_reaches_beyond_the_person_and_ends_at_the_border():
    # A tenth of 20 rows on each side; the left side has room for one column only.
    assert Crop.around(_person(10, 1, 20, 8), 0.1) == Crop(left=0, top=8, width=11, height=24)
    assert Crop.around(_person(0, 0, 60, 80), 0.1) == Crop(0, 0, 80, 60)
    with pytest.raises(ValueError, match="an empty mask has no box"):
        Crop.around(np.zeros((4, 4), np.uint8), 0.1)


def test_a_square_is_the_box_between_zeros():
    picture = np.arange(60 * 80, dtype=np.uint16).astype(np.uint8).reshape(60, 80) | 1
    square = Crop(left=5, top=10, width=4, height=10).cut(picture, 10)
    np.testing.assert_array_equal(square[:, 3:7], picture[10:20, 5:9])
    assert not square[:, :3].any() and not square[:, 7:].any()
    # A lying box is padded above and below.
    square = Crop(left=5, top=10, width=10, height=4).cut(picture, 10)
    np.testing.assert_array_equal(square[3:7], picture[10:14, 5:15])
    assert not square[:3].any() and not square[7:].any()


def test_cut_and_back_are_inverse_where_nothing_is_scaled():
    picture = np.random.default_rng(0).integers(0, 256, (60, 80, 3)).astype(np.uint8)
    crop = Crop(left=7, top=3, width=9, height=32)
    back = crop.back(crop.cut(picture, 32).astype(np.float32))
    np.testing.assert_array_equal(back, picture[crop.box])


@pytest.mark.parametrize("size", [16, 64])
def test_scaling_keeps_a_mask_in_its_place(size):
    mask = _person(10, 20, 32, 12)
    crop = Crop.around(mask, 0.0)
    square = crop.cut(mask, size)
    assert set(np.unique(square)) == {0, 1}
    # 12 of 32 columns.
    assert square.sum() == pytest.approx(size * size * 12 / 32, rel=0.15)
    assert crop.back(square.astype(np.float32)).shape == (32, 12)
