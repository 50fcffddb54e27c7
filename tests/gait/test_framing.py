import numpy as np
import pytest
from drawn import draw_person

from gait_jax.gait.framing import Framing


def test_the_framing_of_a_silhouette_by_hand():
    mask = np.zeros((60, 40), np.uint8)
    mask[10:50, 8:12] = 1
    # Rows 10 to 49; half of four columns lies left of the middle of the second and third.
    assert Framing.of(mask) == Framing(40.0, 50.0, 9.5)
    assert Framing.of(mask, 50.0) == Framing(50.0, 50.0, 9.5)
    assert Framing.of(mask, 50.0, 60.0) == Framing(50.0, 60.0, 9.5)
    with pytest.raises(ValueError, match="nobody"):
        Framing.of(np.zeros_like(mask))


def test_a_person_takes_four_fifths_of_the_rows_and_stands_at_the_same_place():
    mask = np.zeros((200, 90), np.uint8)
    mask[30:130, 40:60] = 1
    picture = Framing.of(mask).cut(mask, 50, 40)
    # 100 rows become 40 of 50: the last one is at 0.92 of them, and 20 columns become 8.
    rows, columns = (np.flatnonzero((picture > 127).any(axis)) for axis in (1, 0))
    assert (rows[0], rows[-1]) == (6, 45) and len(columns) == 8
    # What is missing below moves nobody whose height is known: there is room for it.
    torn = mask.copy()
    torn[120:] = 0
    lower = Framing.of(torn, 100.0).cut(mask, 50, 40)
    assert (lower > 127).any(1).sum() == 40 and (lower[49] > 127).any()


@pytest.mark.parametrize("shape", [(96, 140), (300, 200)])
def test_back_is_the_inverse_of_cut(shape):
    mask = np.zeros(shape, np.uint8)
    mask[:96, :140] = draw_person(0.7, 60, tall=72) // 255
    framing = Framing.of(mask)
    picture = framing.cut(mask, 64, 48).astype(np.float32) / 255
    found = framing.back(8 * (picture - 0.5), shape)
    assert found.shape == shape and found.dtype == np.uint8
    assert (found & mask).sum() / (found | mask).sum() > 0.95


def test_what_lies_beyond_the_mask_is_cut_off():
    framing = Framing(100.0, 20.0, 5.0)
    found = framing.back(np.ones((50, 40), np.float32), (30, 12))
    assert found.shape == (30, 12) and found[:20].all()
