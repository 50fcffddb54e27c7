"""Pieces of ways by hand: people of 100 pixels at 25 frames a second."""

import numpy as np
import pytest

from gait_jax.video.joining import joins, piece

RED, BLUE = np.eye(4, dtype=np.float32)[[0, 1]], np.eye(4, dtype=np.float32)[[2, 3]]


def _way(first, last, x, speed, clothes=RED, known=True, tall=100):
    """Somebody at x in their first frame, who goes on by so many pixels a frame."""
    frames = range(first, last + 1)
    boxes = [(x + speed * (frame - first), 50, 40, tall) for frame in frames]
    return piece(frames, np.array(boxes, float), 10, clothes, known)


def test_a_piece_tells_place_and_speed_at_its_ends():
    found = _way(10, 40, 100, 3)
    assert (found.first, found.last) == (10, 40)
    np.testing.assert_allclose(found.ends, [[120, 100], [210, 100]])
    np.testing.assert_allclose(found.speeds, [[3, 0], [3, 0]], atol=1e-9)
    # Seen once: nothing is known of the speed.
    np.testing.assert_array_equal(_way(5, 5, 0, 0).speeds, np.zeros((2, 2)))


def test_who_goes_on_where_they_should_be_is_joined():
    # 30 frames at 3 pixels: from 190 to 280.
    assert joins([_way(0, 30, 100, 3), _way(60, 90, 280, 3)], 25) == [(0, 1)]


@pytest.mark.parametrize(
    "later",
    [
        _way(60, 90, 280, 3, BLUE),  # Other clothes.
        _way(60, 90, 280, 3, None),  # Unknown ones.
        _way(60, 90, 420, 3),  # Too far: 140 pixels from where they should be.
        _way(60, 90, 100, 3),  # Back where they began.
        _way(60, 90, 280, 3, tall=130),  # Somebody taller.
        _way(90, 120, 370, 3),  # After 2.4 s.
        _way(30, 60, 190, 3),  # In the same frame.
    ],
)
def test_who_may_be_somebody_else_is_not(later):
    assert joins([_way(0, 30, 100, 3), later], 25) == []


def test_of_two_who_may_be_meant_nobody_is_taken():
    first = _way(0, 30, 100, 3)
    assert joins([first, _way(60, 90, 280, 3), _way(60, 90, 270, 3)], 25) == []
    assert joins([first, _way(0, 30, 110, 3), _way(60, 90, 280, 3)], 25) == []
    # The other one wears something else.
    assert joins([first, _way(60, 90, 280, 3), _way(60, 90, 270, 3, BLUE)], 25) == [(0, 1)]


def test_of_whom_it_was_not_clear_who_they_are_nobody_goes_on():
    assert joins([_way(0, 30, 100, 3, known=False), _way(60, 90, 280, 3)], 25) == []


def test_more_than_two_pieces_are_a_chain():
    ways = [_way(0, 20, 100, 3), _way(30, 50, 190, 3), _way(60, 90, 280, 3)]
    assert joins(ways, 25) == [(0, 1), (1, 2)]
