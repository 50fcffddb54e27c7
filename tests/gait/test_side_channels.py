import numpy as np
import pytest

from gait_jax.gait import rhythm, side_channels
from gait_jax.gait.side_channels import CLIP, NUMBERS, PERSON, WIDTHS, columns, measure


def _box(rows, columns):
    return np.ones((rows, columns), np.uint8)


def _of(values, channel):
    return values[columns([channel])]


def _legs(phase, tall=64, mirrored=False):
    """A trunk on two legs: they swing apart, or are lifted in turn, as from the front."""
    body = np.zeros((tall, tall), np.uint8)
    body[: tall // 2, tall // 2 - 8 : tall // 2 + 8] = 1
    swing = int(round(0.3 * tall * abs(np.sin(phase))))
    for side in (-1, 1):
        if mirrored:
            lifted = int(round(0.2 * tall * max(side * np.sin(phase), 0)))
            body[tall // 2 : tall - lifted, tall // 2 + 5 * side - 3 : tall // 2 + 5 * side + 3] = 1
        else:
            middle = tall // 2 + side * swing
            body[tall // 2 :, max(middle - 3, 0) : middle + 3] = 1
    rows, across = body.any(axis=1), np.flatnonzero(body.any(axis=0))
    return body[rows][:, across[0] : across[-1] + 1]


def _walk(steps, frames, mirrored=False, ripple=0.0):
    """Bodies of so many steps a frame; the phase goes astray by so many cycles, slowly."""
    at = np.arange(frames)
    phase = np.pi * (steps * at + ripple * np.sqrt(2) * np.sin(4 * np.pi * at / frames))
    return [_legs(p, mirrored=mirrored) for p in phase]


def test_channels_are_some_columns_each():
    assert sum(WIDTHS.values()) == NUMBERS == 12
    assert set(PERSON) | set(CLIP) == set(WIDTHS) and not set(PERSON) & set(CLIP)
    assert columns(["height"]).tolist() == [0]
    assert columns(["frames", "speed"]).tolist() == [11, 1, 2]
    assert columns(list(WIDTHS)).tolist() == list(range(12))


def test_a_body_that_moves_across():
    # Four pixels a frame to the right, one down in four; 25 frames a second.
    times = np.arange(9)
    corners = [(10 + 4 * t, 20 + t // 4) for t in times]
    found = measure([_box(50, 20)] * 9, corners, times, (100, 200))
    assert _of(found, "height") == pytest.approx(np.log(50))
    assert _of(found, "frames") == pytest.approx(np.log(9))
    # Least squares of 0 0 0 0 1 1 1 1 2 over 0…8: 14 / 60.
    down = 14 / 60
    pixels = 25 * np.hypot(4, down)
    np.testing.assert_allclose(_of(found, "speed"), [pixels, pixels / 50])
    np.testing.assert_allclose(_of(found, "slope"), [25 * down / 50, 0], atol=1e-12)
    # To the right at right angles to the camera: 90°, or -90° as CASIA-B's views have it.
    np.testing.assert_allclose(_of(found, "view"), [1, 0], atol=1e-9)
    # In the middle of the walk: (10 + 16 + 10) and (20 + 1 + 50), of 100 rows.
    np.testing.assert_allclose(_of(found, "place"), [0.36, 0.71])
    assert np.isnan(_of(found, "cadence")) and np.isnan(_of(found, "ripple"))


def test_time_is_that_of_the_frames_numbers():
    whole = np.arange(20)
    some = whole[[0, 1, 4, 5, 9, 13, 14, 19]]
    found = [
        measure([_box(50, 20)] * len(times), [(3 * t, 9) for t in times], times, (100, 200))
        for times in (whole, some, some + 7)
    ]
    np.testing.assert_allclose(_of(found[1], "speed"), _of(found[0], "speed"))
    np.testing.assert_allclose(_of(found[1], "speed"), [75, 1.5])
    # Numbers may begin anywhere; place goes with what the corners are.
    np.testing.assert_allclose(_of(found[2], "speed"), [75, 1.5])


def test_whoever_comes_nearer_grows():
    # From 40 to 60 rows about a middle that stays: towards the camera, 0°.
    tall = np.arange(40, 62, 2)
    bodies = [_box(rows, 20) for rows in tall]
    corners = [(90, 50 - rows // 2) for rows in tall]
    found = measure(bodies, corners, np.arange(11), (100, 200))
    np.testing.assert_allclose(_of(found, "view"), [0, 1], atol=1e-9)
    np.testing.assert_allclose(_of(found, "speed"), 0, atol=1e-9)
    growth = 25 * np.polyfit(np.arange(11), np.log(tall), 1)[0]
    # Feet sink by a row where the body grows by two.
    np.testing.assert_allclose(_of(found, "slope"), [25 * 1 / 50, growth])
    away = measure(bodies[::-1], corners[::-1], np.arange(11), (100, 200))
    np.testing.assert_allclose(_of(away, "view"), [0, -1], atol=1e-9)
    # Across as fast as nearer: a body of 50 rows seen through a lens 200 wide.
    shift = growth / 25 * 200
    aside = [(int(round(90 + shift * t)), row) for t, (_, row) in enumerate(corners)]
    between = measure(bodies, aside, np.arange(11), (100, 400))
    assert np.degrees(np.arctan2(*_of(between, "view"))) == pytest.approx(26.6, abs=0.5)


def test_whoever_stands_still_walks_nowhere():
    found = measure([_box(50, 20)] * 30, [(5, 5)] * 30, range(30), (100, 100))
    for channel in ("speed", "slope", "view"):
        np.testing.assert_array_equal(_of(found, channel), 0)
    # Nothing moves: there is no rhythm.
    assert np.isnan(_of(found, "cadence")) and np.isnan(_of(found, "ripple"))
    one = measure([_box(50, 20)], [(5, 5)], [3], (100, 100))
    np.testing.assert_array_equal(_of(one, "speed"), 0)
    with pytest.raises(ValueError, match="without frames"):
        measure([], [], [], (100, 100))


@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("steps", [0.0613, 0.0734, 0.09])
def test_steps_are_counted_from_the_side_and_from_the_front(steps, mirrored):
    found, _ = rhythm.find(_walk(steps, 60, mirrored), np.arange(60.0))
    # 25 frames a second: to a step a minute.
    assert 1500 * found == pytest.approx(1500 * steps, abs=1)


def test_cadence_is_in_steps_a_minute():
    bodies = _walk(0.08, 60)
    found = measure(bodies, [(0, 0)] * 60, range(60), (100, 100))
    assert np.exp(_of(found, "cadence")) == pytest.approx(120, abs=1)


def test_frames_may_be_missing():
    kept = np.delete(np.arange(60), [5, 6, 7, 20, 21, 33, 48, 49])
    bodies = _walk(0.08, 60)
    found, _ = rhythm.find([bodies[i] for i in kept], kept.astype(float))
    assert 1500 * found == pytest.approx(120, abs=1)


def test_an_uneven_rhythm_ripples():
    even, uneven, more = (
        rhythm.find(_walk(0.08, 90, ripple=r), np.arange(90.0))[1] for r in (0, 0.03, 0.06)
    )
    assert even < 0.004
    # In cycles of a step, of which a straight line takes a part.
    assert 0.3 * 0.06 < more < 0.06
    assert more == pytest.approx(2 * uneven, rel=0.2)


def test_what_is_too_short_or_shakes_has_no_rhythm():
    assert rhythm.find(_walk(0.08, 39), np.arange(39.0)) is None
    rng = np.random.default_rng(0)
    shaken = [_legs(p) for p in rng.uniform(0, np.pi, 60)]
    assert rhythm.find(shaken, np.arange(60.0)) is None
    # Where the middle of a slow walk is missing, nothing tells how even it is.
    kept = np.r_[0:20, 40:60]
    bodies = _walk(0.052, 60)
    found, ripple = rhythm.find([bodies[i] for i in kept], kept.astype(float))
    assert 1500 * found == pytest.approx(78, abs=3) and np.isnan(ripple)


def test_measurements_are_the_same_every_time():
    bodies = _walk(0.07, 45)
    first, again = (measure(bodies, [(0, 0)] * 45, range(45), (99, 99)) for _ in range(2))
    np.testing.assert_array_equal(first, again)
    assert first.shape == (side_channels.NUMBERS,)
