import math
import sys

import coloured
import cv2
import numpy as np
import processes
import pytest

from gait_jax.video import blazepose_detector, blazepose_landmarks
from gait_jax.video.blazepose_detector import Detector
from gait_jax.video.blazepose_landmarks import NAMES, Landmarks, Outputs
from gait_jax.video.blazepose_region import Region


def outputs(**changed):
    """A network's: all points in the middle, nothing sure."""
    raw = np.tile(np.array([128.0, 128, 0, 0, 0], np.float32), (39, 1))
    raw[34, 1] = 28
    parts = {
        "landmarks": raw,
        "flag": np.array([0.25], np.float32),
        "mask": np.full((256, 256, 1), -1000, np.float32),
        "heat": np.full((64, 64, 39), -1000, np.float32),
        "world": np.zeros((39, 3), np.float32),
    } | changed
    shaped = {name: parts[name].reshape(-1) for name in ("landmarks", "world")}
    return Outputs(**parts | shaped)


def test_landmarks_are_read_into_the_picture():
    given = outputs()
    raw = given.landmarks.reshape(39, 5)
    raw[0] = [64, 128, -32, math.log(3), -1000]
    world = np.zeros((39, 3), np.float32)
    world[5] = [1, 2, 3]
    given = given._replace(world=world.reshape(-1))
    # A quarter turn clockwise: the region's left is the picture's top.
    region = Region(50.0, 40.0, 20.0, math.pi / 2)
    pose = blazepose_landmarks.read(given, region, (80, 100, 3))
    assert pose.flag == 0.25
    assert pose.landmarks.shape == (33, 3) and pose.world.shape == (33, 3)
    np.testing.assert_allclose(pose.landmarks[0], [50, 35, -2.5], atol=1e-5)
    np.testing.assert_allclose(pose.landmarks[1], [50, 40, 0], atol=1e-5)
    assert (pose.visibility[0], pose.visibility[1]) == pytest.approx((0.75, 0.5))
    assert (pose.presence[0], pose.presence[1]) == pytest.approx((0, 0.5))
    np.testing.assert_allclose(pose.world[5], [-2, 1, 3], atol=1e-6)
    # 100 of 256 pixels are the radius: the next one is 2 · 1.25 · 100 / 256 as large.
    following = pose.following
    assert (following.x, following.y) == pytest.approx((50, 40))
    assert following.size == pytest.approx(20 * 250 / 256)
    assert following.angle == pytest.approx(math.pi / 2)


def test_joints_are_landmarks_and_the_head_is_between_the_ears():
    given = outputs()
    raw = given.landmarks.reshape(39, 5)
    raw[NAMES.index("left_ear"), :3] = [64, 128, -32]
    raw[NAMES.index("right_ear"), :3] = [192, 64, 96]
    raw[NAMES.index("left_foot_index"), :3] = [128, 192, 64]
    raw[NAMES.index("right_wrist"), :3] = [0, 256, 0]
    limbs = blazepose_landmarks.read(given, Region(50.0, 40.0, 20.0, 0.0), (80, 100, 3)).limbs
    # 256 of the network's pixels are 20 of the picture's.
    expected = {"head": (50, 37.5, 2.5), "left_toe": (50, 45, 5), "right_wrist": (40, 50, 0)}
    for joint, point in (expected | {"left_hip": (50, 40, 0)}).items():
        np.testing.assert_allclose(limbs.joint(joint), point, atol=1e-5)
    assert limbs.points.dtype == np.float32


def test_the_mask_lies_where_the_person_is():
    mask = np.full((256, 256, 1), -1000, np.float32)
    mask[64:192, 96:160] = 200
    pose = blazepose_landmarks.read(outputs(mask=mask), Region(50.0, 40.0, 64.0, 0.0), (60, 100))
    assert pose.corner == (18, 8) and pose.mask.shape == (52, 64)
    assert pose.mask.dtype == np.float32
    expected = np.zeros((52, 64), bool)
    expected[16:48, 24:40] = True
    np.testing.assert_array_equal(pose.mask > 0.5, expected)
    assert (pose.mask.min(), pose.mask.max()) == pytest.approx((0, 1))


def test_a_landmark_moves_to_where_it_is_likely_nearby():
    heat = np.full((64, 64, 3), -1000, np.float32)
    # Cells of 4 pixels: even chances at columns 10 and 12 of row 20; too far away; unlikely.
    heat[20, [10, 12], 0], heat[20, 15, 1], heat[20, 11, 2] = 0, 9, -0.1
    points = np.full((3, 2), [45.0, 83.0])
    moved = blazepose_landmarks.refine(points, heat)
    np.testing.assert_allclose(moved, [[44, 80], [45, 83], [45, 83]])
    # At the border there is less to look at, and beyond it nothing.
    heat[:] = 9
    corners = np.array([[0.0, 0.0], [255.9, 255.9], [-40.0, 300.0]])
    moved = blazepose_landmarks.refine(corners, heat)
    np.testing.assert_allclose(moved, [[6, 6], [246, 246], [-40, 300]])


@pytest.fixture(scope="module")
def walker():
    """Seen from the side, in mid-stride."""
    return coloured.frame(2, 90, 20)


@pytest.fixture(scope="module")
def networks():
    """Both, from the user's cache. Where they are missing these tests fail and say what to run."""
    return Detector(), Landmarks()


def test_the_network_gets_the_region_in_red_green_blue(monkeypatch):
    def load(name, threads):
        assert (name, threads) == (blazepose_landmarks.blazepose_files.LANDMARKS, 2)
        return lambda given: seen.append(given) or outputs()

    seen = []
    monkeypatch.setattr(blazepose_landmarks, "Network", load)
    picture = np.zeros((80, 100, 3), np.uint8)
    picture[:, :50], picture[:, 50:] = (0, 51, 255), (255, 0, 0)
    pose = Landmarks(2)(picture, Region(50.0, 40.0, 20.0, 0.0))
    assert pose.mask.shape == (20, 20)
    (given,) = seen
    assert given.shape == (256, 256, 3) and given.dtype == np.float32
    np.testing.assert_allclose(given[:, 50], np.broadcast_to([1, 0.2, 0], (256, 3)), atol=1e-6)
    np.testing.assert_allclose(given[:, 200], np.broadcast_to([0, 0, 1], (256, 3)), atol=1e-6)


@pytest.mark.parametrize("closed", ["", " 2>&-"])
def test_loading_says_nothing(closed):
    load = "from gait_jax.video.blazepose_detector import Detector; print(bool(Detector()))"
    done = processes.run(["sh", "-c", f'"{sys.executable}" -c "{load}"{closed}'])
    assert (done.returncode, done.stdout, done.stderr) == (0, "True\n", "")


def overlap(pose, truth):
    found = np.zeros_like(truth)
    (left, top), (height, width) = pose.corner, pose.mask.shape
    found[top : top + height, left : left + width] = pose.mask > 0.5
    return np.count_nonzero(found & truth) / np.count_nonzero(found | truth)


def test_a_walker_is_found_with_mask_and_joints(networks, walker):
    detector, landmarks = networks
    (person,) = detector.detect(walker.picture)
    tall = np.ptp(np.nonzero(walker.mask)[0]) + 1
    assert person.score > 0.7 and 0.45 < person.radius / tall < 0.75
    pose = landmarks(walker.picture, person.region)
    assert pose.flag > 0.9 and overlap(pose, walker.mask) > 0.9
    bones = {"shoulder": "upper_arm", "hip": "thigh", "knee": "shank", "ankle": "foot"}
    for side in ("left", "right"):
        for joint, bone in bones.items():
            found = pose.landmarks[NAMES.index(f"{side}_{joint}"), :2]
            true = walker.joints[f"{bone}_{side}"]
            assert np.linalg.norm(found - true) < 0.06 * tall, (side, joint)
    # What it sees of them: the left side is the camera's.
    left, right = (pose.visibility[NAMES.index(f"{side}_shoulder")] for side in ("left", "right"))
    assert left > 0.9 and left > right
    # From there the next frame's can be found, too.
    again = landmarks(walker.picture, pose.following)
    assert again.flag > 0.9 and overlap(again, walker.mask) > 0.9


def test_all_people_are_found_and_an_empty_scene_is_empty(networks, walker):
    detector, _ = networks
    pictures, expected = [], []
    for k, true in enumerate((walker, coloured.frame(1, 90, 20))):
        hips = (true.joints["thigh_left"] + true.joints["thigh_right"]) / 2
        left = int(hips[0]) - 60
        pictures.append(true.picture[:, left : left + 120])
        expected.append(hips + [120 * k - left, 0])
    found = sorted(detector.detect(np.hstack(pictures)), key=lambda person: person.hips[0])
    hips = [person.hips for person in found]
    np.testing.assert_allclose(hips, expected, atol=8)
    painted = walker.picture.copy()
    cut = np.nonzero(walker.mask.any(axis=0))[0]
    # The wall and the floor beside the person, in their place.
    painted[:, cut[0] - 10 : cut[-1] + 11] = painted[:, :1]
    assert detector.detect(painted) == []


def test_small_people_are_found_in_tiles(networks, walker):
    detector, landmarks = networks
    small = cv2.resize(walker.picture, None, fx=0.6, fy=0.6, interpolation=cv2.INTER_AREA)
    top, left = 180, 250
    ends = [(top, 360 - top - len(small)), (left, 480 - left - small.shape[1])]
    scene = np.pad(small, [*ends, (0, 0)], mode="edge")
    assert detector.detect(scene) == []
    tiles = blazepose_detector.tiles(scene.shape, 192, 84)
    found = detector.detect_tiles(scene, tiles)
    seen = [landmarks(scene, person.region) for person in found]
    (pose,) = [pose for pose in seen if pose.flag > 0.5]
    truth = cv2.resize(walker.mask.astype(np.float32), small.shape[1::-1]) > 0.5
    assert overlap(pose, np.pad(truth, ends)) > 0.85
