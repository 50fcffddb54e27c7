"""What people wear, of bodies of two colours."""

import cv2
import numpy as np
import pytest

from gait_jax.video.clothes import unlike, worn

RED, GREEN, BLUE, GREY = (40, 40, 200), (40, 160, 40), (200, 60, 40), (120, 120, 120)


def _body(upper, lower):
    """(picture [100, 60, 3], mask) of a body 80 pixels tall."""
    picture, mask = np.full((100, 60, 3), 90, np.uint8), np.zeros((100, 60), np.uint8)
    mask[10:90, 20:40] = 1
    picture[10:50, 20:40], picture[50:90, 20:40] = upper, lower
    return picture, mask


def test_the_same_clothes_are_alike_in_other_light_and_others_are_not():
    picture, mask = _body(RED, BLUE)
    known = worn(picture, mask)
    assert known.shape[0] == 2
    np.testing.assert_allclose(known.sum(axis=1), 1, atol=1e-5)
    assert unlike(known, known) == pytest.approx(0, abs=1e-3)
    darker = worn((picture * 0.95).astype(np.uint8), mask)
    wider = worn(
        *(cv2.resize(a, (90, 100), interpolation=cv2.INTER_NEAREST) for a in (picture, mask))
    )
    assert unlike(known, wider) < 0.01
    # Of the four combinations both parts differ in one, and one of them in two.
    both = unlike(known, worn(*_body(GREEN, GREY)))
    one = unlike(known, worn(*_body(RED, GREY)))
    assert both > 0.9 and one == pytest.approx(both / 2, abs=0.05)
    assert unlike(known, darker) < one
    assert unlike(known, worn(*_body(BLUE, RED))) > 0.9


def test_what_lies_outside_of_the_body_does_not_count():
    picture, mask = _body(RED, BLUE)
    other = np.where(mask[..., None] > 0, picture, 255).astype(np.uint8)
    np.testing.assert_array_equal(worn(picture, mask), worn(other, mask))


def test_too_few_pixels_tell_nothing():
    picture, mask = _body(RED, BLUE)
    mask[:, 22:] = 0  # Two columns, which are rim alone.
    assert worn(picture, mask) is None
