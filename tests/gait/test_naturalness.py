import numpy as np
import pytest

from gait_jax.gait import naturalness


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
