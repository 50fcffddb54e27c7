import numpy as np
import pytest
from moved import place, shift, view

from gait_jax.video.background import estimate
from gait_jax.video.camera import Motion
from gait_jax.video.foreground import DifferenceSegmenter
from gait_jax.video.moving import Canvas, MovingScene, misfit

PLACE = place(400, 560)
BY = [(-6.0, 0.0), (-2.5, 1.5), (0.0, 0.0), (3.5, -2.0), (6.0, 4.0), (1.0, 1.0)]
MOTION = Motion(np.stack([shift(*by) for by in BY]), np.array([True] * 5 + [False]))
FRAMES = np.stack([view(PLACE, shift(*by), seed=i) for i, by in enumerate(BY)])
CANVAS = Canvas.of(MOTION, (280, 192))


def learned(frames, canvas):
    laid, outside = canvas.laid(frames, [*range(len(frames))])
    plate = estimate(laid, hidden=outside)
    return laid, outside, MovingScene(plate, canvas)


def test_the_canvas_holds_all_views():
    # Frames that move to the right by up to 6 see up to 6 pixels to the left, and so on.
    assert CANVAS.corner == (-6, -4) and CANVAS.size == (280 + 12, 192 + 6)
    assert CANVAS.viewed().mean() > 0.95
    # Two corners of the plate, where nobody looked.
    assert CANVAS.viewed()[-1, -1] == 0 or CANVAS.viewed()[0, -1] == 0


def test_frames_are_laid_where_they_lie_as_far_as_the_camera_is_known(monkeypatch):
    laid, outside = CANVAS.laid(FRAMES, [*range(6)])
    assert laid.shape == (5, 198, 292, 3) and outside.shape == (5, 198, 292)
    inside = (outside == 0).all(axis=0)
    assert np.abs(laid[:, inside].astype(int) - laid[2][inside]).mean() < 4
    # The third lies where it is: its first pixel inside its rim.
    assert outside[2, 5, 7] == 0 and outside[2, 4, 7] == outside[2, 5, 6] == 1
    np.testing.assert_array_equal(laid[2, 5:195, 7:285], FRAMES[2, 1:-1, 1:-1])
    monkeypatch.setattr("gait_jax.video.moving.MEMORY", 6 * 198 * 292 * 3)
    assert CANVAS.laid(FRAMES, [*range(6)])[0].shape[0] == 3


def test_the_scene_moves_with_the_camera():
    _, _, scene = learned(FRAMES, CANVAS)
    for index, by in enumerate(BY):
        seen = scene.at(index)
        bare = view(PLACE, shift(*by), noise=0).astype(int)
        assert np.abs(seen.picture.astype(int) - bare)[4:-4, 4:-4].mean() < 2
        assert seen.picture.shape == (192, 280, 3)
        assert seen.noise.shape == seen.doubtful.shape == seen.unseen.shape == (192, 280)
        assert scene.knows(index) == (index < 5)


def test_what_the_plate_never_saw_is_unseen():
    beyond = Motion(np.stack([shift(0), shift(-30.0)]), np.array([True, False]))
    _, _, scene = learned(FRAMES[[2, 2]], Canvas.of(beyond, (280, 192)))
    assert scene.at(0).unseen[2:-2, 2:-2].sum() == 0
    # The second frame sees 30 more columns on its right.
    assert scene.at(1).unseen[:, -28:].all() and scene.at(1).unseen[2:-2, 2:-32].sum() == 0


def test_somebody_differs_from_a_scene_that_moves_and_the_scene_does_not():
    _, _, scene = learned(FRAMES, CANVAS)
    differ = DifferenceSegmenter(scene)
    for index in range(5):
        frame = FRAMES[index].copy()
        frame[60:140, 100:130] = (40, 60, 190)
        found = differ(frame)
        truth = np.zeros_like(found)
        truth[60:140, 100:130] = 1
        assert (found & truth).sum() / (found | truth).sum() > 0.9
    # Of the last one it is not known where the camera was.
    assert differ(FRAMES[5]) is None


def test_near_and_far_that_move_apart_do_not_fit():
    laid, outside, scene = learned(FRAMES, CANVAS)
    assert misfit(laid, outside, scene.plate) < 0.01
    near = place(400, 560, seed=8)
    apart = FRAMES.copy()
    for i, (x, y) in enumerate(BY):
        apart[i, 100:] = view(near, shift(3 * x, 3 * y), seed=i)[100:]
    laid, outside, scene = learned(apart, CANVAS)
    # The lower half, but for what looks alike by chance.
    assert misfit(laid, outside, scene.plate) == pytest.approx(0.35, abs=0.12)
