"""Who is looked at where, and in which picture: bodies that a list says."""

import numpy as np
import pytest

from gait_jax.video.blazepose_landmarks import Pose
from gait_jax.video.blazepose_region import Region
from gait_jax.video.pursuit import Pursuit

SHAPE = (120, 300)


def _pose(x, low, flag=1.0):
    """Somebody 60 pixels tall, 20 wide, around a column, who stands on a row."""
    landmarks = np.zeros((33, 3), np.float32)
    landmarks[:, 1] = low
    none = np.zeros(33, np.float32)
    mask = np.ones((60, 20), np.float32)
    region = Region(float(x), low - 30.0, 80.0, 0.0)
    return Pose(flag, landmarks, none, none, landmarks, mask, (x - 10, low - 60), region)


class _Bodies:
    """Shows what is prepared for a frame, one look after the other, and keeps what it was given."""

    def __init__(self):
        self.next, self.looks = [], []

    def look(self, picture, region, support=None, others=()):
        self.looks.append((picture, region))
        return self.next.pop(0)

    def told_apart(self, picture, pose):
        return [pose]


def _picture(*people):
    picture = np.zeros((*SHAPE, 3), np.uint8)
    for x, low in people:
        picture[low - 60 : low, x - 10 : x + 10] = 200
    return picture


def test_the_nearest_is_looked_at_first_and_the_next_without_them():
    bodies = _Bodies()
    pursuit = Pursuit(bodies, 25.0)
    pursuit.add([_pose(100, 90), _pose(125, 100)])
    near, far = _pose(126, 100), _pose(101, 90)
    bodies.next = [near, far]
    picture = _picture((101, 90), (126, 100))
    assert pursuit(picture) == [near, far]
    (first, region), (second, other) = bodies.looks
    assert (region.x, other.x) == (125, 100)
    np.testing.assert_array_equal(first, picture)
    assert second[40:100, 118:134].mean() < 40 and second[60:90, 93:108].min() == 200
    # Somebody far from both of them is looked at in the whole picture.
    pursuit.add([_pose(250, 80)])
    bodies.looks, bodies.next = [], [near, far, _pose(250, 80)]
    pursuit(picture)
    assert [look.max() for look, _ in bodies.looks] == [200] * 3


@pytest.mark.parametrize("rate", [8.0, 25.0])
def test_who_is_lost_is_looked_for_where_they_should_be_for_a_second(rate):
    bodies = _Bodies()
    pursuit = Pursuit(bodies, rate)
    pursuit.add([_pose(100, 90)])
    for i in range(1, 11):
        bodies.next = [_pose(100 + 4 * i, 90)]
        pursuit(_picture())
        assert pursuit.places(SHAPE) == []
    bodies.next = [None]
    tiles = []
    for _ in range(30):
        assert pursuit(_picture()) == []
        tiles += pursuit.places(SHAPE)
    # Nobody hides them, so that only the detector looks: for one second.
    assert len(tiles) == rate and not bodies.next
    # 140 is where they were; of 140 pixels width: nearly 4 a frame on.
    middles = [(left + right) / 2 for left, _, right, _ in tiles[:5]]
    assert np.diff(middles) == pytest.approx(3.9, abs=0.6)
    assert middles[0] == pytest.approx(144, abs=1)


def test_who_was_hidden_by_somebody_is_known_again_where_they_should_be():
    bodies = _Bodies()
    pursuit = Pursuit(bodies, 25.0)
    pursuit.add([_pose(100, 100), _pose(120, 90)])
    front = _pose(100, 100)
    for seen in (None, _pose(120, 90, flag=0.6), _pose(100, 100)):
        # Nobody; not sure enough for somebody who was lost; and the same as the nearer one.
        bodies.next = [front, seen]
        assert pursuit(_picture((100, 100))) == [front]
        assert len(pursuit.places(SHAPE)) == 1
    again = _pose(121, 90, flag=0.9)
    bodies.next = [front, again]
    assert pursuit(_picture((100, 100))) == [front, again]
    assert pursuit.places(SHAPE) == []
    # Found by the detector instead, they are not looked for any more.
    bodies.next = [front, None]
    pursuit(_picture((100, 100)))
    pursuit.add([_pose(124, 90)])
    assert pursuit.places(SHAPE) == []
