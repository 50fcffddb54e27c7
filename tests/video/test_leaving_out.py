import numpy as np

from gait_jax.video.blazepose_landmarks import Pose
from gait_jax.video.leaving_out import without


def test_somebody_is_filled_with_what_is_around_them():
    picture = np.full((80, 90, 3), (30, 60, 90), np.uint8)
    picture[:, 60:] = (200, 10, 10)
    before = picture.copy()
    mask = np.zeros((50, 30), np.float32)
    mask[5:45, 5:15] = 0.9
    picture[15:55, 15:25] = 255
    none = np.zeros(33, np.float32)
    pose = Pose(1.0, np.zeros((33, 3)), none, none, np.zeros((33, 3)), mask, (10, 10), None)
    found = without(picture, [pose])
    # Nothing of them is left, and nothing else is changed.
    assert np.abs(found.astype(int) - before).max() <= 12
    np.testing.assert_array_equal(found[:, 35:], before[:, 35:])
    assert (picture[15:55, 15:25] == 255).all()
    np.testing.assert_array_equal(without(picture, []), picture)
