import dataclasses
import hashlib

import cv2
import numpy as np
import pytest

from tfds_casia.walkers import body, camera, colour, gait, generation, recording, segmentation
from tfds_casia.walkers.recording import WalkName


@pytest.fixture(scope="module")
def walk():
    return recording.move(0, WalkName(1, "nm", 1))


def test_a_fourier_series_by_hand():
    # 1 + 2 cos 90° + 3 sin 90° + 4 cos 180° + 5 sin 180°
    assert gait.evaluate(np.arange(1.0, 6.0), np.array(0.25)) == pytest.approx(0)


def test_curves_are_fitted_better_than_people_agree():
    model = body.model()
    assert len(model.curves) == 9
    for name, error in model.curve_errors.items():
        assert error < 0.5 * model.curve_deviations[name]
    # Known from the tables: the knee bends to about 64° at 76 % of the cycle.
    knee = gait.evaluate(model.curves["KneeFlexExt"], np.linspace(0, 1, 101))
    assert knee.argmax() == pytest.approx(76, abs=1)
    assert knee.max() == pytest.approx(64, abs=0.5)


def test_the_left_leg_follows_half_a_cycle_later():
    rng = np.random.default_rng(0)
    style = gait.draw_style(rng, 0.85)
    style = dataclasses.replace(style, amplitude=np.ones((2, 3)))
    walk = dataclasses.replace(gait.draw_walk(rng, style), phase=0.0, cadence=120.0)
    walk = dataclasses.replace(walk, wander=tuple(np.zeros_like(part) for part in walk.wander))
    # At 120 steps a minute a cycle takes a second.
    now, later = (
        gait.joint_angles(walk, times) for times in (np.arange(4) / 4, np.arange(4) / 4 + 0.5)
    )
    for joint in ("hip", "knee", "ankle"):
        np.testing.assert_allclose(now[f"right {joint}"], later[f"left {joint}"], atol=1e-9)
    # The right arm is behind as the right heel strikes.
    assert now["right arm"][0] < now["left arm"][0]


def test_cadences_are_those_of_adults():
    cadences = []
    for subject in range(1, 101):
        rng = recording.stream("person", 0, subject)
        cadences.append(gait.draw_walk(rng, gait.draw_style(rng, 0.85)).cadence)
    assert 90 <= min(cadences) < 100 < 122 < max(cadences) <= 130


@pytest.mark.parametrize("subject", [1, 5])
def test_the_cadence_shows_in_the_frames(subject):
    moving = recording.move(0, WalkName(subject, "nm", 1))
    masks = recording.see(moving, 90).masks
    legs = masks[:, int(0.7 * masks.shape[1]) :] > 0
    spread = legs.any(axis=1).sum(axis=1).astype(float)
    # The legs open and close once a step.
    spectrum = np.abs(np.fft.rfft((spread - spread.mean()) * np.hanning(len(spread)), 4096))
    steps = 60 * np.fft.rfftfreq(4096, 1 / gait.FRAME_RATE)
    plausible = (steps > 60) & (steps < 200)
    measured = steps[plausible][spectrum[plausible].argmax()]
    assert measured == pytest.approx(moving.cadence, rel=0.06)


def test_feet_stay_on_the_ground(walk):
    figure = walk.figure
    soles = (figure.parts == body.Part.FOOT) & (figure.vertices[:, 2] < 0.02)
    lowest = walk.vertices[:, soles, 2].min(axis=1)
    # Metres: a fifth of a pixel above at most; a swinging foot, a pixel and a half below.
    assert lowest.max() < 0.003
    assert lowest.min() > -0.02
    right = soles & (figure.vertices[:, 1] < 0)
    points = walk.vertices[:, right]
    frames = np.arange(len(points) - 1)
    touching = points[:-1, :, 2].argmin(axis=1)
    slide = np.linalg.norm(np.diff(points[..., :2], axis=0)[frames, touching], axis=1)
    flat = (walk.phase[:-1] % 1 > 0.15) & (walk.phase[1:] % 1 < 0.5)
    flat &= walk.phase[:-1] % 1 < 0.5
    assert flat.sum() > 8
    # At the middle of the scene a metre takes 71 pixels.
    assert 71 * slide[flat].max() < 0.5


def test_the_walk_crosses_the_scene(walk):
    x = walk.pelvis[:, 0]
    assert (np.diff(x) > 0).all()
    assert x[0] == pytest.approx(-1.4, abs=0.1) and x[-1] == pytest.approx(1.4, abs=0.1)


@pytest.mark.parametrize("view", camera.VIEWS)
def test_the_person_stays_inside_the_picture(view, walk):
    window = recording.see(walk, view).window
    whole = recording.see(walk, view).window.paste(recording.see(walk, view).masks, (240, 320))
    assert whole.any(axis=(1, 2)).all()
    border = np.ones((240, 320), bool)
    border[1:-1, 1:-1] = False
    assert not whole[:, border].any()
    assert window.height > 90


def test_a_walker_comes_at_0_and_leaves_at_180_degrees(walk):
    def heights(view):
        masks = recording.see(walk, view).masks
        return masks.any(axis=2).sum(axis=1)

    coming, leaving = heights(0), heights(180)
    assert coming[-1] > 1.3 * coming[0]
    assert leaving[0] > 1.3 * leaving[-1]


def test_at_90_degrees_walkers_go_to_the_left(walk):
    left = recording.see(walk, 90).window.left
    assert left[0] > 170 and left[-1] < 130


def test_the_camera_projects_as_a_pinhole():
    points, depth = camera.Camera.at(90).project(np.array([[0.0, 0.0, 0.88], [1.0, 0.0, 0.88]]))
    # What it aims at is in the middle; a metre at seven metres takes 500 / 7 pixels, less a little
    # as the camera looks from above.
    assert points[0].tolist() == [160 * 16, 120 * 16]
    assert depth[0] == pytest.approx((7**2 + 0.37**2) ** 0.5)
    assert points[0, 0] - points[1, 0] == pytest.approx(16 * 500 / depth[0], abs=1)


def test_pixels_are_the_same_everywhere(walk):
    # A change of this number means that data sets made before and after it differ.
    digest = hashlib.sha256(recording.see(walk, 54).masks.tobytes()).hexdigest()
    assert digest[:16] == "e99dff17716d53dd"


def test_walks_do_not_depend_on_what_was_made_before(walk):
    recording.move(0, WalkName(2, "bg", 1))
    again = recording.move(0, WalkName(1, "nm", 1))
    np.testing.assert_array_equal(again.vertices, walk.vertices)
    other = recording.move(0, WalkName(1, "nm", 2))
    assert other.cadence != walk.cadence
    assert recording.move(1, WalkName(1, "nm", 1)).cadence != walk.cadence


def test_degraded_silhouettes_differ_but_overlap(walk):
    sight = recording.see(walk, 90)
    overlaps = []
    for seed in range(4):
        masks, window = segmentation.degrade(walk.figure, sight, np.random.default_rng(seed))
        assert set(np.unique(masks)) == {0, 255}
        shape = camera.HEIGHT, camera.WIDTH
        exact = sight.window.paste(sight.masks, shape) > 0
        damaged = window.paste(masks, shape) > 0
        overlaps.append((exact & damaged).sum() / (exact | damaged).sum())
    assert max(overlaps) < 0.99
    assert min(overlaps) > 0.5


def test_colour_shows_the_person_in_front_of_the_background(walk):
    view = 90
    sight = recording.see(walk, view)
    room = generation.scene_of(0, 1, view)
    kind, clothes = generation.clothes_of(0, WalkName(1, "nm", 1))
    assert kind in colour.CLOTHING
    rng = recording.stream("camera", 0, 1)
    pictures = colour.film(walk, sight, clothes, room, rng, view)
    assert len(pictures) == len(sight.masks)
    whole = sight.window.paste(sight.masks, (240, 320)) > 0
    differences = [
        cv2.absdiff(picture, room.background).max(axis=2) for picture in (pictures[0], pictures[-1])
    ]
    for difference, mask in zip(differences, (whole[0], whole[-1]), strict=True):
        far = cv2.dilate(mask.astype(np.uint8), np.ones((61, 61))) == 0
        # Away from the person there is nothing but noise of at most five grey levels.
        assert np.median(difference[far]) < 12
        assert np.median(difference[mask]) > 15


def test_scenes_belong_to_subject_and_view():
    backgrounds = [generation.scene_of(0, s, v).background for s, v in ((1, 0), (1, 18), (2, 0))]
    assert not np.array_equal(backgrounds[0], backgrounds[1]) and not np.array_equal(
        backgrounds[0], backgrounds[2]
    )
    assert backgrounds[0].shape == (240, 320, 3) and backgrounds[0].dtype == np.uint8
