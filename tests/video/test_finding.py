"""People by BlazePose: rendered walkers, whose truth is exact, before a still scene."""

import dataclasses

import numpy as np
import pytest

from gait_jax.video import scene
from gait_jax.video.background import estimate
from gait_jax.video.blazepose_landmarks import Pose
from gait_jax.video.bodies import Bodies, divided, shared
from gait_jax.video.crew import Crew
from gait_jax.video.finding import NetworkFinder, around
from tfds_casia.walkers import generation, twin
from tfds_casia.walkers.recording import WalkName

_NAME, _VIEW = WalkName(1, "nm", 1), 90


@pytest.fixture(scope="module")
def bodies():
    return Bodies()


@pytest.fixture(scope="module")
def crew():
    with Crew(2) as crew:
        yield crew


@pytest.fixture(scope="module")
def film():
    """(pictures, masks of 0 and 1) of somebody who walks through."""
    _, masks, pictures, _ = twin.film(0, _NAME, _VIEW, body_of=1)
    middle = len(masks) // 2
    chosen = slice(middle - 8, middle + 8)
    return np.array(pictures[chosen]), (np.array(masks[chosen]) > 0).astype(np.uint8)


@pytest.fixture(scope="module")
def empty():
    return generation.scene_of(0, _NAME.subject, _VIEW).background


def _overlap(sighting, mask):
    found = np.zeros_like(mask)
    found[sighting.crop] = sighting.mask
    return np.count_nonzero(found & mask) / np.count_nonzero(found | mask)


def test_a_walker_is_found_in_every_frame_in_any_light(film, empty, bodies):
    pictures, masks = film
    find = NetworkFinder(estimate(empty[None]), bodies)
    for i, (picture, mask) in enumerate(zip(pictures, masks, strict=True)):
        # The exposure falls by a third.
        (one,) = find((picture * (1 - i / 48)).astype(np.uint8))
        assert one.problem is None
        assert _overlap(one, mask) > 0.85


def test_what_moves_and_is_no_person_is_nobody(empty, bodies):
    find = NetworkFinder(estimate(empty[None]), bodies)
    for i in range(5):
        picture = empty.copy()
        picture[120:200, 60 + 6 * i : 180 + 6 * i] = (60, 30, 120)
        assert find(picture) == []


def test_who_stands_all_the_time_is_not_in_the_scene(film, empty, bodies, crew):
    pictures, masks = film
    learned, left = scene.learn(np.repeat(pictures[4:5], 6, axis=0), None, crew)
    body = masks[4] > 0
    assert learned.unseen[body].mean() > 0.97 and learned.unseen.mean() < 3 * body.mean()
    assert left == 0 and not bodies.search(learned.picture, scene.everywhere(learned.picture))
    outside = learned.unseen == 0
    np.testing.assert_array_equal(learned.picture[outside], pictures[4][outside])
    # Who walks in later is found there.
    (one,) = NetworkFinder(learned, bodies)(pictures[4])
    assert _overlap(one, masks[4]) > 0.85


def test_a_scene_that_was_given_with_somebody_in_it_is_painted_out(film, crew):
    pictures, masks = film
    learned, left = scene.learn(pictures[8:10], pictures[0], crew)
    assert left == 1
    assert learned.unseen[masks[0] > 0].mean() > 0.97


def _two(picture, mask, empty, right):
    """Somebody, and themselves mirrored behind them, so many pixels to the right."""
    both, behind = empty.copy(), np.roll(mask[:, ::-1], right, axis=1) > 0
    both[behind] = np.roll(picture[:, ::-1], right, axis=1)[behind]
    both[mask > 0] = picture[mask > 0]
    return both, behind & (mask == 0)


def test_two_who_stand_close_together_are_both_found(film, empty, bodies):
    pictures, masks = film
    columns = np.flatnonzero(masks[8].any(axis=0))
    middle = (columns[0] + columns[-1]) // 2
    # Mirrored they stand at the picture's width less that: 40 pixels to the right of it.
    right = 2 * middle + 1 - masks.shape[2] + 40
    both, behind = _two(pictures[8], masks[8], empty, right)
    found = NetworkFinder(estimate(empty[None]), bodies)(both)
    assert len(found) == 2
    overlaps = [[_overlap(one, mask) for one in found] for mask in (masks[8], behind)]
    assert min(max(each) for each in overlaps) > 0.6
    assert np.argmax(overlaps[0]) != np.argmax(overlaps[1])


@pytest.mark.parametrize(("rate", "expected"), [(8.0, 12), (25.0, 3), (30.0, 3)])
def test_the_picture_is_searched_by_time_not_by_frames(empty, rate, expected):
    class _Nobody:
        def __init__(self):
            self.searched = 0

        def search(self, picture, tiles, known=(), support=None):
            self.searched += (0, 0, picture.shape[1], picture.shape[0]) in tiles
            return []

    bodies = _Nobody()
    find = NetworkFinder(estimate(empty[None]), bodies, rate)
    for _ in range(12):
        assert find(empty) == []
    # Every 0.15 s: 12 frames are 1.5 s, 0.48 s and 0.4 s; not more often than there are frames.
    assert bodies.searched == expected


@pytest.mark.parametrize(("flag", "found"), [(0.9, 3), (0.7, 0)])
def test_whoever_is_too_small_for_the_detector_is_looked_at_where_they_differ(flag, found):
    scene = np.full((120, 400, 3), 90, np.uint8)
    picture = scene.copy()
    # Five who are 30 rows tall, the last one a little less, 10 wide and far from one another.
    for i in range(5):
        picture[40 : 70 - (i == 4), 50 + 70 * i : 60 + 70 * i] = 200

    class _Sure:
        def __init__(self):
            self.looks = []

        def search(self, picture, tiles, known=(), support=None):
            return []

        def look(self, picture, region, support=None, others=()):
            self.looks.append(region)
            mask = np.ones((34, 12), np.float32)
            corner = (int(region.x) - 6, 38)
            return dataclasses.replace(_pose(0, 0), mask=mask, corner=corner, flag=flag)

    bodies = _Sure()
    sightings = NetworkFinder(estimate(scene[None]), bodies)(picture)
    # Three at once; the others are found by what differs, and nobody by the network alone.
    assert len(bodies.looks) == 3
    assert {round(region.y) for region in bodies.looks} == {55}
    assert all(44 <= region.size <= 48 for region in bodies.looks)
    assert [one.box[3] for one in sightings].count(34) == found
    assert len(sightings) == 5 and all(one.by_difference for one in sightings)


def _pose(rows, columns, value=1.0, shape=(8, 8), corner=(0, 0)):
    mask = np.zeros(shape, np.float32)
    mask[rows, columns] = value
    none = np.zeros(33, np.float32)
    return Pose(1.0, np.zeros((33, 3)), none + 1, none, np.zeros((33, 3)), mask, corner, None)


def test_each_pixel_belongs_to_the_surest():
    left = _pose(slice(0, 8), slice(0, 5), 0.8)
    right = _pose(slice(0, 8), slice(0, 6), 0.9, corner=(3, 0))
    owner = divided([left, right], (8, 12))
    assert owner[0].tolist() == [1, 1, 1, 2, 2, 2, 2, 2, 2, 0, 0, 0]
    # Two of five columns.
    assert shared(left, right) == pytest.approx(0.4)
    assert shared(left, _pose(slice(0, 2), slice(0, 2), corner=(5, 5))) == 0
    assert (divided([_pose(slice(0, 8), slice(0, 8), 0.4)], (8, 12)) == 0).all()


def test_tiles_lie_around_what_is_not_explained():
    foreground = np.zeros((300, 400), np.uint8)
    foreground[100:160, 200:230], foreground[10:20, 10:20] = 1, 1
    ((left, top, right, bottom),) = around(foreground)
    # 2.2 times its height, about its middle; the speck is too small for anybody.
    assert (right - left, bottom - top) == (132, 132)
    assert abs((left + right) / 2 - 215) <= 1 and abs((top + bottom) / 2 - 130) <= 1
    known = np.zeros_like(foreground)
    known[100:140] = 1
    assert around(foreground, known) == []
