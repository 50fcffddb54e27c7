import numpy as np
import pytest

from gait_jax.video.steadiness import flicker


def body(top, left, colour, shape=(20, 30)):
    image, mask = np.zeros((*shape, 3), np.uint8), np.zeros(shape, np.uint8)
    image[top : top + 6, left : left + 4] = colour
    mask[top : top + 6, left : left + 4] = 1
    return image, mask


def test_whoever_only_moves_does_not_flicker():
    assert flicker(body(3, 5, (10, 20, 30)), body(9, 17, (10, 20, 30))) == (0.0, 0.0)
    # Nor in windows of different sizes.
    assert flicker(body(3, 5, 40), body(1, 2, 40, (9, 11))) == (0.0, 0.0)


def test_colour_counts_in_grey_levels():
    assert flicker(body(3, 5, (10, 20, 30)), body(3, 5, (13, 20, 24))) == (3.0, 0.0)


def test_outline_counts_as_what_is_not_shared():
    image, mask = body(3, 5, 50)
    taller = np.zeros_like(mask)
    taller[2:10, 5:9] = 1  # 32 pixels around the 24
    colour, outline = flicker((image, mask), (image, taller))
    assert outline == pytest.approx(1 - 24 / 32)
    assert colour == 0.0


def test_what_lies_beyond_the_other_window_counts():
    # 24 pixels in a window that has no room for the 48 of the frame before, of which it shares 24.
    image, mask = body(0, 0, 50, (6, 4))
    larger = np.zeros((20, 30), np.uint8)
    larger[4:10, 9:17] = 1
    colour, outline = flicker((np.full((20, 30, 3), 50, np.uint8), larger), (image, mask))
    assert (colour, outline) == (0.0, pytest.approx(0.5))
