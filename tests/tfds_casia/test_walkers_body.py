import pathlib

import numpy as np
import pytest

from tfds_casia.walkers import body, gait, motion, wardrobe
from tfds_casia.walkers.body import Part


@pytest.fixture(scope="module")
def average():
    return body.shape_body(np.zeros(len(body.model().components)))


def _at_rest(figure, frames=1):
    bones = len(figure.joints)
    return body.Pose(
        np.broadcast_to(np.eye(3), (frames, bones, 3, 3)).copy(),
        np.broadcast_to(figure.joints, (frames, bones, 3)).copy(),
    )


def test_the_asset_is_small_and_says_whose_it_is():
    folder = pathlib.Path(body.__file__).parent
    assert (folder / "body.npz").stat().st_size < 2e6
    assert "CC0" in (folder / "LICENSE-body.txt").read_text(encoding="utf-8")


def test_nobody_moves_in_the_rest_pose(average):
    moved = body.skin(average.vertices, average.weights, average.joints, _at_rest(average, 2))
    np.testing.assert_allclose(moved, np.stack([average.vertices] * 2), atol=1e-12)


def test_a_turned_bone_carries_its_part_rigidly(average):
    bones = body.model().bones
    pose = _at_rest(average)
    quarter = np.array([[0.0, 0.0, 1.0], [0.0, 1.0, 0.0], [-1.0, 0.0, 0.0]])  # z to x, x to -z
    shank = bones.index("shank_left")
    for name in ("shank_left", "foot_left", "toes_left"):
        pose.rotations[0, bones.index(name)] = quarter
    pose = body.hang_together(pose.rotations, average.joints)
    moved = body.skin(average.vertices, average.weights, average.joints, pose)[0]
    own = average.weights[:, shank : shank + 3].sum(axis=1)
    knee = average.joints[shank]
    below = own == 1
    assert below.sum() > 50
    expected = knee + (average.vertices[below] - knee) @ quarter.T
    np.testing.assert_allclose(moved[below], expected, atol=1e-12)
    np.testing.assert_array_equal(own == 0, np.isclose(moved, average.vertices).all(axis=1))
    # The ankle hung below the knee; now it is behind it.
    ankle = pose.positions[0, shank + 1]
    assert ankle[0] < knee[0] - 0.35
    assert ankle[2] == pytest.approx(knee[2] - (average.joints[shank + 1] - knee)[0], abs=1e-12)


def test_bodies_are_those_of_adults(average):
    model = body.model()
    np.testing.assert_allclose(average.weights.sum(axis=1), 1)
    assert average.vertices[:, 2].min() == 0
    assert set(average.parts) == set(range(10))
    heights = []
    rng = np.random.default_rng(0)
    for gender in (0, 1):
        for _ in range(60):
            shape = model.gender_mean[gender] + model.gender_factor[gender] @ rng.normal(size=14)
            heights.append(np.ptp(body.shape_body(shape).vertices[:, 2]))
    women, men = heights[:60], heights[60:]
    # Six standard errors around the statures that the asset was made for, 1.64 m and 1.77 m.
    assert np.mean(women) == pytest.approx(1.64, abs=0.05)
    assert np.mean(men) == pytest.approx(1.77, abs=0.055)
    assert 0.04 < np.std(women) < 0.09
    assert min(heights) > 1.35


def test_normals_of_a_tetrahedron_point_outwards():
    corners = np.array([[0.0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]])
    faces = np.array([[0, 2, 1], [0, 1, 3], [0, 3, 2], [1, 2, 3]])
    normal = body.normals(corners, faces)
    # At the origin the three faces of area 1/2 along the axes meet.
    np.testing.assert_allclose(normal[0], [-(3**-0.5)] * 3)
    assert ((normal * (corners - corners.mean(axis=0))).sum(axis=1) > 0).all()


@pytest.mark.parametrize("bag", wardrobe.BAGS)
def test_clothes_cover_the_body_and_bags_hang_beside_it(average, bag):
    rng = np.random.default_rng(3)
    worn = wardrobe.draw_wardrobe(rng, female=True)
    worn = wardrobe.dataclasses.replace(worn, bag=bag, bag_size=np.array([0.3, 0.1, 0.3]))
    plain, coat, bagged = (wardrobe.dress(average, worn, c) for c in ("nm", "cl", "bg"))
    count = len(average.vertices)
    assert (plain.faces[: len(average.faces)] == average.faces).all()
    thigh = average.parts == Part.THIGH

    def girth(figure):
        return np.ptp(figure.vertices[:count][thigh], axis=0)[:2]

    assert (girth(plain) > girth(average)).all()
    assert (coat.parts == Part.COAT).sum() > 300
    assert np.ptp(coat.vertices[coat.parts == Part.COAT][:, 2]) > 0.5
    piece = bagged.vertices[bagged.parts == Part.BAG]
    np.testing.assert_allclose(np.sort(np.ptp(piece, axis=0)).sum(), 0.7, atol=0.35)
    assert piece[:, 2].min() > 0.05
    for figure in (plain, coat, bagged):
        assert figure.faces.max() < len(figure.vertices) == len(figure.weights)


def test_limbs_hang_straight_at_zero_angles(average):
    bones = body.model().bones
    rng = np.random.default_rng(0)
    style = gait.draw_style(rng, 0.85)
    style = gait.dataclasses.replace(style, arm_spread=np.zeros(2), shoulder_lift=np.zeros(2))
    names = ["tilt", "obliquity", "turn", "trunk turn", "trunk roll", "lean", "head"]
    for side in gait.SIDES:
        parts = ("hip", "knee", "ankle", "adduction", "progression", "arm", "elbow")
        names += [f"{side} {part}" for part in parts]
    angles = {name: np.zeros(1) for name in names}
    pose = body.hang_together(motion.rotations(angles, style, average.joints), average.joints)
    at = dict(zip(bones, pose.positions[0], strict=True))
    for side in gait.SIDES:
        for upper, lower in (("thigh", "foot"), ("upper_arm", "hand")):
            line = at[f"{lower}_{side}"] - at[f"{upper}_{side}"]
            np.testing.assert_allclose(line[:2], 0, atol=1e-9)
            assert line[2] < 0
    angles["left knee"] = np.array([90.0])
    pose = body.hang_together(motion.rotations(angles, style, average.joints), average.joints)
    shank = (
        pose.positions[0, bones.index("foot_left")] - pose.positions[0, bones.index("shank_left")]
    )
    # A knee bent by 90° holds the shank level, backwards.
    assert shank[0] < -0.3
    np.testing.assert_allclose(shank[1:], 0, atol=1e-9)
