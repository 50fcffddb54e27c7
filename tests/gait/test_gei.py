import cv2
import numpy as np
import pytest
from drawn import draw_person

from gait_jax.gait import gei


def test_alignment_by_hand():
    # Rows 3 to 6 hold the person; scaled from 4 to 4 rows, nothing is interpolated.
    mask = np.zeros((10, 12), np.uint8)
    mask[3:7, 6:9] = 1
    mask[6, 9] = 1
    # Columns 6, 7, 8 hold 4 pixels each, column 9 one: the half of 13 is reached in the second one
    # (4 + 4 > 6.5), which comes to lie at column 2 of 4.
    expected = np.array(
        [[0, 255, 255, 255], [0, 255, 255, 255], [0, 255, 255, 255], [0, 255, 255, 255]]
    )
    np.testing.assert_array_equal(gei.align(mask, 4), expected)


def test_fewer_columns_than_rows_are_those_in_the_middle():
    mask = draw_person(0.7, 90)
    whole, narrow = gei.align(mask, 32), gei.align(mask, 32, 22)
    assert narrow.shape == (32, 22) and not whole[:, :5].any() and not whole[:, 27:].any()
    np.testing.assert_array_equal(narrow, whole[:, 5:27])


def test_alignment_fills_the_rows_and_centres_the_mass():
    aligned = gei.align(draw_person(0.7, 90), 64)
    assert aligned.shape == (64, 64) and aligned.dtype == np.uint8
    assert aligned[0].any() and aligned[-1].any()
    columns = aligned.sum(axis=0, dtype=int)
    half = columns.sum() / 2
    assert columns[:32].sum() <= half < columns[:33].sum()


def test_alignment_knows_neither_place_nor_distance():
    near = draw_person(0.4, 40)
    moved = np.roll(near, (7, 35), axis=(0, 1))
    np.testing.assert_array_equal(gei.align(near), gei.align(moved))
    far = cv2.resize(near, None, fx=2, fy=2, interpolation=cv2.INTER_NEAREST)
    difference = np.abs(gei.align(near).astype(int) - gei.align(far)) > 127
    assert difference.mean() < 0.02


def test_a_person_wider_than_the_image_is_cut_on_both_sides():
    mask = np.ones((4, 40), np.uint8)
    np.testing.assert_array_equal(gei.align(mask, 8), np.full((8, 8), 255))


def test_an_empty_mask_is_refused():
    with pytest.raises(ValueError, match="empty"):
        gei.align(np.zeros((5, 5), np.uint8))


def test_energy_image_by_hand():
    frames = np.array([[[0, 255], [255, 10]], [[0, 0], [255, 11]], [[0, 0], [255, 13]]], np.uint8)
    # 255 / 3 = 85; (10 + 11 + 13) / 3 = 11.33.
    np.testing.assert_array_equal(gei.gait_energy_image(frames), [[0, 85], [255, 11]])
