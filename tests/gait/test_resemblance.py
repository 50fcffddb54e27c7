import numpy as np
import pytest

from gait_jax.gait import resemblance


def _block(rows, columns, top=3, left=5):
    mask = np.zeros((rows + 10, columns + 30), np.uint8)
    mask[top : top + rows, left : left + columns] = 1
    return mask


def test_contour_distance_by_hand():
    a = np.array([[0.0, 0.0], [1.0, 0.0]])
    b = np.array([[0.0, 0.0], [0.0, 3.0]])
    # From a: 0 and 1; from b: 0 and 3.
    assert resemblance.contour_distance(a, b) == 1.0
    assert resemblance.contour_distance(a, a) == 0.0


def test_shapes_are_compared_wherever_they_stand_and_however_tall():
    distance, overlap = resemblance.compare(_block(41, 21), _block(81, 41, 9, 20))
    assert distance < 0.003 and overlap > 0.97


def test_a_wider_block_by_hand():
    # Outlines are 40 tall, 20 and 30 wide. Of the narrow one's 120, each side is 5 off, less near
    # the ends: 2 · (30 · 5 + 2 · 12.5); of the wide one's 140, sides are 5 off and the four ends of
    # top and bottom 2.5 in the mean: 80 · 5 + 4 · 12.5.
    distance, overlap = resemblance.compare(_block(41, 21), _block(41, 31))
    assert distance == pytest.approx((350 / 120 + 450 / 140) / 2 / 40, rel=0.02)
    assert overlap == pytest.approx(65 / 97, abs=0.01)
