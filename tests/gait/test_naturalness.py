import numpy as np
import pytest

from gait_jax.gait import footing, naturalness


def _block(top, left, height, width, shape=(40, 40)):
    mask = np.zeros(shape, np.uint8)
    mask[top : top + height, left : left + width] = 1
    return mask


def test_a_person_is_one_region_of_the_originals_extent():
    original = _block(5, 10, 30, 10)
    assert naturalness.is_person_like(original, original)
    # 0.8 of the height; 1.5 of the area.
    assert not naturalness.is_person_like(_block(5, 10, 24, 12), original)
    assert not naturalness.is_person_like(_block(5, 10, 30, 15), original)
    pieces = original.copy()
    pieces[18:22] = 0
    assert not naturalness.is_person_like(pieces, original)
    holed = original.copy()
    holed[10:16, 12:17] = 0
    assert not naturalness.is_person_like(holed, original)
    # The same hole is no flaw where the original has it.
    assert naturalness.is_person_like(holed, holed)


def test_measures_by_hand():
    # A block that moves by one pixel a frame, anonymised into one of twice the width.
    originals = [_block(5, 10 + i, 20, 4) for i in range(3)]
    anonymized = [_block(5, 10 + i, 20, 8) for i in range(3)]
    found = naturalness.summarize(naturalness.measure(originals, anonymized))
    assert found["frames"] == 3
    assert found["one_region"] == 0.0  # Twice the area.
    # Boundaries run through the pixels' centres: 2 · (19 + 7) over 2 · (19 + 3).
    assert found["outline"] == pytest.approx(52 / 44)
    assert found["overlap"] == pytest.approx(0.5)
    # Moved to their centres, all frames are alike.
    assert found["movement"] == pytest.approx(1.0)


def test_movement_across_a_frame_that_was_left_empty_is_not_measured():
    originals = [_block(5, 10, 20, 6)] * 4
    anonymized = [originals[0], np.zeros((40, 40), np.uint8), originals[0], originals[0]]
    values = naturalness.measure(originals, anonymized)
    assert len(values["one_region"]) == 3
    assert values["movement"] == [1.0]
    assert "movement" not in naturalness.summarize(values | {"movement": []})


def test_mean_measures_by_hand():
    measured = [{"a": 1.0, "b": 5.0}, {"a": 2.0}, {}]
    assert naturalness.mean_measures(measured) == {"a": 1.5, "b": 5.0}
    assert naturalness.mean_measures([]) == naturalness.mean_measures([{}]) == {}


def test_a_lumpy_outline_turns_more_and_is_longer():
    original = _block(5, 10, 30, 10)
    dented = original.copy()
    dented[15:25, 10:14] = 0
    found = naturalness.summarize(naturalness.measure([original], [dented]))
    assert found["turning"] > 1.2 and found["outline"] > 1.0
    assert naturalness.summarize(naturalness.measure([original], [original]))["turning"] == 1.0


def _walker(shift, feet, shape=(40, 80)):
    """A body of 24 rows with two feet at given columns, each three columns wide."""
    mask = np.zeros(shape, np.uint8)
    mask[5:28, 10 + shift : 16 + shift] = 1
    for column in feet:
        mask[28:31, column : column + 3] = 1
    return mask


def test_feet_that_stand_do_not_slide_and_a_figure_that_is_pushed_does():
    # The body goes by 2 columns a frame; one foot stands in column 10, the other swings over it.
    walks = [_walker(2 * i, (10, 1 + 4 * i)) for i in range(7)]
    pushed = [np.roll(_walker(0, (12,)), 2 * i, axis=1) for i in range(7)]
    found = naturalness.summarize(naturalness.measure(walks, pushed))
    # Over three frames the pushed one's foot goes by 6, as its body does.
    assert found["foot_slide_original"] == 0.0
    way = sum(_middle(walks[i + 3]) - _middle(walks[i]) for i in range(4))
    assert found["foot_slide"] == pytest.approx(4 * 6 / way)
    assert footing.slide(pushed, pushed) == (24.0, pytest.approx(24.0))


def _middle(mask):
    return np.nonzero(mask)[1].mean()


def test_a_foot_that_rolls_from_heel_to_toe_stands():
    # A heel lifts, two columns at a time: the toe stays where it is.
    walks = [_walker(2 * i, (10,)) for i in range(4)]
    for i, mask in enumerate(walks):
        mask[28:31, 10:18] = 1
        mask[28:31, : 10 + 2 * i] = 0
    assert footing.slide(walks, walks)[0] == 0.0


def test_slide_is_not_measured_where_nobody_crosses_the_picture():
    standing = [_walker(0, (10,))] * 7
    assert footing.slide(standing, standing) is None
    walks = [_walker(2 * i, (10,)) for i in range(7)]
    # No two frames three apart are left.
    gaps = [mask if i % 3 == 0 and i < 3 else None for i, mask in enumerate(walks)]
    assert footing.slide(gaps, gaps) is None
    assert "foot_slide" not in naturalness.summarize(naturalness.measure(standing, standing))


def test_one_region_may_have_specks_of_a_hundredth():
    mask = np.zeros((40, 40), np.uint8)
    mask[:20, :20] = 1
    assert naturalness.is_one_region(mask)
    # 4 of 404 pixels are less than a hundredth of them, 5 of 405 are more.
    mask[30, :4] = 1
    assert naturalness.is_one_region(mask)
    mask[30, 4] = 1
    assert not naturalness.is_one_region(mask)
