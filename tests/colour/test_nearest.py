import numpy as np
import pytest
from gait_jax.colour import nearest
from gait_jax.colour.nearest import colourise


def scene(shape, seed=0):
    """A frame whose every pixel has a colour of its own, and a plate that shares none of them."""
    rng = np.random.default_rng(seed)
    codes = rng.permutation(shape[0] * shape[1]).reshape(shape)
    frame = np.stack([codes % 251, codes // 251, np.full(shape, 7)], axis=-1).astype(np.uint8)
    plate = np.full((*shape, 3), 200, np.uint8) + rng.integers(0, 50, (*shape, 3), np.uint8)
    return frame, plate


def test_the_four_regions_of_eq_9():
    frame, plate = scene((5, 7))
    original, anonymised = np.zeros((2, 5, 7), np.uint8)
    original[1:4, 1:3] = 1
    anonymised[1:4, 2:5] = 1
    out = colourise(frame, plate, original, anonymised)
    np.testing.assert_array_equal(out[0], plate[0])  # region 1
    np.testing.assert_array_equal(out[1:4, 5:], plate[1:4, 5:])
    np.testing.assert_array_equal(out[1:4, 2], frame[1:4, 2])  # region 2
    np.testing.assert_array_equal(out[1:4, 1], plate[1:4, 1])  # region 3
    np.testing.assert_array_equal(out[1:4, 3], frame[1:4, 2])  # region 4: same row, column 2
    np.testing.assert_array_equal(out[1:4, 4], frame[1:4, 2])


@pytest.mark.parametrize("seed", range(6))
def test_every_new_pixel_has_the_colour_of_a_nearest_one(seed):
    shape = (33, 41)
    frame, plate = scene(shape, seed)
    rng = np.random.default_rng(seed)
    original = (rng.random(shape) < (0.01, 0.3)[seed % 2]).astype(np.uint8)
    original[16, 20] = 1
    anonymised = (rng.random(shape) < 0.5).astype(np.uint8)
    out = colourise(frame, plate, original, anonymised)
    places = np.argwhere(original)
    for row, column in np.argwhere(anonymised):
        squared = np.square(places - [row, column]).sum(axis=1)
        nearest = places[squared == squared.min()]
        assert out[row, column].tolist() in frame[nearest[:, 0], nearest[:, 1]].tolist()
    np.testing.assert_array_equal(out[anonymised == 0], plate[anonymised == 0])


def test_inputs_stay_as_they_are_and_a_frame_without_anonymised_is_the_plate():
    frame, plate = scene((6, 6))
    original = np.ones((6, 6), np.uint8)
    before = frame.copy(), plate.copy()
    out = nearest.colourise(frame, plate, original, np.zeros_like(original))
    np.testing.assert_array_equal(out, plate)
    out[:] = 0
    np.testing.assert_array_equal(frame, before[0])
    np.testing.assert_array_equal(plate, before[1])


def test_without_an_original_there_are_no_colours():
    frame, plate = scene((6, 6))
    empty, full = np.zeros((6, 6), np.uint8), np.ones((6, 6), np.uint8)
    with pytest.raises(ValueError, match="original silhouette is empty"):
        colourise(frame, plate, empty, full)
