"""What of a walk reaches its stand-in, by hand."""

import dataclasses
import math

import ml_collections
import numpy as np
import pytest

from gait_jax.gait.glimpses import NEITHER, STANDING, WALKING
from gait_jax.methods.anonymizers.stand_in_plan import Read, plan, turned
from tfds_casia.walkers import standin

_FRAMES = 100


@pytest.fixture(scope="module")
def someone():
    return standin.draw(5)


def _code(**changes):
    # As fast and on the same way as the original, unless a test asks for more.
    known = {"view": 18.0, "elevation": 15.0, "size": 0.0, "pace": 0.0, "freedom": 0.0}
    known |= {"course": 0.0}
    return ml_collections.ConfigDict(known | {"rhythm": "own"} | changes)


def _read(kind=WALKING, azimuth=90.0, speed=0.8, step=4.0, height=120.0, **changes):
    """Somebody of an even walk, `step` pixels a frame to the left."""
    frames = np.arange(_FRAMES)
    turned, half = np.radians(azimuth), 4 * np.pi * frames / 27
    boxes = np.stack(
        [600 - step * frames, 400 + 0.0 * frames, 0.4 * height + 0 * frames, height + 0 * frames],
        axis=1,
    )
    logits = np.zeros((_FRAMES, 3))
    logits[:, kind] = 8
    known = {
        "phase": np.stack([np.cos(half), np.sin(half)], -1),
        "azimuth": np.tile([np.cos(turned), np.sin(turned)], (_FRAMES, 1)),
        "elevation": np.full(_FRAMES, 8.0),
        "speed": np.full(_FRAMES, speed),
        "kind": logits,
        "boxes": boxes,
        "seen": np.ones(_FRAMES),
        "rate": 25.0,
    }
    return Read(**(known | changes))


def _plan(read, someone, seed=0, **code):
    return plan(read, someone, _code(**code), np.random.default_rng(seed))


def test_place_and_size_follow_smoothly_and_views_come_in_bins(someone):
    made = _plan(_read(azimuth=95.0), someone)
    np.testing.assert_allclose(made.azimuth, 90)
    np.testing.assert_allclose(made.elevation, 15)
    np.testing.assert_allclose(made.height, 120, rtol=1e-6)
    np.testing.assert_allclose(made.place[:, 0], 600 - 4 * np.arange(_FRAMES), atol=1e-6)
    np.testing.assert_allclose(made.place[:, 1], 400, atol=1e-6)
    assert made.walk.all()
    # 4 pixels of 120 a frame, 25 times a second, by its own stature.
    np.testing.assert_allclose(made.steps.speed, 4 / 120 * 25 * someone.stature, rtol=1e-6)


def test_the_originals_sway_and_bob_do_not_come_over(someone):
    read = _read()
    boxes = read.boxes.copy()
    # Two steps of 13 frames each, by some pixels.
    wave = np.sin(2 * np.pi * np.arange(_FRAMES) / 13)
    boxes[:, :2] += 3 * wave[:, None]
    boxes[:, 3] += 4 * wave
    shaken = _plan(_read(boxes=boxes), someone)
    calm = _plan(read, someone)
    inner = slice(15, -15)
    assert np.abs(shaken.place - calm.place)[inner].max() < 0.6
    assert np.abs(shaken.height - calm.height)[inner].max() < 0.8


def test_two_walks_with_the_same_code_get_the_same_plan(someone):
    """Noise in what is read, within a bin, changes nothing but what follows the place."""
    rng = np.random.default_rng(3)
    other = _read(
        azimuth=84.0,
        elevation=np.full(_FRAMES, 14.0),
        phase=rng.normal(size=(_FRAMES, 2)),
        speed=0.3,
    )
    a, b = _plan(_read(), someone), _plan(other, someone)
    for name in ("azimuth", "elevation", "height", "place"):
        np.testing.assert_array_equal(getattr(a, name), getattr(b, name))
    # From the side the way tells the speed: the phase is its own.
    np.testing.assert_array_equal(a.steps.phase, b.steps.phase)


def test_who_comes_towards_the_camera_is_as_fast_as_was_read(someone):
    made = _plan(_read(azimuth=0.0, step=0.0, speed=0.7), someone)
    np.testing.assert_allclose(made.steps.speed, 0.7 * someone.stature, rtol=1e-6)


def test_who_stands_stands_still_and_what_is_neither_is_no_walk(someone):
    still = _plan(_read(STANDING, step=0.2), someone)
    assert still.walk.all() and (still.steps.speed == 0).all()
    assert not _plan(_read(NEITHER), someone).walk.any()


def test_the_rhythm_is_kept_where_it_is_asked_for(someone):
    made = _plan(_read(), someone, rhythm="kept")
    # A cycle is 27 frames.
    np.testing.assert_allclose(np.diff(made.steps.phase)[5:-5], 1 / 27, rtol=0.02)
    own = _plan(_read(), someone)
    assert abs(np.diff(own.steps.phase).mean() * 27 - 1) > 0.02


def test_size_is_drawn_about_the_originals(someone):
    sizes = [_plan(_read(), someone, seed, size=0.08).height[0] / 120 for seed in range(300)]
    assert np.std(np.log(sizes)) == pytest.approx(0.08, rel=0.15)
    assert np.mean(np.log(sizes)) == pytest.approx(0, abs=0.015)


def _usual(someone):
    """Metres a second."""
    return someone.pace.preference.frequency * someone.pace.preference.stride


def test_stand_ins_walk_at_their_own_pace_where_the_original_is_faster(someone):
    for step in (6.0, 7.0):
        assert step / 120 * 25 * someone.stature > _usual(someone)
        made = _plan(_read(step=step), someone, freedom=100.0)
        np.testing.assert_allclose(made.steps.speed, _usual(someone), rtol=1e-3)
    made = [_plan(_read(step=12.0), someone, n, pace=0.15, freedom=100.0) for n in range(300)]
    pace = np.log([np.median(one.steps.speed) for one in made])
    # Nobody walks at more than 2 m/s.
    assert np.mean(pace) == pytest.approx(np.log(_usual(someone)), abs=0.03)
    assert np.std(pace) == pytest.approx(0.15, rel=0.15)


def test_who_is_slower_than_the_stand_in_is_not_overtaken_nor_matched(someone):
    step = 2.0
    assert step / 120 * 25 * someone.stature < _usual(someone)
    plans = [_plan(_read(step=step), someone, n, pace=0.15, freedom=100.0) for n in range(300)]
    pace = [np.diff(made.place[:, 0]).mean() / -step for made in plans]
    # Faster, it would end where the original was not.
    assert max(pace) < 1
    assert np.mean(np.log(pace)) == pytest.approx(-0.15 * math.sqrt(2 / math.pi), rel=0.15)


class _Turns:
    """A generator that draws a turn of 30 degrees."""

    def normal(self, mean, deviation):
        return 30.0


def _way_of(x, tall):
    one = np.ones(len(x))
    return np.stack([x, 400 * one, np.log(tall) * one], axis=1)


def test_ways_turn_over_the_ground_about_their_middle():
    seen, code = np.ones(3), _code(freedom=100.0, course=10.0)
    # Two heights across, by hand: cos 30° of it stays, sin 30° leads nearer, 3 heights an e-fold.
    across = turned(_way_of(np.array([0.0, 100, 200]), 100.0), seen, 0.5, code, _Turns())
    np.testing.assert_allclose(across[:, 0], 100 + 100 * math.sqrt(0.75) * np.array([-1, 0, 1]))
    np.testing.assert_allclose(across[:, 2] - np.log(100), np.array([-1, 0, 1]) * 0.5 / 3)
    # What is nearer stands lower: half a height, as high as the camera is, an e-fold.
    np.testing.assert_allclose(across[:, 1] - 400, np.array([-1, 0, 1]) * 50 * 0.5 / 3)
    # Straight at the camera, by an e-fold: 3 heights, half of them to each side of the middle.
    way = _way_of(np.array([50.0, 50, 50]), 100.0 * np.exp([-0.5, 0, 0.5]))
    nearer = turned(way, seen, 0.5, code, _Turns())
    np.testing.assert_allclose(nearer[:, 0], 50 - 1.5 * 0.5 * 100 * np.array([-1, 0, 1]))
    # No further than is allowed, in heights.
    code.freedom = 0.1
    kept = turned(way, seen, 0.5, code, _Turns())
    np.testing.assert_allclose(kept[:, 0], 50 - 10 * np.array([-1, 0, 1]))


def test_the_pace_leads_no_further_from_the_place_than_it_may(someone):
    for seed in range(20):
        made = _plan(_read(), someone, seed, pace=0.5, freedom=0.25)
        away = np.abs(made.place[:, 0] - (600 - 4 * np.arange(_FRAMES)))
        assert away.max() <= 0.25 * 120 + 1e-6


def test_bits_by_hand(someone):
    made = _plan(_read(), someone, size=0.08)
    # Of a range of 0.24 and normal noise, whose density is at most 1 / (0.08 sqrt(2 pi)) = 4.987.
    height = math.log2(1 + 0.24 * 4.98678)
    known = math.log2(20) + math.log2(5) + math.log2(2) + height
    assert made.bits == pytest.approx(known, abs=1e-4)
    # Four seconds: another bin, one of 19, can follow at three times; so can standing.
    late = np.arange(_FRAMES) >= 62
    angle = np.radians(np.where(late, 126, 90))
    towards = np.stack([np.cos(angle), np.sin(angle)], -1)
    turning = _plan(_with(azimuth=towards), someone, size=0.08)
    assert turning.bits == pytest.approx(known + math.log2(1 + 3 * 19), abs=1e-4)
    np.testing.assert_allclose(turning.azimuth[[0, 36, 64, -1]], [90, 90, 126, 126])
    kinds = np.where(late[:, None], _read(STANDING).kind, _read(WALKING).kind)
    stopping = _plan(_with(kind=kinds), someone, size=0.08)
    assert stopping.bits == pytest.approx(known + math.log2(1 + 3), abs=1e-4)
    # Two changes, of one and of the other of three times.
    aside = np.radians(np.where(np.abs(np.arange(_FRAMES) - 50) < 25, 180, 90))
    towards = np.stack([np.cos(aside), np.sin(aside)], -1)
    twice = _plan(_with(azimuth=towards), someone, size=0.08)
    assert twice.bits == pytest.approx(known + math.log2(1 + 3 * 19 + 3 * 19**2), abs=1e-4)


def _with(**changes):
    return dataclasses.replace(_read(), **changes)


def test_views_change_as_seldom_as_can_be(someone):
    """Somebody at the border of two bins, and two who turn: past behind, and all around."""
    frames = np.arange(_FRAMES)

    def views(angle):
        turned = np.radians(angle)
        towards = np.stack([np.cos(turned), np.sin(turned)], -1)
        return _plan(_with(azimuth=towards), someone).azimuth

    shaking = 81 + 9 * np.sign(np.sin(2 * np.pi * frames / 60))
    assert len(np.unique(views(shaking))) == 1
    behind = views(np.where(frames < 50, 162.0, 198.0))
    np.testing.assert_allclose(behind[[0, -1]], [162, 198])
    assert (np.diff(behind) >= -1e-9).all()
    # Four seconds: a quarter of a turn in each, evenly but for the ends.
    around, turning = views(90 + 90.0 * frames / 25), 90 + 90.0 * frames / 25
    assert np.abs(around - turning)[12:-12].max() < 18
    assert np.abs(around - turning).max() < 60


def test_a_moment_is_no_other_walk(someone):
    kinds = _read(WALKING).kind.copy()
    kinds[40:43] = _read(NEITHER).kind[40:43]
    assert _plan(_with(kind=kinds), someone).walk.all()
    kinds[40:70] = _read(NEITHER).kind[40:70]
    walk = _plan(_with(kind=kinds), someone).walk
    assert not walk[45:65].any() and walk[:30].all() and walk[80:].all()


def test_nobody_shrinks_where_the_original_was_hidden(someone):
    """At another pace what was hidden is walked at another time."""
    read = _read()
    boxes, seen = read.boxes.copy(), read.seen.copy()
    boxes[30:75], seen[30:75] = 0, 0
    for seed in range(5):
        made = _plan(_with(boxes=boxes, seen=seen), someone, seed, pace=0.3, freedom=1.0)
        np.testing.assert_allclose(made.height, 120, rtol=1e-6)
        np.testing.assert_allclose(made.place[:, 1], 400, atol=1e-6)
        assert (np.diff(made.place[:, 0]) < 0).all()
