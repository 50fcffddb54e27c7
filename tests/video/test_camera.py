import pathlib

import cv2
import numpy as np
import pytest
from moved import place, shift, view

from gait_jax.runtime.errors import InputError
from gait_jax.video.camera import Camera
from gait_jax.video.registration import moved

PLACE, OTHER = place(400, 900), place(400, 900, seed=9)
PATH = pathlib.Path("walk.mp4")
STILL = [view(PLACE, shift(0), seed=i) for i in range(40)]
SHAKE = np.random.default_rng(4).normal(0, 2.0, (40, 2))


def seen(frames, rate=20):
    camera = Camera((192, 280))
    for i, frame in enumerate(frames):
        camera.see(frame, i / rate)
    return camera


def walked(frames):
    """The same with somebody who walks through."""
    frames = [frame.copy() for frame in frames]
    for i, frame in enumerate(frames):
        cv2.ellipse(frame, (20 + 6 * i, 100), (18, 70), 0, 0, 360, (40, 60, 150), -1)
    return frames


@pytest.mark.parametrize(
    "frames",
    [
        walked(STILL),
        # A switched lamp, a flash, something that hides all for a moment, a black beginning.
        [(frame * (1 if i < 20 else 0.6)).astype(np.uint8) for i, frame in enumerate(STILL)],
        STILL[:20] + [np.full_like(STILL[0], 255)] + STILL[20:],
        STILL[:20] + [view(OTHER, shift(0))] * 3 + STILL[20:],
        [np.zeros_like(STILL[0])] * 20 + STILL,
        # Nothing to be seen but somebody who walks.
        walked([np.full((192, 280, 3), 190, np.uint8)] * 40),
    ],
    ids=["walker", "lamp", "flash", "hidden", "black", "wall"],
)
def test_a_camera_that_stands(frames):
    assert seen(frames).motion(PATH) is None and seen(frames).stands


def test_a_hand_that_shakes_is_followed_and_a_frame_that_is_not_known_lies_between():
    frames = walked([view(PLACE, shift(*by), seed=i) for i, by in enumerate(SHAKE)])
    frames[10] = view(OTHER, shift(0))
    motion = seen(frames).motion(PATH)
    assert np.flatnonzero(~motion.known).tolist() == [10]
    where = np.array([moved(lies, np.array([[140.0, 96.0]]))[0] for lies in motion.lies])
    wanted = SHAKE.copy()
    wanted[10] = (SHAKE[9] + SHAKE[11]) / 2
    # From the frame in the middle of it all.
    off = where - wanted
    assert np.abs(off - off.mean(axis=0)).max() < 0.2
    assert (np.linalg.norm(where - (140, 96), axis=1) < 0.01).any()


def test_a_slow_turn_fits_on_one_scene():
    motion = seen([view(PLACE, shift(-2.0 * i), seed=i) for i in range(40)]).motion(PATH)
    assert motion.known.all()
    # 78 pixels, over anchors on the way.
    assert motion.lies[0, 0, 2] - motion.lies[-1, 0, 2] == pytest.approx(78, abs=0.5)


def test_a_turn_too_far_is_refused_with_when_the_camera_stands():
    frames = [view(PLACE, shift(-12.0 * max(0, i - 30) + 150), seed=i) for i in range(55)]
    camera = seen(frames)
    with pytest.raises(InputError) as error:
        camera.motion(PATH)
    # It moves by a tenth, 28 pixels, by the third frame of the turn.
    assert str(error.value) == (
        "walk.mp4: the camera moves too far for one scene; it stands, or moves little, from 0.0 "
        "to 1.6 s: give --start 0.0 --end 1.6"
    )
    assert not camera.stands
    assert camera.motion(PATH, 0.0, 1.5) is None
    assert camera.motion(PATH, 0.0, 1.6) is not None


def test_a_camera_that_never_stands_is_told_so():
    frames = [view(PLACE, shift(260 - 13.0 * i), seed=i) for i in range(40)]
    with pytest.raises(InputError, match="does not stand for a second: give a clip of a camera"):
        seen(frames).motion(PATH)


def test_another_scene_is_refused_and_each_alone_is_not():
    frames = STILL[:25] + [view(OTHER, shift(0), seed=i) for i in range(45)]
    camera = seen(frames)
    with pytest.raises(InputError, match="moves too fast, or shows another scene; it stands, or "):
        camera.motion(PATH)
    assert camera.motion(PATH, 0.0, 1.2) is None
    # What was cut to is looked at anew after half a second.
    with pytest.raises(InputError, match="from 1.8 to 3.4 s: give --start 1.8 --end 3.4"):
        camera.motion(PATH)
    assert camera.motion(PATH, 1.8, 3.4) is None
