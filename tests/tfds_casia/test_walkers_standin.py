import hashlib

import cv2
import numpy as np
import pytest

from tfds_casia.walkers import body, camera, outfit, rhythm, segmentation, standin
from tfds_casia.walkers.body import Part
from tfds_casia.walkers.rhythm import Preference

_SEEDS = range(6)


@pytest.fixture(scope="module")
def people():
    return [standin.draw(seed) for seed in _SEEDS]


def _walking(someone, speed, frames=50, heading=None):
    return rhythm.own(np.full(frames, speed), someone.pace.preference, 0.2, heading=heading)


def _seen(someone, steps, azimuth=0.0, elevation=0.0, height=150.0, place=None):
    one = np.ones(len(steps.phase))
    return someone.see(steps, azimuth * one, elevation * one, height * one, place)


def _box(mask):
    left, top, width, height = cv2.boundingRect(mask)
    return left, top, width, height


def _slips(someone, steps):
    """Metres by which the sole that bears the body slips in each step, and each frame's heights."""
    turn = np.radians(steps.heading)
    path, found = steps.path(), []
    for side, points in enumerate(someone.pace.footprints(someone.pose(steps))):
        x, y = points[..., 0], points[..., 1]
        cosine, sine = np.cos(turn)[:, None], np.sin(turn)[:, None]
        world = np.stack([cosine * x - sine * y, sine * x + cosine * y], axis=-1) + path[:, None]
        lowest = (points[1:, :, 2] + points[:-1, :, 2]).argmin(axis=1)
        slip = np.linalg.norm(np.diff(world, axis=0)[np.arange(len(lowest)), lowest], axis=-1)
        own = steps.phase[:-1] + side / 2
        bears = (own % 1 > 0.08) & (own % 1 < 0.55)
        steps_of_side = [bears & (np.floor(own) == step) for step in np.unique(np.floor(own))]
        found += [slip[chosen].sum() for chosen in steps_of_side if chosen.sum() >= 6]
    return np.array(found)


def test_cadence_and_stride_grow_with_the_root_of_the_speed():
    usual = Preference(frequency=1.0, stride=1.4, longest=2.0)
    steps = rhythm.own(np.full(26, 1.4 / 4), usual, 0.5)
    # A quarter of the speed is half the cadence and half the stride; a second is half a cycle.
    np.testing.assert_allclose(steps.stride, 0.7)
    assert steps.phase[0] == 0.5 and steps.phase[25] == pytest.approx(1.0)
    assert steps.path()[25].tolist() == pytest.approx([1.4 / 4, 0])
    # No stride is longer than the longest, whatever the speed.
    fast = rhythm.own(np.full(26, 4.0), usual, 0.0)
    np.testing.assert_allclose(fast.stride, 2.0)
    assert fast.phase[25] == pytest.approx(2.0)


def test_who_stands_takes_no_strides():
    steps = rhythm.own(np.zeros(5), Preference(1.0, 1.4, 2.0), 0.0)
    np.testing.assert_array_equal(steps.stride, 0)


def test_a_phase_that_is_kept_decides_how_long_strides_are():
    usual = Preference(1.0, 1.4, 2.0)
    phase = 0.3 + 0.8 * np.arange(50) / 25
    steps = rhythm.kept(phase, np.full(50, 1.2), usual)
    np.testing.assert_array_equal(steps.phase, phase)
    # 1.2 m/s at 0.8 cycles a second.
    np.testing.assert_allclose(steps.stride, 1.5)
    np.testing.assert_allclose(rhythm.kept(phase, np.full(50, 9.0), usual).stride, 2.0)


def test_steps_lead_where_they_head():
    usual = Preference(1.0, 1.0, 2.0)
    steps = rhythm.own(np.full(26, 1.0), usual, 0.0, heading=np.full(26, 90.0))
    np.testing.assert_allclose(steps.path()[-1], [0, 1], atol=1e-9)
    turning = rhythm.own(np.zeros(26), usual, 0.0, heading=2.0 * np.arange(26))
    np.testing.assert_allclose(turning.turning(), 50.0)


@pytest.mark.parametrize("speed", [0.4, 1.2, 1.9])
def test_feet_do_not_slide(people, speed):
    slips = np.concatenate([_slips(who, _walking(who, speed)) for who in people])
    # Metres a step.
    assert np.median(slips) < 0.02
    assert slips.max() < 0.08


def test_feet_do_not_slide_as_people_start_and_stop_and_turn(people):
    moments = np.arange(125) / 25
    speed = np.interp(moments, [0.5, 1.1, 3, 3.6], [0, 1.3, 1.3, 0])
    stopping, turning = [], []
    for who in people:
        stopping.append(_slips(who, rhythm.own(speed, who.pace.preference, 0.3)))
        turning.append(_slips(who, _walking(who, 0.8, heading=60 * moments[:50])))
    # Without holding them it would be 16 cm, and half a metre on the outside of a turn.
    assert np.percentile(np.concatenate(stopping), 90) < 0.04
    assert np.percentile(np.concatenate(turning), 90) < 0.1


def test_feet_do_not_slide_where_a_phase_is_followed(people):
    slips = []
    for who in people:
        # A rhythm that is not the walker's, and wavers.
        moments = np.arange(75) / 25
        phase = 0.95 * who.pace.preference.frequency * moments + 0.02 * np.sin(5 * moments)
        slips.append(_slips(who, rhythm.kept(phase, np.full(75, 1.1), who.pace.preference)))
    slips = np.concatenate(slips)
    assert np.median(slips) < 0.02 and slips.max() < 0.08


def test_somebody_stands_on_the_ground(people):
    for who in people:
        for speed in (0.0, 1.2):
            soles = who.pace.footprints(who.pose(_walking(who, speed)))
            lowest = np.min([sole[..., 2].min(axis=1) for sole in soles], axis=0)
            assert lowest.min() > -0.005
            assert lowest.max() < 0.03
            assert np.median(lowest) < 0.005


def test_who_stands_stands_still_with_both_feet_beside_each_other(people):
    for who in people:
        steps = _walking(who, 0.0)
        soles = [sole[..., :2].mean(axis=1) for sole in who.pace.footprints(who.pose(steps))]
        assert max(np.ptp(sole, axis=0).max() for sole in soles) < 0.01
        apart = soles[1][0] - soles[0][0]
        assert abs(apart[0]) < 0.2 and 0.05 < apart[1] < 0.5
        boxes = np.array([_box(mask) for mask in _seen(who, steps, azimuth=90).masks])
        # Pixels of 150: a swaying trunk.
        assert np.ptp(boxes[:, 2:], axis=0).max() <= 5


def test_a_standing_person_is_as_tall_as_asked(people):
    frames = 24
    angles = np.linspace(-180, 180, frames), np.linspace(0, 60, frames)
    for who, tall in zip(people, (80.0, 130.0, 150.0, 180.0, 240.0, 700.0), strict=True):
        # Somebody without random changes.
        still = _walking(who, 0.0, frames)
        sight = who.see(still, *angles, np.full(frames, tall))
        heights = np.array([_box(mask)[3] for mask in sight.masks])
        # A hundredth for heads that nod.
        assert abs(heights - tall).max() <= 1.5 + 0.01 * tall


def test_the_anchor_is_where_it_is_put_between_the_feet(people):
    place = np.array([[100.25, 200.5]] * 25)
    for who in people:
        sight = _seen(who, _walking(who, 1.2, 25), 90, 0, 150, place)
        np.testing.assert_array_equal(sight.anchors, place)
        whole = sight.window.paste(sight.masks, (240, 320))
        for mask in whole:
            left, top, width, height = _box(mask)
            assert top + height == pytest.approx(200.5, abs=6)
            assert left < 100 < left + width
        moved = _seen(who, _walking(who, 1.2, 25), 90, 0, 150, place + [40, -30])
        np.testing.assert_array_equal(moved.masks, sight.masks)
        assert (moved.window.left - sight.window.left == 40).all()


def test_silhouettes_are_one_region(people):
    for who in people:
        steps = rhythm.own(np.linspace(0, 1.9, 24), who.pace.preference, 0.0)
        sight = who.see(
            steps, np.linspace(-180, 180, 24), np.linspace(0, 60, 24), np.full(24, 140.0)
        )
        assert set(np.unique(sight.masks)) == {0, 255}
        for mask in sight.masks:
            assert cv2.connectedComponents(mask, connectivity=8)[0] == 2


def test_same_seed_same_pixels_and_others_differ(people):
    first, second, other = (
        _seen(who, _walking(who, 1.2, 6), 40).masks
        for who in (people[1], standin.draw(1), people[2])
    )
    np.testing.assert_array_equal(first, second)
    assert first.shape != other.shape or (first != other).any()
    assert standin.draw(2**100).stature > 1


def test_faces_and_heels_are_on_the_side_that_the_azimuth_says(people):
    toes = [body.model().bones.index(f"{bone}_left") for bone in ("foot", "toes")]
    for who in people:
        steps = _walking(who, 0.0, 3)
        to_the_left, to_the_right = (
            np.diff(_seen(who, steps, azimuth).joints[0, toes, 0])[0] for azimuth in (90, -90)
        )
        # Their left side: they go to the left.
        assert to_the_left < -5 and to_the_right > 5
        hips = [body.model().bones.index(f"thigh_{side}") for side in ("left", "right")]
        front, back = (_seen(who, steps, azimuth).joints[0, hips, 0] for azimuth in (0, 180))
        assert front[0] > front[1] and back[0] < back[1]


def test_both_sides_are_alike_over_people(people):
    widths = {}
    for azimuth in (-60, 60):
        widths[azimuth] = [
            _box(mask)[2]
            for who in people
            for mask in _seen(who, _walking(who, 1.2, 50), azimuth).masks
        ]
    assert np.mean(widths[-60]) == pytest.approx(np.mean(widths[60]), rel=0.04)


def test_parts_of_a_clip_are_filmed_as_the_whole_is(people):
    who = people[4]
    place, one = np.tile([160.0, 200.0], (10, 1)), np.ones(10)
    pose = who.pose(_walking(who, 1.2, 10))
    whole = who.film(pose, 40 * one, 5 * one, 150 * one, place)
    part = who.film(pose.part(slice(4, 7)), 40 * one[:3], 5 * one[:3], 150 * one[:3], place[:3])
    np.testing.assert_array_equal(
        part.window.paste(part.masks, (240, 320)), whole.window.paste(whole.masks, (240, 320))[4:7]
    )


def test_a_near_camera_shows_more_perspective(people):
    steps, one = _walking(people[0], 0.0, 1), np.ones(1)
    toes = [body.model().bones.index(f"{bone}_left") for bone in ("foot", "toes")]
    drops = []
    for distance in (2.0, 8.0):
        # Seen from level in front, toes are nearer than heels, and so further down.
        sight = people[0].see(steps, 0 * one, 0 * one, 150 * one, distance=distance)
        drops.append(np.diff(sight.joints[0, toes, 1])[0])
        assert _box(sight.masks[0])[3] == pytest.approx(150, abs=3)
    assert drops[0] > drops[1] + 1


def test_a_single_frame_can_be_filmed(people):
    assert _seen(people[0], _walking(people[0], 1.2, 1)).masks.any()


def test_arguments_that_do_not_fit_are_refused(people):
    steps, one = _walking(people[0], 1.2, 4), np.ones(4)
    with pytest.raises(ValueError, match="of 4 frames"):
        people[0].see(steps, one[:3], one, 100 * one)
    with pytest.raises(ValueError, match="of 4 frames"):
        people[0].see(steps, one, one, 100 * one, np.zeros((3, 2)))
    with pytest.raises(ValueError, match="0.0 pixels"):
        people[0].see(steps, one, one, 0 * one)


def test_joints_lie_in_the_silhouette(people):
    head = body.model().bones.index("head")
    place = np.array([[160.0, 200.0]] * 6)
    for who in people:
        sight = _seen(who, _walking(who, 1.0, 6), 30, 10, 160, place)
        whole = sight.window.paste(sight.masks, (240, 320))
        for mask, joints in zip(whole, sight.joints, strict=True):
            x, y = joints[:, 0].astype(int), joints[:, 1].astype(int)
            assert (mask[y, x] > 0).mean() > 0.9
            assert y[head] < y.mean() - 30


def test_cameras_around_agree_with_those_of_the_data_set():
    # The camera of 90° stands seven metres away and 37 cm above what it aims at.
    known = camera.Camera.at(90)
    distance = float(np.hypot(7.0, 1.25 - 0.88))
    found = camera.Camera.looking(90, np.degrees(np.arctan2(1.25 - 0.88, 7.0)), distance)
    np.testing.assert_allclose(found.position, known.position, atol=1e-9)
    np.testing.assert_allclose(found.axes, known.axes, atol=1e-9)


@pytest.mark.parametrize("length", [0.3, 1.0, 1.7])
def test_skirts_hang_from_the_waist_and_end_where_they_should(length):
    naked = body.shape_body(np.zeros(14))
    clothes = outfit.draw_outfit(np.random.default_rng(0), female=True)
    clothes = outfit.dataclasses.replace(clothes, skirt=length, flare=0.0)
    figure = outfit.dress(naked, clothes)
    skirt = figure.vertices[figure.parts == Part.COAT]
    hip, knee, ankle = (
        naked.joints[body.model().bones.index(f"{bone}_left"), 2]
        for bone in ("thigh", "shank", "foot")
    )
    assert skirt[:, 2].max() == pytest.approx(hip + 0.16)
    hem = {0.3: hip + 0.3 * (knee - hip), 1.0: knee, 1.7: knee + 0.7 * (ankle - knee)}[length]
    assert skirt[:, 2].min() == pytest.approx(hem)


def test_pixels_are_the_same_everywhere(people):
    # A change of this number means that the same key makes another stand-in than before.
    sight = _seen(people[3], _walking(people[3], 1.2, 8), 54, 10)
    assert hashlib.sha256(sight.masks.tobytes()).hexdigest()[:16] == "4dc1badcc9c75647"


def test_people_differ_in_width():
    shares = []
    for seed in range(24):
        who = standin.draw(100 + seed)
        _, _, width, height = _box(_seen(who, _walking(who, 1.2, 2)).masks[0])
        shares.append(width / height)
    # CASIA-A's people from the front: 0.31 to 0.47.
    assert min(shares) < 0.32 and max(shares) > 0.44


def test_stand_ins_can_be_degraded(people):
    who = people[0]
    sight = _seen(who, _walking(who, 1.2, 20), 60, place=np.tile([150.0, 250.0], (20, 1)))
    masks, window = segmentation.degrade(who.figure, sight, np.random.default_rng(3))
    assert masks.shape[1:] == (window.height, window.width)
    exact = sight.window.paste(sight.masks, (300, 300)) > 0
    damaged = window.paste(masks, (300, 300)) > 0
    assert 0.5 < (exact & damaged).sum() / (exact | damaged).sum() < 0.99


@pytest.mark.parametrize("azimuth", [0, 90])
def test_the_ground_below_feet_is_where_they_stand(people, azimuth):
    for who in people[:3]:
        place = np.tile([160.0, 200.0], (50, 1))
        sight = _seen(who, _walking(who, 1.2), azimuth, 15, 160, place)
        assert sight.soles.shape == (50, 2, 4, 2)
        # One of them always stands, and each of them swings.
        assert sight.lifts.min(axis=1).max() < 0.03 < 0.05 < sight.lifts.max(axis=0).min()
        whole = sight.window.paste(sight.masks, (240, 320))
        for mask, soles, lifts in zip(whole, sight.soles, sight.lifts, strict=True):
            lowest = np.nonzero(mask.any(axis=1))[0][-1]
            # Tips are above their ground at heel strike, and heels when toes leave it.
            middle = soles[lifts < 0.03].mean(axis=1)[:, 1].max()
            assert middle - 7 < lowest < soles[..., 1].max() + 4
            x, y = soles.mean(axis=1).T
            assert np.abs(x - 160).max() < 80 and np.abs(y - 200).max() < 25
