import dataclasses

import jointed
import numpy as np
import pytest

from gait_jax.gait import body_parts
from gait_jax.gait.body_parts import HEAD, NAMES, TORSO, Body
from gait_jax.gait.limbs import JOINTS, Limbs


def part_at(body, point):
    x, y = (int(one) for one in point[:2])
    return NAMES[body.labels[y, x]]


def body_of(limbs):
    return Body.of(limbs, jointed.drawn(limbs)[1])


def test_pixels_belong_to_the_part_that_they_show():
    limbs = jointed.limbs(arms=35, legs=20)
    body = body_of(limbs)
    middle = lambda *names: np.mean([limbs.joint(name) for name in names], axis=0)  # noqa: E731
    assert part_at(body, limbs.joint("head")) == "head"
    for side in ("left", "right"):
        for part, ends in (("forearm", ("elbow", "wrist")), ("shank", ("knee", "ankle"))):
            point = middle(*(f"{side}_{end}" for end in ends))
            assert part_at(body, point) == f"{side}_{part}"
    assert part_at(body, middle("left_shoulder", "left_hip")) == "torso"


def test_the_near_arm_covers_the_trunk_and_the_far_one_does_not():
    limbs = jointed.limbs(arms=0, near="right")
    elbow = limbs.joint("right_elbow")
    assert part_at(body_of(limbs), elbow) in ("right_upper_arm", "right_forearm")
    # The same arms, both behind.
    behind = limbs.points.copy()
    behind[[joint.endswith(("elbow", "wrist")) for joint in JOINTS], 2] = 50
    assert part_at(body_of(Limbs(behind)), elbow) == "torso"


def test_where_nobody_is_the_nearest_part_is_named():
    body = body_of(jointed.limbs())
    assert NAMES[body.labels[0, 100]] == "head"
    assert NAMES[body.labels[-1, 100]].endswith("foot")


def test_places_lead_back_to_their_pixels():
    limbs = jointed.limbs(arms=30)
    _, mask = jointed.drawn(limbs)
    body = Body.of(limbs, mask)
    rows, columns = np.nonzero(mask)
    down, across = body.places(rows, columns)
    parts = body.labels[rows, columns].astype(int)
    # Beyond a part's reach, and where its width grows, places are those of its rim.
    inside = (down > 0) & (down < 1) & (across > 0) & (across < 1)
    assert inside.mean() > 0.9
    x, y = body.pixels(parts[inside], down[inside], across[inside])
    np.testing.assert_allclose(x, columns[inside], atol=1e-6)
    np.testing.assert_allclose(y, rows[inside], atol=1e-6)


def test_a_place_is_a_share_of_the_bone_and_of_the_width():
    limbs = jointed.limbs(arms=90)
    body = body_of(limbs)
    # Along an arm that points straight forward; its bone of 30.6 pixels reaches 1/4 and 3/20 of it
    # beyond.
    shoulder, elbow = limbs.joint("left_shoulder"), limbs.joint("left_elbow")
    assert np.linalg.norm(elbow - shoulder) == pytest.approx(30.6, abs=0.01)
    part = NAMES.index("left_upper_arm")
    middle = np.rint((shoulder + elbow) / 2).astype(int)
    (down,), (across,) = body.places(middle[1:2], middle[:1])
    assert body.labels[middle[1], middle[0]] == part
    assert down == pytest.approx((0.5 + 0.25) / 1.4, abs=0.03)
    assert across == pytest.approx(0.5, abs=0.1)


def test_places_are_the_same_elsewhere_and_at_another_size():
    limbs = jointed.limbs(arms=30)
    mask = jointed.drawn(limbs)[1]
    one = Body.of(limbs, mask)
    moved = Body.of(limbs.moved(20, 5), np.roll(mask, (5, 20), axis=(0, 1)))
    double = Body.of(
        Limbs(limbs.points * [2, 2, 1]), mask.repeat(2, axis=0).repeat(2, axis=1)
    )  # fmt: skip
    rows, columns = np.nonzero(mask)
    here = one.places(rows, columns)
    for there in (
        moved.places(rows + 5, columns + 20),
        double.places(2 * rows, 2 * columns),
    ):
        # A pixel is its upper left quarter in the other picture; some belong to other parts.
        near = np.abs(np.subtract(here, there)).max(axis=0) < 0.12
        assert near.mean() > 0.93


def test_a_bone_that_points_at_the_camera_has_a_length():
    limbs = jointed.limbs()
    points = limbs.points.copy()
    points[JOINTS.index("left_knee"), :2] = points[JOINTS.index("left_hip"), :2]
    body = body_of(limbs)
    flat = Body.of(Limbs(points), jointed.drawn(limbs)[1])
    part = NAMES.index("left_thigh")
    # 35 % of 0.24 statures; and it hangs.
    assert flat.lengths[part] == pytest.approx(0.35 * 0.24 * body.stature)
    np.testing.assert_allclose(flat.along[part], [0, 1], atol=1e-6)


def test_sides_are_each_others_mirror():
    for part, name in enumerate(NAMES):
        other = NAMES[body_parts.mirrored(part)]
        assert other == (
            name
            if part in (TORSO, HEAD)
            else {"left": "right", "right": "left"}[name.partition("_")[0]]
            + name[name.index("_") :]
        )
    assert dataclasses.fields(Body)
