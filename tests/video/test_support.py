"""A frame beside its scene: generated rectangles, and networks that say what a list says."""

import numpy as np
import pytest

from gait_jax.video import bodies
from gait_jax.video.blazepose_landmarks import Pose
from gait_jax.video.blazepose_region import Region
from gait_jax.video.support import Support, is_cut

SHAPE = (300, 400)
# Somebody of whom 100 rows differ, and a region that is too small for them.
ROWS, COLUMNS = slice(100, 200), slice(190, 210)
SMALL = Region(200.0, 140.0, 100.0, 0.3)


def _support():
    foreground = np.zeros(SHAPE, np.uint8)
    foreground[ROWS, COLUMNS] = 1
    return Support(foreground, np.full((*SHAPE, 3), 100, np.uint8))


def _pose(rows, flag=1.0):
    """Somebody in these rows, in a mask whose corner lies at column 180 and row 90."""
    mask = np.zeros((150, 40), np.float32)
    mask[rows.start - 90 : rows.stop - 90, 10:30] = 1
    none = np.zeros(33, np.float32)
    points = np.zeros((33, 3), np.float32)
    return Pose(flag, points, none, none, points, mask, (180, 90), SMALL)


def test_the_square_holds_all_that_differs_around_the_middle():
    support = _support()
    # Trousers like the lawn: a gap of a tenth of the region's side; and noise below the feet.
    support.foreground[150:159] = 0
    support.foreground[215:260:2, 200] = 1
    assert support.square(SMALL) == Region(200.0, 150.0, 150.0, 0.0)


def test_somebody_elses_pixels_are_not_theirs():
    other = _pose(slice(160, 240))
    assert _support().square(SMALL, [other]) == Region(200.0, 130.0, 90.0, 0.0)


@pytest.mark.parametrize("middle", [(200, 60), (300, 150), (-500, 150), (200, 900)])
def test_where_nothing_differs_nobody_is_looked_for(middle):
    assert _support().square(Region(*map(float, middle), 100.0, 0.0)) is None


def test_somebody_stands_out_from_the_scene_in_any_light():
    support = _support()
    picture = support.scene.copy()
    picture[ROWS, COLUMNS] = 130
    square = Region(200.0, 150.0, 150.0, 0.0)
    for darker in (1.0, 0.8):
        clear = support.clear((picture * darker).astype(np.uint8), square)
        # 30 grey levels lighter than the scene become 60 (59 to 61 where levels were rounded).
        np.testing.assert_allclose(clear[150, 200], 160, atol=2)
        np.testing.assert_allclose(clear[150, 150], 100, atol=1)
        np.testing.assert_allclose(clear[20, 20], 100, atol=1)


def test_a_trunk_above_what_differs_is_a_part_of_somebody():
    square = _support().square(SMALL)
    assert is_cut(_pose(slice(100, 160)), square)
    # A tenth of what differs below the feet is a shadow.
    assert not is_cut(_pose(slice(100, 190)), square)


@pytest.fixture
def networks(monkeypatch):
    """(`Bodies`, what its landmarks are to say, at which regions and pictures they looked)."""
    says, looked = [], []

    class _Landmarks:
        def __init__(self, threads):
            del threads

        def __call__(self, picture, region):
            looked.append((region, int(picture.max())))
            return says.pop(0)

    monkeypatch.setattr(bodies, "Detector", lambda threads: None)
    monkeypatch.setattr(bodies, "Landmarks", _Landmarks)
    return bodies.Bodies(), says, looked


_WHOLE, _TRUNK = slice(100, 195), slice(100, 150)


@pytest.mark.parametrize(
    ("first", "second", "chosen"),
    [
        (_pose(_WHOLE, 0.1), _pose(_WHOLE, 0.9), 1),
        (_pose(_TRUNK, 0.9), _pose(_WHOLE, 0.6), 1),
        (_pose(_TRUNK, 0.9), _pose(_WHOLE, 0.4), 0),
        (_pose(_TRUNK, 0.9), _pose(_TRUNK, 0.95), 0),
        (_pose(_WHOLE, 0.3), _pose(_WHOLE, 0.2), None),
    ],
)
def test_whoever_is_doubtful_or_cut_is_looked_at_once_more(networks, first, second, chosen):
    people, says, looked = networks
    says += [first, second]
    found = people.look(_support().scene, SMALL, _support())
    assert found is (None if chosen is None else (first, second)[chosen])
    assert [region for region, _ in looked] == [SMALL, Region(200.0, 150.0, 150.0, 0.0)]


@pytest.mark.parametrize("support", [None, _support()])
def test_whoever_is_seen_whole_is_looked_at_once(networks, support):
    people, says, looked = networks
    whole = _pose(_WHOLE)
    says.append(whole)
    assert people.look(_support().scene, SMALL, support) is whole
    assert looked == [(SMALL, 100)]


@pytest.mark.parametrize(("rows", "found"), [(_WHOLE, True), (_TRUNK, False)])
def test_whoever_is_small_is_looked_at_once_where_they_stand_out(networks, rows, found):
    people, says, looked = networks
    support, small = _support(), Region(200.0, 150.0, 79.0, 0.0)
    picture = support.scene.copy()
    picture[ROWS, COLUMNS] = 120
    says.append(_pose(rows))
    # A part of them is nobody: what differs shows more.
    assert (people.look(picture, small, support) is not None) == found
    assert looked == [(small, 140)]
