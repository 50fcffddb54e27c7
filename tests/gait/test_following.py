import numpy as np
import pytest

from gait_jax.gait import following


def _masks(middles, tall=20):
    masks = np.zeros((len(middles), 60, 100), np.uint8)
    for mask, x in zip(masks, middles, strict=True):
        mask[10 : 10 + tall, x - 3 : x + 4] = 1
    return masks


def test_squares_follow_somebody_who_goes_at_an_even_pace():
    middles = np.arange(20, 60, 2)
    found = following.squares(_masks(middles), 1.5)
    # Also at both ends: there they go on as they went.
    np.testing.assert_allclose(found[:, 0], middles)
    np.testing.assert_allclose(found[:, 1], 19.5)
    np.testing.assert_allclose(found[:, 2], 30)


def test_squares_pass_over_frames_without_anybody_and_do_not_shake():
    middles = np.arange(20, 60, 2)
    masks = _masks(middles)
    masks[[7, 8]] = 0
    found = following.squares(masks, 1.5)
    np.testing.assert_allclose(found[:, 0], middles)
    swinging = following.squares(_masks(40 + 4 * (-1) ** np.arange(30)), 1.5)
    assert np.abs(swinging[:, 0] - 40).max() < 1.5
    assert following.squares(masks * 0, 1.5) is None


def test_half_the_frames_are_averaged_over_the_same_time():
    middles = 40 + 4 * (np.arange(60) % 30 < 15)
    every = following.squares(_masks(middles), 1.5)
    half = following.squares(_masks(middles)[::2], 1.5, 2)
    np.testing.assert_allclose(every[::2][5:-5], half[5:-5], atol=0.5)


def test_a_square_is_cut_out_and_goes_on_beyond_the_border():
    picture = np.zeros((60, 100, 3), np.uint8)
    picture[20:30, 40:50] = [10, 20, 30]
    whole = following.cut(picture, np.array([44.5, 24.5, 10.0]), 10)
    assert (whole == [10, 20, 30]).all()
    half = following.cut(picture, np.array([44.5, 24.5, 20.0]), 10)
    assert (half[3:7, 3:7] == [10, 20, 30]).all() and not half[:2].any()
    mask = np.ones((60, 100), np.uint8)
    assert (following.cut(mask, np.array([0.0, 0.0, 30.0]), 12) == 1).all()


@pytest.mark.parametrize(
    ("frames", "length", "every", "starts"),
    [(16, 16, 1, [0]), (32, 16, 2, [0, 1]), (31, 16, 2, [0]), (61, 16, 2, [0, 15, 30])],
)
def test_windows_cover_a_clip(frames, length, every, starts):
    parts = following.windows([np.array(i) for i in range(frames)], length, every)
    assert [int(part[0]) for part in parts] == starts
    for part in parts:
        assert np.diff(part).tolist() == [every] * (length - 1)


def test_a_short_clip_ends_with_its_last_frame_again_and_again():
    (part,) = following.windows([np.array(i) for i in range(3)], 4, 2)
    assert part.tolist() == [0, 2, 2, 2]
