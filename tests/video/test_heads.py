import cv2
import numpy as np
import pytest
from drawn import draw_person

from gait_jax.video import people
from gait_jax.video.heads import heads


@pytest.mark.parametrize("phase", [0.0, 0.8, 1.6])
def test_one_person_has_one_head(phase):
    assert len(heads(draw_person(phase, 120) // 255)) == 1


def test_two_who_touch_have_two_heads_and_are_hidden_together():
    mask = np.zeros((120, 120), np.uint8)
    mask[30:110, 20:90] = 1  # A body of both.
    cv2.circle(mask, (35, 22), 9, 1, -1)
    cv2.circle(mask, (75, 26), 9, 1, -1)
    (left, upper), (right, lower) = heads(mask)
    assert left == pytest.approx(35, abs=1.5) and right == pytest.approx(75, abs=1.5)
    assert 13 <= upper <= 26 and 13 <= lower <= 26
    (found,) = people.find(np.pad(mask, 100))
    assert found.problem == people.OVERLAP


def test_a_raised_arm_is_no_head():
    mask = np.zeros((120, 80), np.uint8)
    mask[30:110, 25:50] = 1
    cv2.circle(mask, (37, 22), 9, 1, -1)
    mask[14:60, 54:58] = mask[40:44, 48:58] = 1  # Four pixels of a body of 97.
    assert len(heads(mask)) == 1
