import numpy as np

from gait_jax.gait import warp


def _frames():
    frames = np.zeros((5, 64, 44), np.uint8)
    frames[:, 8:56, 16:28] = 255
    return frames


def test_bent_outlines_differ_and_stay_a_body():
    frames = _frames()
    kept = frames.copy()
    for seed in range(8):
        bent = warp.bend(frames, np.random.default_rng(seed))
        assert bent.shape == frames.shape and bent.dtype == np.uint8
        assert 0.5 < bent.sum() / frames.sum() < 1.6
        # The middle of the body is far from its outline, and hardly changes.
        assert (bent[:, 20:44, 21:23] > 127).mean() > 0.9
    np.testing.assert_array_equal(frames, kept)
    changes = [
        (warp.bend(frames, np.random.default_rng(seed)) != frames).mean() for seed in range(8)
    ]
    assert max(changes) > 0.03


def test_the_same_draw_bends_alike():
    a, b = (warp.bend(_frames(), np.random.default_rng(3)) for _ in range(2))
    np.testing.assert_array_equal(a, b)
    assert not np.array_equal(a, warp.bend(_frames(), np.random.default_rng(4)))
