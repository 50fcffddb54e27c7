"""Who is who: coloured rectangles that cross one another."""

import cv2
import numpy as np
import pytest

from gait_jax.video import people, tracking
from gait_jax.video.clothes import worn
from gait_jax.video.tracking import Tracker

SHAPE = (140, 400)
RED, GREEN, BLUE = (40, 40, 200), (40, 160, 40), (200, 60, 40)


def _seen(*bodies, merged=True):
    """Sightings of bodies (x, upper colour, lower colour), 80 pixels tall, the last one nearest.

    Those that overlap are one body, as a network may see them.
    """
    picture, owner = np.full((*SHAPE, 3), 90, np.uint8), np.zeros(SHAPE, np.uint8)
    for n, (x, upper, lower) in enumerate(bodies, 1):
        columns = slice(int(x) - 12, int(x) + 12)
        picture[30:70, columns], picture[70:110, columns] = upper, lower
        owner[30:110, columns] = n
    count, labels = cv2.connectedComponents((owner > 0).astype(np.uint8))
    found = []
    for label in range(1, count):
        mask = (labels == label).astype(np.uint8)
        x, y, width, height = cv2.boundingRect(mask)
        one = people.sighted(mask[y : y + height, x : x + width], (x, y), SHAPE)
        one.clothes = worn(picture[one.crop], one.mask)
        found.append(one)
    return found


def _follow(frames, rate=25.0):
    """[(middle of the box, number, problem)] of each frame, from left to right."""
    tracker, found = Tracker(rate), []
    for sightings in frames:
        tracker.update(sightings)
        seen = [(one.box[0] + one.box[2] / 2, one.track.number, one.problem) for one in sightings]
        found.append(sorted(seen))
    return found


def _pass_by(there, back, meet):
    """Two who cross, or turn round where they meet; 61 frames, 5 pixels each."""
    for i in range(61):
        x = 50 + 5 * i if not meet or i <= 30 else 200 - 5 * (i - 30) - 10
        y = 350 - 5 * i if not meet or i <= 30 else 200 + 5 * (i - 30) + 10
        yield _seen((x, *there), (y, *back))


@pytest.mark.parametrize("meet", [False, True])
def test_two_who_cross_or_turn_back_are_known_by_their_clothes(meet):
    found = _follow(_pass_by((RED, BLUE), (GREEN, RED), meet))
    left, right = (number for _, number, _ in found[0])
    assert {number for seen in found for _, number, _ in seen} == {left, right}
    assert [number for _, number, _ in found[-1]] == ([left, right] if meet else [right, left])
    together = [seen for seen in found if len(seen) == 1]
    # Nearer than 24 pixels; and when one stands before the other exactly, that one is seen alone.
    assert len(together) == (3 if meet else 5)
    assert sum(seen[0][2] is None for seen in together) == 1
    # Both are themselves again as soon as they are apart.
    assert all(problem is None for seen in found[:20] + found[-18:] for *_, problem in seen)


def test_two_in_the_same_clothes_are_known_by_place_and_speed_or_not_at_all():
    found = _follow(_pass_by((RED, BLUE), (RED, BLUE), False))
    left, right = (number for _, number, _ in found[0])
    numbers = [number for _, number, _ in found[-1]]
    # Never one for the other.
    assert numbers == [right, left] or not set(numbers) & {left, right}
    found = _follow(_pass_by((RED, BLUE), (RED, BLUE), True))
    assert len(found[-1]) == 2 and all(problem is None for *_, problem in found[-1])


def test_who_is_behind_somebody_is_said_to_be():
    tracker = Tracker()
    hidden = []
    for sightings in _pass_by((RED, BLUE), (GREEN, RED), False):
        tracker.update(sightings)
        hidden.append(len(tracker.hidden))
        # Nobody is both.
        assert not {one.track for one in sightings} & tracker.hidden
        assert len(sightings) + len(tracker.hidden) == 2
    assert sum(hidden) == 5 and not any(hidden[:20] + hidden[-18:])


def test_where_two_may_be_meant_nobody_is_shown():
    tracker, problems = Tracker(), []
    for i in range(60):
        # The second one, in like clothes, walks up to the first one and never comes out.
        x = 80 + 4 * i
        both = [(x, RED, BLUE)] if x < 200 else []
        sightings = _seen(*both, (200, RED, BLUE))
        tracker.update(sightings)
        problems.append({one.problem for one in sightings})
    met = 30
    assert problems[10] == {None} and problems[-1] == {None}
    assert all(None not in each for each in problems[met : met + 5])


@pytest.mark.parametrize("rate", [8.0, 25.0, 30.0])
def test_somebody_is_forgotten_after_the_same_time_at_any_rate(rate):
    def back_after(seconds):
        tracker = Tracker(rate)
        for _ in range(round(1.5 * rate)):
            tracker.update(_seen((100, RED, BLUE)))
        gap = round(seconds * rate)
        for _ in range(gap):
            tracker.update([])
        (again,) = _seen((100, RED, BLUE))
        tracker.update([again])
        return again.track.number, again.lost == gap

    assert back_after(0.4) == (1, True)
    assert back_after(0.75) == (2, False)


def test_a_speck_that_only_differs_is_nobody_until_it_is_seen_well():
    tracker = Tracker()
    for i in range(6):
        (speck,) = people.find(np.pad(np.ones((20, 9), np.uint8), ((60, 60), (100, 100))))
        speck.by_difference = True
        assert speck.problem
        tracker.update([speck])
        assert not speck.track.is_person, i


def test_whom_no_network_has_seen_is_somebody_after_a_second():
    # At the same place in every frame, at 10 a second; 2 frames are enough where one has.
    def person_from(unseen, frames=15):
        tracker = Tracker(10.0)
        for i in range(frames):
            (one,) = _seen((100, RED, BLUE))
            one.by_difference = i < unseen
            tracker.update([one])
            if one.track.is_person:
                return i + 1
        return None

    assert person_from(unseen=0) == 2
    assert person_from(unseen=15) == 10
    assert person_from(unseen=15, frames=9) is None
    assert person_from(unseen=5) == 6


def test_feet_below_a_sign_do_not_lead_a_person_elsewhere():
    tracker = Tracker()
    for _ in range(20):
        tracker.update(_seen((100, RED, BLUE)))
    listed = []
    for i in range(30):
        (feet,) = people.find(np.pad(np.ones((16, 20), np.uint8), ((94, 30), (92 + 3 * i, 100))))
        feet.by_difference = True
        tracker.update([feet])
        listed.append((feet.track.number, feet.problem is not None))
    # For half a second they may be theirs, and are said to be hidden.
    assert listed[0] == (1, True) and all(number != 1 for number, _ in listed[13:])
    (other,) = _seen((190, RED, BLUE))
    tracker.update([other])
    assert other.track.number != 1


def _leaf(x, tall=40):
    """Something around a column that moves and differs from the scene."""
    picture = np.zeros(SHAPE, np.uint8)
    picture[110 - tall : 110, x - 10 : x + 10] = 1
    (leaf,) = people.find(picture)
    leaf.by_difference, leaf.clothes = True, worn(np.full((*SHAPE, 3), 60, np.uint8), picture)
    return leaf


def test_leaves_that_move_beside_somebody_take_nobodys_place():
    tracker = Tracker()
    for i in range(20):
        (one,) = _seen((100 + 5 * i, RED, BLUE))
        leaf = _leaf(215)
        tracker.update([one, leaf])
    assert (one.track.number, leaf.track.number) == (1, 2)
    # Of the two that can be the other by place: the leaf is gone, and another one moves.
    (one,), other = _seen((200, RED, BLUE)), _leaf(180)
    tracker.update([one, other])
    assert (one.track.number, one.problem) == (1, None)
    assert other.track.number != 1 and not other.track.is_person


def test_whoever_comes_from_behind_a_leaf_is_not_the_leaf():
    tracker = Tracker()
    for _ in range(10):
        tracker.update([_leaf(200)])
    (one,) = _seen((202, RED, BLUE))
    tracker.update([one])
    assert one.track.number == 2
    # What differs and is as tall as they are was they.
    tracker, small = Tracker(), _leaf(200, tall=70)
    tracker.update([small])
    (one,) = _seen((202, RED, BLUE))
    tracker.update([one])
    assert one.track is small.track


def test_a_body_of_twice_the_pixels_is_not_one_person():
    tracker = Tracker()
    for i in range(10):
        tracker.update(_seen((100 + 2 * i, RED, BLUE)))
    (wide,) = _seen((120, RED, BLUE), (140, RED, BLUE))
    tracker.update([wide])
    assert (wide.track.number, wide.problem) == (1, tracking.OVERLAP)


@pytest.mark.parametrize(("wide", "problem"), [(38, None), (46, tracking.OVERLAP)])
def test_how_much_differs_of_somebody_small_says_little(wide, problem):
    def seen(wide):
        picture = np.zeros(SHAPE, np.uint8)
        picture[30:110, 100 : 100 + wide] = 1
        (one,) = people.find(picture)
        one.by_difference = True
        return one

    tracker = Tracker()
    for _ in range(30):
        tracker.update([seen(24)])
    # 1.6 and 1.9 times as much as before.
    one = seen(wide)
    tracker.update([one])
    assert (one.track.number, one.problem) == (1, problem)
