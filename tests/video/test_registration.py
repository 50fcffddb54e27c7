import cv2
import numpy as np
import pytest
from moved import place, shift, view

from gait_jax.video.registration import Anchor, moved, prepared, scaling

PLACE = place(400, 560)
CORNERS = np.array([(0, 0), (279, 0), (279, 191), (0, 191)], float)


def located(frame, guess=None, first=None):
    """Where the corners of the first frame are in another one, pixels [4, 2]; None: not known."""
    first = view(PLACE, shift(0), seed=1) if first is None else first
    scale = scaling(first.shape[:2])
    anchor = Anchor.of(prepared(first))
    found = anchor.locate(prepared(frame), np.eye(3) if guess is None else guess)
    return None if found is None else moved(np.linalg.inv(scale) @ found @ scale, CORNERS)


def turned(degrees, focal=300.0):
    """How the picture of a camera moves that turns to the right, [3, 3]."""
    lens = np.array([[focal, 0, 140], [0, focal, 96], [0, 0, 1.0]])
    cosine, sine = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    turn = np.array([[cosine, 0, -sine], [0, 1, 0], [sine, 0, cosine]])
    return lens @ turn @ np.linalg.inv(lens)


ROLLED = np.vstack([cv2.getRotationMatrix2D((140, 96), 3.0, 1.05), [0, 0, 1]])


@pytest.mark.parametrize(
    "matrix", [shift(0), shift(0.4, -0.3), shift(2.7, 1.6), shift(-9.5, 6.2), turned(2.0), ROLLED]
)
def test_a_known_motion_is_found_again(matrix):
    found = located(view(PLACE, matrix, seed=2))
    assert np.abs(found - moved(matrix, CORNERS)).max() < 0.2


def test_light_and_people_do_not_move_the_camera():
    frame = view(PLACE, shift(1.5, -0.7), seed=2)
    # A cloud from the left, and somebody who fills a fifth of the picture.
    frame = (frame * np.linspace(0.5, 1.0, 280)[None, :, None]).astype(np.uint8)
    cv2.ellipse(frame, (180, 100), (45, 85), 0, 0, 360, (40, 60, 150), -1)
    first = view(PLACE, shift(0), seed=1)
    cv2.ellipse(first, (165, 100), (45, 85), 0, 0, 360, (40, 60, 150), -1)
    found = located(frame, first=first)
    assert np.abs(found - moved(shift(1.5, -0.7), CORNERS)).max() < 0.3


def test_a_large_picture_is_looked_at_small():
    large = place(900, 1400, seed=3)
    first, second = (view(large, shift(x), (720, 1280), seed=i) for i, x in enumerate((0, 3.3)))
    scale = scaling((720, 1280))
    assert prepared(first).even.shape == (180, 320)
    np.testing.assert_allclose(moved(scale, np.array([[-0.5, -0.5], [1279.5, 719.5]])),
                               [[-0.5, -0.5], [319.5, 179.5]])  # fmt: skip
    found = Anchor.of(prepared(first)).locate(prepared(second), np.eye(3))
    found = np.linalg.inv(scale) @ found @ scale
    assert np.abs(moved(found, CORNERS) - CORNERS - (3.3, 0)).max() < 0.4


def test_another_scene_is_not_found():
    assert located(view(place(400, 560, seed=9), shift(0))) is None


def test_a_plain_wall_tells_nothing_and_one_person_before_it_neither():
    wall = np.full((192, 280, 3), 190, np.uint8)
    assert Anchor.of(prepared(wall)) is None
    cv2.rectangle(wall, (120, 40), (150, 170), (40, 60, 150), -1)
    cv2.rectangle(wall, (125, 50), (140, 80), (200, 60, 50), -1)
    assert Anchor.of(prepared(wall)) is None
