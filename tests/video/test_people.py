import cv2
import numpy as np
from drawn import draw_person

from gait_jax.gait import silhouette
from gait_jax.video import people, tracking
from gait_jax.video.tracking import Tracker

SHAPE = (200, 400)


def frame(*bodies):
    """Foreground [200, 400] with drawn people whose middles stand at (x, upper row)."""
    image = np.zeros(SHAPE, np.uint8)
    for x, y in bodies:
        person = draw_person(0.05 * x, 70)[10:80, 40:100] // 255
        left = max(x - 30, 0)
        right = min(x + 30, SHAPE[1])
        image[y : y + 70, left:right] |= person[:, left - x + 30 : right - x + 30]
    return image


def follow(frames):
    """Track numbers, problems and lost frames of each frame's sightings, from left to right."""
    tracker, found = Tracker(), []
    for image in frames:
        sightings = sorted(people.find(image), key=lambda s: s.box[0])
        tracker.update(sightings)
        found.append([(s.track.number, s.problem, s.lost) for s in sightings])
    return found


def test_a_body_is_found_with_room_around_it():
    image = frame((100, 50))
    (found,) = people.find(image)
    np.testing.assert_array_equal(found.mask[silhouette.clean(image)[found.crop] == 1], 1)
    x, y, width, height = found.box
    assert (x, y, width, height) == cv2.boundingRect(image)
    assert found.problem is None
    assert found.window[0] <= x - 0.25 * height and found.window[1] <= y - 0.1 * height
    assert found.window[2] >= width + 0.5 * height


def test_a_hole_by_the_arm_is_filled_and_one_between_the_legs_is_kept():
    image = np.zeros(SHAPE, np.uint8)
    image[40:140, 100:140] = 1
    image[60:72, 106:114] = image[112:132, 112:128] = 0
    (found,) = people.find(image)
    canvas = np.zeros(SHAPE, np.uint8)
    canvas[found.crop] = found.mask
    assert canvas[60:72, 106:114].all()
    assert not canvas[114:130, 114:126].any()


def test_what_is_no_whole_person_is_said_to_be_none():
    image = frame((4, 50), (200, 50))
    image[150:165, 300:310] = 1  # a piece too small for a person
    image[60:110, 330:395] = 1  # wider than any
    problems = [s.problem for s in sorted(people.find(image), key=lambda s: s.box[0])]
    assert problems == [silhouette.CUT_OFF, None, silhouette.TOO_SMALL, people.NOT_ONE]


def test_people_who_pass_in_the_open_keep_their_numbers():
    frames = [frame((40 + 6 * i, 20), (360 - 6 * i, 110)) for i in range(40)]
    found = follow(frames)
    assert all(len(sightings) == 2 for sightings in found)
    assert {number for sightings in found for number, _, _ in sightings} == {1, 2}


def test_people_who_meet_are_not_taken_for_one():
    frames = [frame((100 + 5 * i, 50), (260 - 5 * i, 60)) for i in range(34)]
    found = follow(frames)
    alone = [i for i, sightings in enumerate(found) if len(sightings) == 1]
    assert alone
    for i in alone:
        assert found[i][0][1] in (tracking.OVERLAP, people.NOT_ONE), i
    assert len(found[-1]) == 2 and {problem for _, problem, _ in found[-1]} == {None}


def test_a_gap_is_counted_and_a_shorter_body_is_partly_hidden():
    frames = [frame((100 + 4 * i, 50)) for i in range(14)]
    frames[6][:] = frames[7][:] = 0
    frames[11][90:] = 0  # behind a wall from the hips down
    found = follow(frames)
    assert found[6] == found[7] == []
    assert found[8] == [(1, None, 2)]
    assert found[11][0][:2] == (1, people.HIDDEN)


def test_a_gap_of_one_frame_is_mended_from_its_neighbours():
    frames = [frame((100 + 2 * i, 50)) for i in range(3)]
    whole = people.find(frames[1])[0]
    frames[1][70:74] = 0
    now = people.find(frames[1])[0]
    before, after = people.find(frames[0])[0], people.find(frames[2])[0]
    mended = people.mend(before, now, after)
    canvas = np.zeros(SHAPE, np.uint8)
    canvas[now.crop] = mended
    expected = np.zeros(SHAPE, np.uint8)
    expected[whole.crop] = whole.mask
    assert np.count_nonzero(canvas & expected) / np.count_nonzero(canvas | expected) > 0.95


def test_what_is_shifted_comes_to_lie_so_many_pixels_on():
    image = np.arange(12).reshape(3, 4)
    assert people.shifted(image, 1, -1).tolist() == [[0, 4, 5, 6], [0, 8, 9, 10], [0, 0, 0, 0]]
    assert people.shifted(image, -2, 1, (2, 5)).tolist() == [[0, 0, 0, 0, 0], [2, 3, 0, 0, 0]]
    assert not people.shifted(image, 4, 0).any() and not people.shifted(image, 0, -3).any()
    colours = np.stack([image, 2 * image], axis=-1)
    np.testing.assert_array_equal(
        people.shifted(colours, 1, 0)[..., 1], 2 * people.shifted(image, 1, 0)
    )
