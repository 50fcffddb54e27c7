import numpy as np
import pytest

from gait_jax.methods.colourisers import nearest
from gait_jax.methods.colourisers.nearest import colourise


def scene(shape, seed=0):
    """A frame whose every pixel has a colour of its own, and a background that shares none."""
    rng = np.random.default_rng(seed)
    codes = rng.permutation(shape[0] * shape[1]).reshape(shape)
    frame = np.stack([codes % 251, codes // 251, np.full(shape, 7)], axis=-1).astype(np.uint8)
    background = np.full((*shape, 3), 200, np.uint8) + rng.integers(0, 50, (*shape, 3), np.uint8)
    return frame, background


def test_the_four_regions_of_eq_9():
    frame, background = scene((5, 7))
    original, anonymised = np.zeros((2, 5, 7), np.uint8)
    original[1:4, 1:3] = 1
    anonymised[1:4, 2:5] = 1
    out = colourise(frame, background, original, anonymised)
    np.testing.assert_array_equal(out[0], background[0])  # region 1
    np.testing.assert_array_equal(out[1:4, 5:], background[1:4, 5:])
    np.testing.assert_array_equal(out[1:4, 2], frame[1:4, 2])  # region 2
    np.testing.assert_array_equal(out[1:4, 1], background[1:4, 1])  # region 3
    np.testing.assert_array_equal(out[1:4, 3], frame[1:4, 2])  # region 4: same row, column 2
    np.testing.assert_array_equal(out[1:4, 4], frame[1:4, 2])


@pytest.mark.parametrize("seed", range(6))
def test_every_new_pixel_has_the_colour_of_a_nearest_one(seed):
    shape = (33, 41)
    frame, background = scene(shape, seed)
    rng = np.random.default_rng(seed)
    original = (rng.random(shape) < (0.01, 0.3)[seed % 2]).astype(np.uint8)
    original[16, 20] = 1
    anonymised = (rng.random(shape) < 0.5).astype(np.uint8)
    out = colourise(frame, background, original, anonymised)
    places = np.argwhere(original)
    for row, column in np.argwhere(anonymised):
        squared = np.square(places - [row, column]).sum(axis=1)
        nearest = places[squared == squared.min()]
        assert out[row, column].tolist() in frame[nearest[:, 0], nearest[:, 1]].tolist()
    np.testing.assert_array_equal(out[anonymised == 0], background[anonymised == 0])


def test_inputs_stay_as_they_are_and_a_frame_without_anonymised_is_the_background():
    frame, background = scene((6, 6))
    original = np.ones((6, 6), np.uint8)
    before = frame.copy(), background.copy()
    out = nearest.colourise(frame, background, original, np.zeros_like(original))
    np.testing.assert_array_equal(out, background)
    out[:] = 0
    np.testing.assert_array_equal(frame, before[0])
    np.testing.assert_array_equal(background, before[1])


def test_without_an_original_there_are_no_colours():
    frame, background = scene((6, 6))
    empty, full = np.zeros((6, 6), np.uint8), np.ones((6, 6), np.uint8)
    with pytest.raises(ValueError, match="original silhouette is empty"):
        colourise(frame, background, empty, full)
