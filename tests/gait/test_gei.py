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


def _walk(frames, cycle):
    """Legs that swing once a cycle, so that both steps look the same."""
    masks = [draw_person(2 * np.pi * i / cycle, 60) for i in range(frames)]
    return np.stack([gei.align(mask) for mask in masks])


def _limping(frames, cycle):
    """A walk whose two steps differ, seen from the front: one foot is lifted higher."""
    aligned = np.zeros((frames, 64, 64), np.uint8)
    aligned[:, :40, 22:42] = 255
    for i in range(frames):
        lift = np.sin(2 * np.pi * i / cycle)
        aligned[i, 40 : 60 - int(8 * max(lift, 0)), 22:30] = 255
        aligned[i, 40 : 60 - int(5 * max(-lift, 0)), 34:42] = 255
    return aligned


@pytest.mark.parametrize("cycle", [22, 26, 31.5])
@pytest.mark.parametrize("walk", [_walk, _limping])
def test_period_of_a_known_walk(walk, cycle):
    assert gei.gait_period(walk(90, cycle)) == pytest.approx(cycle, abs=0.5)


def test_what_does_not_move_or_is_too_short_has_no_period():
    still = np.repeat(_walk(1, 26), 60, axis=0)
    assert gei.gait_period(still) is None
    assert gei.gait_period(_walk(20, 26)) is None
    noise = np.random.default_rng(0).integers(256, size=(60, 64, 64), dtype=np.uint8)
    assert gei.gait_period(noise) is None


def test_cycles_follow_each_other_and_are_as_long_as_the_period():
    cycles = gei.gait_cycles(_walk(90, 26))
    # 90 / 26 = 3 whole cycles; of the 12 frames left over, 6 lie before them.
    assert [first for first, _ in cycles[1:]] == [last for _, last in cycles[:-1]]
    assert len(cycles) == 3 and cycles[0][0] in (5, 6, 7)
    assert all(25 <= last - first <= 27 for first, last in cycles)


def test_a_walk_without_a_cycle_is_one():
    assert gei.gait_cycles(_walk(15, 26)) == [(0, 15)]
