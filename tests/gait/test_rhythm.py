import cv2
import numpy as np
import pytest
from drawn import draw_person

from gait_jax.gait import rhythm


def _cut(mask):
    x, y, width, height = cv2.boundingRect(mask)
    return (mask[y : y + height, x : x + width] > 0).astype(np.uint8)


def _walk(frames, cycle):
    """Legs that swing once a cycle, so that both steps look the same."""
    return [_cut(draw_person(2 * np.pi * i / cycle, 60)) for i in range(frames)]


def _limping(frames, cycle):
    """A walk whose two steps differ, seen from the front: one foot is lifted higher."""
    found = []
    for i in range(frames):
        body = np.zeros((64, 64), np.uint8)
        body[:40, 22:42] = 1
        lift = np.sin(2 * np.pi * i / cycle)
        body[40 : 60 - int(8 * max(lift, 0)), 22:30] = 1
        body[40 : 60 - int(5 * max(-lift, 0)), 34:42] = 1
        found.append(_cut(body))
    return found


@pytest.mark.parametrize("cycle", [22, 26, 31.5])
@pytest.mark.parametrize("walk", [_walk, _limping])
def test_a_known_walks_rhythm_is_two_steps_a_cycle(walk, cycle):
    steps, _ = rhythm.find(walk(90, cycle), np.arange(90))
    assert 2 / steps == pytest.approx(cycle, abs=0.5)


def test_what_does_not_move_or_is_too_short_has_no_rhythm_and_no_cycle():
    rng = np.random.default_rng(0)
    noise = [_cut(rng.integers(2, size=(64, 64), dtype=np.uint8)) for _ in range(60)]
    for bodies in (_walk(1, 26) * 60, _walk(20, 26), noise):
        times = np.arange(len(bodies))
        assert rhythm.find(bodies, times) is None and rhythm.cycles(bodies, times) == []


@pytest.mark.parametrize("first", [0, 1000])
def test_cycles_follow_each_other_and_are_as_long_as_two_steps(first):
    cycles = rhythm.cycles(_walk(90, 26), first + np.arange(90))
    # 90 / 26 = 3 whole cycles; of the 12 frames left over, 6 lie before them.
    assert [first for first, _ in cycles[1:]] == [last for _, last in cycles[:-1]]
    assert len(cycles) == 3 and cycles[0][0] in (5, 6, 7)
    assert all(25 <= last - first <= 27 for first, last in cycles)


def test_frames_that_are_missing_do_not_shift_the_cycles():
    bodies, times = _walk(90, 26), np.arange(90)
    whole = rhythm.cycles(bodies, times)
    # Ten of the second cycle's are lost.
    kept = np.delete(times, np.arange(40, 50))
    part = rhythm.cycles([bodies[i] for i in kept], kept)
    for (first, last), (one, other) in zip(whole, part, strict=True):
        assert kept[one] == pytest.approx(times[first], abs=1)
        assert kept[other - 1] == pytest.approx(times[last - 1], abs=1)
    # Fifteen, and less than half is left of it.
    kept = np.delete(times, np.arange(36, 51))
    part = rhythm.cycles([bodies[i] for i in kept], kept)
    assert len(part) == 2 and kept[part[1][0]] > 50
