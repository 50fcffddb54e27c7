import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gait_jax.gait import silhouette
from gait_jax.gait.silhouette import CUT_OFF, NO_PERSON, TOO_SMALL, CleanSettings

_SHAPE = (180, 200)


def _body() -> np.ndarray:
    """Torso and legs in one piece: rows 40..140 (101 high), 21·51 + 2·8·50 = 1871 pixels."""
    mask = np.zeros(_SHAPE, np.uint8)
    mask[40:91, 80:101] = 1
    mask[91:141, 80:88] = 1
    mask[91:141, 93:101] = 1
    return mask


def _block(height: int, width: int) -> np.ndarray:
    mask = np.zeros((200, 200), np.uint8)
    mask[40 : 40 + height, 60 : 60 + width] = 1
    return mask


def test_binarize_thresholds_at_half_of_full_scale():
    image = np.array([[0, 1, 127], [128, 200, 255]], np.uint8)
    np.testing.assert_array_equal(silhouette.binarize(image), [[0, 0, 0], [1, 1, 1]])


def test_binarize_takes_a_bool_mask_as_it_is():
    mask = silhouette.binarize(np.array([[True, False]]))
    assert mask.dtype == np.uint8
    np.testing.assert_array_equal(mask, [[1, 0]])


def test_binarize_takes_an_image_of_zeros_and_ones_for_a_mask():
    image = np.array([[0, 1], [1, 0]], np.uint8)
    np.testing.assert_array_equal(silhouette.binarize(image), image)
    np.testing.assert_array_equal(silhouette.binarize(np.zeros((2, 2), np.uint8)), np.zeros((2, 2)))


def test_clean_keeps_a_body_that_is_whole():
    # The closing (5 × 5 ellipse) may round the crotch, no more than the corners of its five
    # columns.
    cleaned = silhouette.clean(_body())
    added = cleaned.astype(int) - _body()
    assert added.min() == 0
    assert added.sum() <= 5 * 2
    assert added[:88].sum() == 0


def test_clean_treats_any_value_above_zero_as_inside():
    cleaned = silhouette.clean(_body())
    np.testing.assert_array_equal(silhouette.clean(255 * _body()), cleaned)
    np.testing.assert_array_equal(silhouette.clean(_body() > 0), cleaned)


def test_clean_drops_specks():
    # 0.004 · 1871 = 7.48 pixels; both lie three rows above the torso, which seven pixels would
    # reach over: 0.7 · 101 · sqrt(7 / 1871) = 4.3.
    raw = _body()
    raw[36, 85:92] = 1
    np.testing.assert_array_equal(silhouette.clean(raw), silhouette.clean(_body()))
    raw[36, 85:93] = 1
    assert silhouette.clean(raw)[36, 85:93].all()


@pytest.mark.parametrize(
    "kept, dropped", [(slice(110, 126), slice(110, 127)), (slice(55, 71), slice(54, 71))]
)
def test_clean_drops_a_ghost_beside_the_body(kept, dropped):
    # It may stick out 0.25 · 101 = 25.25 beside columns 80..100: from 55 to 125.
    raw = _body()
    raw[60:100, dropped] = 1
    np.testing.assert_array_equal(silhouette.clean(raw), silhouette.clean(_body()))
    raw = _body()
    raw[60:100, kept] = 1
    assert silhouette.clean(raw)[60:100, kept].all()


def test_clean_drops_a_ghost_far_above():
    # 100 pixels: share 100/1871, reach 0.7 · 101 · sqrt(0.0534) = 16.3 rows; gaps of 16 and 17.
    for gap, kept in ((16, True), (17, False)):
        raw = _body()
        raw[40 - gap - 10 : 40 - gap, 85:95] = 1
        cleaned = silhouette.clean(raw)
        assert cleaned[40 - gap - 10 : 40 - gap, 85:95].all() == kept
        assert cleaned[: 40 - gap].any() == kept


def test_clean_keeps_a_detached_head():
    raw = _body()
    cv2.circle(raw, (90, 24), 8, 1, -1)
    head = raw[:40].copy()
    cleaned = silhouette.clean(raw)
    assert (cleaned[:40] >= head).all()
    # Eight rows lie between head and torso: more than the closing mends.
    assert not cleaned[34:39].any()


def test_clean_keeps_a_torso_lost_by_a_wide_gap():
    # The torso is the largest piece (21 · 51 = 1071, 51 high), the legs' share is 840/1071 and
    # their reach 0.7 · 51 · sqrt(0.784) = 31.6 rows.
    raw = np.zeros(_SHAPE, np.uint8)
    raw[20:71, 80:101] = 1
    raw[100:140, 80:101] = 1
    assert silhouette.clean(raw).sum() == 21 * 51 + 21 * 40


def test_clean_reaches_a_foot_over_a_leg_that_only_it_is_near_to():
    # A torso 75 high, a leg 10 below it and a foot 8 below the leg: the foot, 40/1575 of the torso,
    # reaches 0.7 · 75 · sqrt(0.0254) = 8.4 rows, to the leg alone.
    raw = np.zeros(_SHAPE, np.uint8)
    raw[10:85, 80:101] = 1
    raw[95:120, 84:96] = 1
    raw[128:132, 84:94] = 1
    assert silhouette.clean(raw)[128:132, 84:94].all()
    raw[95:120] = 0
    assert not silhouette.clean(raw)[128:132].any()


@pytest.mark.parametrize("size, filled", [((4, 4), True), ((1, 17), False)])
def test_clean_fills_holes_up_to_their_limit(size, filled):
    # 100 pixels high: the limit is (0.04 · 100)² = 16 pixels.
    raw = _block(100, 30)
    raw[80 : 80 + size[0], 65 : 65 + size[1]] = 0
    expected = _block(100, 30) if filled else raw
    np.testing.assert_array_equal(silhouette.clean(raw, CleanSettings(closing=0)), expected)


def test_clean_keeps_a_large_hole_through_the_closing():
    raw = _block(100, 30)
    raw[80:100, 68:82] = 0
    cleaned = silhouette.clean(raw)
    # All but what a 5 × 5 ellipse cannot reach: at most three pixels in each of four corners.
    assert 20 * 14 - 4 * 3 <= (cleaned[80:100, 68:82] == 0).sum() <= 20 * 14
    assert cleaned.sum() >= 100 * 30 - 20 * 14


def test_clean_mends_a_crack():
    # Both pieces are 48 high: radius round(0.04 · 48 / 2) = 1 closes a crack of two rows.
    raw = _block(98, 30)
    raw[88:90] = 0
    cleaned = silhouette.clean(raw)
    assert cleaned[88:90, 61:89].all()


@pytest.mark.parametrize("settings_", [CleanSettings(), CleanSettings(closing=0, hole=0)])
def test_clean_leaves_empty_empty(settings_):
    empty = np.zeros((20, 30), np.uint8)
    cleaned = silhouette.clean(empty, settings_)
    assert cleaned.shape == (20, 30)
    assert not cleaned.any()


def test_clean_leaves_its_input_alone():
    raw = _body()
    raw[5, 5] = 1
    before = raw.copy()
    cleaned = silhouette.clean(raw)
    np.testing.assert_array_equal(raw, before)
    cleaned[:] = 1
    np.testing.assert_array_equal(raw, before)


def _ragged(seed: int) -> np.ndarray:
    """A small body with holes, specks and a loose head, touching all four sides of its picture."""
    rng = np.random.default_rng(seed)
    raw = np.zeros((60, 30), np.uint8)
    raw[16:60, 8:20] = 1
    raw[0:12, 10:18] = 1
    raw[40:60, 0:8] = 1
    raw[20:24, 20:30] = 1
    raw ^= (rng.random(raw.shape) < 0.05).astype(np.uint8)
    return raw


@settings(deadline=None, derandomize=True, max_examples=40)
@given(st.integers(0, 1000), st.integers(0, 40), st.integers(0, 40))
def test_clean_does_not_depend_on_where_in_the_frame_the_person_stands(seed, top, left):
    raw = _ragged(seed)
    placed = np.zeros((100, 70), np.uint8)
    placed[top : top + 60, left : left + 30] = raw
    expected = np.zeros_like(placed)
    expected[top : top + 60, left : left + 30] = silhouette.clean(raw)
    np.testing.assert_array_equal(silhouette.clean(placed), expected)


def test_cleaning_twice_changes_next_to_nothing():
    changed = []
    for seed in range(100):
        once = silhouette.clean(_ragged(seed))
        changed.append((once != silhouette.clean(once)).sum() / once.sum())
    # Nothing for nearly all; at worst 9 of 850, where an outline folds over itself.
    assert np.mean(changed) < 0.0005
    assert np.max(changed) < 0.011


def test_flaw_of_an_empty_mask():
    assert silhouette.flaw(np.zeros((50, 50), np.uint8)) == NO_PERSON == "no person"


def test_flaw_of_a_person_of_too_few_rows():
    assert silhouette.flaw(_block(23, 10)) == TOO_SMALL == "person too small"
    assert silhouette.flaw(_block(24, 10)) is None


@pytest.mark.parametrize("column", [0, -1])
def test_flaw_of_a_person_cut_off_at_a_side(column):
    # Of 50 rows, 6 (0.12) may lie on the left or right border; 7 (0.14) are a cut.
    mask = np.zeros((80, 40), np.uint8)
    mask[10:60, 10:30] = 1
    mask[30:36, column] = 1
    assert silhouette.flaw(mask) is None
    mask[36, column] = 1
    assert silhouette.flaw(mask) == CUT_OFF == "person cut off by the border"


@pytest.mark.parametrize("row", [0, -1])
def test_flaw_of_an_upright_person_cut_off_above_or_below(row):
    # Upright: up to half of the width (20) may touch; a waist of 11 is a cut, feet are not.
    mask = np.zeros((60, 40), np.uint8)
    mask[2:58, 10:30] = 1
    mask[: 2 if row == 0 else 0, 12:14] = 1
    mask[row, 10:20] = 1
    assert silhouette.flaw(mask) is None
    mask[row, 20] = 1
    assert silhouette.flaw(mask) == CUT_OFF


def test_feet_may_stand_on_the_lower_edge():
    mask = np.zeros((60, 40), np.uint8)
    mask[5:40, 10:30] = 1
    mask[40:60, 12:16] = 1
    mask[40:60, 24:28] = 1
    # Eight of twenty columns.
    assert silhouette.flaw(mask) is None


def test_flaw_of_a_wide_blob_on_the_lower_edge():
    # Wider than high: nobody stands there; only 0.12 of the width may touch (7.2 of 60).
    mask = np.zeros((60, 80), np.uint8)
    mask[25:59, 10:70] = 1
    mask[59, 10:17] = 1
    assert silhouette.flaw(mask) is None
    mask[59, 17] = 1
    assert silhouette.flaw(mask) == CUT_OFF


def test_folds_are_filled_and_gaps_kept():
    body = np.zeros((30, 30), np.uint8)
    body[5:25, 5:25] = 1
    body[15:20, 10:13] = 0
    mask = body.copy()
    # A hole of four pixels where the body is whole, and the gap that it has.
    mask[8:10, 8:10] = 0
    mask[15:20, 10:14] = 0
    expected = mask.copy()
    expected[8:10, 8:10] = 1
    np.testing.assert_array_equal(silhouette.fill_folds(mask, body), expected)
    # Open to the outside it is no hole.
    mask[:10, 8:10] = 0
    np.testing.assert_array_equal(silhouette.fill_folds(mask, body), mask)


def test_the_largest_region_alone():
    mask = np.zeros((8, 12), np.uint8)
    mask[1:4, 1:4], mask[5, 5] = 1, 1
    # Corner to corner is one region.
    mask[4, 4] = 1
    expected = mask.copy()
    assert (silhouette.largest(mask) == expected).all()
    mask[1:3, 9:11] = 1
    np.testing.assert_array_equal(silhouette.largest(mask), expected)
