"""From joint angles to bones that stand on the ground."""

import numpy as np

from tfds_casia.walkers import body, gait
from tfds_casia.walkers.gait import SIDES

# The curves count the pelvis' and the ankle's own slants as angles; the mesh stands with both.
_STANDING_TILT = 9.0
STANDING_ANKLE = 3.0

# A foot that is flat to this many degrees is set down flat: its sole gives way.
_FLAT = 5.0

# Points of the sole count as touching the ground up to about this height, in metres.
CONTACT = 0.004

# A foot stands for this share of its cycle from its heel strike; otherwise it keeps this distance
# from the ground, metres, for which hip and knee bend by so many degrees a metre.
STANCE = 0.63
_TAKE_OVER = (0.06, 0.13)
_CLEARANCE = 0.008
_LIFT = 180.0
_LIFTING_ROUNDS = 2
_SMOOTHING = np.array([1, 2, 3, 2, 1]) / 9

# Kinematics between frames are followed in steps of a fiftieth of a second.
_STEPS_PER_FRAME = 2


def _about(axis: int, degrees: np.ndarray) -> np.ndarray:
    """Rotations [T, 3, 3] about the x, y or z axis (0, 1, 2), right-handed, by degrees [T]."""
    angle = np.radians(degrees)
    cosine, sine = np.cos(angle), np.sin(angle)
    matrix = np.zeros((len(angle), 3, 3))
    first, second = (axis + 1) % 3, (axis + 2) % 3
    matrix[:, axis, axis] = 1
    matrix[:, first, first] = matrix[:, second, second] = cosine
    matrix[:, first, second], matrix[:, second, first] = -sine, sine
    return matrix


def _between(start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """The smallest rotation [3, 3] from one direction [3] to another, not its opposite."""
    start, end = start / np.linalg.norm(start), end / np.linalg.norm(end)
    # NumPy's own takes ten times as long for one pair.
    (a, b, c), (d, e, f) = start.tolist(), end.tolist()
    x, y, z = b * f - c * e, c * d - a * f, a * e - b * d
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    return np.eye(3) + cross + cross @ cross / (1 + start @ end)


def straighten(joints: np.ndarray) -> dict[str, np.ndarray]:
    """Rotations that bring the limbs from rest to hanging straight down, by bone."""
    bones = body.model().bones
    at = {name: joints[index] for index, name in enumerate(bones)}
    down = np.array([0.0, 0.0, -1.0])
    straight = {}
    for side in SIDES:
        chain = ("thigh", "shank", "foot"), ("upper_arm", "forearm", "hand")
        for upper, lower, end in chain:
            names = [f"{name}_{side}" for name in (upper, lower, end)]
            straight[names[0]] = _between(at[names[1]] - at[names[0]], down)
            straight[names[1]] = _between(at[names[2]] - at[names[1]], down)
        straight[f"hand_{side}"] = straight[f"forearm_{side}"]
        forwards = at[f"toes_{side}"] - at[f"foot_{side}"]
        turn = _between(np.array([forwards[0], forwards[1], 0.0]), np.array([1.0, 0.0, 0.0]))
        straight[f"foot_{side}"] = straight[f"toes_{side}"] = turn
    return straight


def _flattened(pitch: np.ndarray) -> np.ndarray:
    """Small pitches of the foot become 0, large ones stay; smooth in between."""
    return pitch - _FLAT * np.tanh(pitch / _FLAT)


def rotations(angles: dict[str, np.ndarray], style: gait.Style, joints: np.ndarray) -> np.ndarray:
    """Turns joint angles into rotations of the bones from rest, in the world's axes.

    Args:
        angles: see `gait.joint_angles`.
        style: the person's.
        joints: the body's, at rest, [B, 3].

    Returns:
        [T, B, 3, 3].
    """
    bones = body.model().bones
    straight = straighten(joints)
    tilt = angles["tilt"]
    pelvis = (
        _about(2, angles["turn"])
        @ _about(1, tilt - _STANDING_TILT)
        @ _about(0, -angles["obliquity"])
    )
    half_lean = _about(1, angles["lean"] / 2)
    chest = (
        _about(2, angles["trunk turn"])
        @ _about(1, angles["lean"])
        @ _about(0, angles["trunk roll"] - style.tilt[0])
    )
    sideways = np.full_like(tilt, -style.tilt[1])
    neck = _about(2, angles["trunk turn"] / 3) @ _about(1, angles["lean"] + style.stoop)
    found = {
        "pelvis": pelvis,
        "spine": _about(2, (angles["turn"] + angles["trunk turn"]) / 2) @ half_lean,
        "chest": chest,
        "neck": neck,
        "head": _about(0, sideways)
        @ _about(1, angles["lean"] / 2 - angles["head"] + style.stoop / 2),
    }
    for index, side in enumerate(SIDES):
        # Outwards is a positive angle about x on the left, a negative one on the right.
        outwards = 1.0 if side == "left" else -1.0
        thigh = angles[f"{side} hip"] - tilt
        shank = thigh - angles[f"{side} knee"]
        pitch = _flattened(shank + angles[f"{side} ankle"] - STANDING_ANKLE)
        up = angles["obliquity"] * (1 if side == "right" else -1)
        sideways = -outwards * (angles[f"{side} adduction"] - up)
        twist = _about(2, angles["turn"] / 2)
        found[f"thigh_{side}"] = twist @ _about(0, sideways) @ _about(1, -thigh)
        found[f"shank_{side}"] = twist @ _about(0, sideways) @ _about(1, -shank)
        heading = _about(2, -outwards * angles[f"{side} progression"])
        found[f"foot_{side}"] = heading @ _about(1, -pitch)
        # Toes stay on the ground as the heel lifts, but bend by no more than 35°.
        bend = 35 * np.tanh(np.maximum(-pitch, 0) / 35)
        found[f"toes_{side}"] = heading @ _about(1, -(pitch + bend))
        lift = np.full_like(tilt, outwards * style.shoulder_lift[index])
        found[f"clavicle_{side}"] = chest @ _about(0, lift)
        spread = np.full_like(tilt, outwards * style.arm_spread[index])
        hanging = _about(2, angles["trunk turn"] / 2) @ _about(0, spread)
        arm = angles[f"{side} arm"]
        found[f"upper_arm_{side}"] = hanging @ _about(1, -arm)
        forearm = hanging @ _about(1, -(arm + angles[f"{side} elbow"]))
        found[f"forearm_{side}"] = found[f"hand_{side}"] = forearm
    whole = np.stack([found[name] for name in bones], axis=1)
    for name, matrix in straight.items():
        whole[:, bones.index(name)] = whole[:, bones.index(name)] @ matrix
    return whole


def sole_vertices(figure: body.Figure) -> np.ndarray:
    """Numbers of the vertices that may touch the ground."""
    low = figure.vertices[:, 2] < figure.vertices[:, 2].min() + 0.03
    return np.nonzero(low & (figure.parts == body.Part.FOOT))[0]


def _lifted(
    angles: dict[str, np.ndarray], heights: np.ndarray, standing: np.ndarray
) -> dict[str, np.ndarray]:
    """Bends the legs that swing further where their feet would graze the ground.

    Args:
        angles: see `gait.joint_angles`.
        heights: of each foot's lowest point above the standing foot's, metres, [2, T].
        standing: whether each foot stands, [2, T].
    """
    lifted = dict(angles)
    for side, height, stands in zip(SIDES, heights, standing, strict=True):
        missing = np.where(stands, 0, np.maximum(_CLEARANCE - height, 0))
        missing = np.convolve(missing, _SMOOTHING, "same")
        lifted[f"{side} hip"] = lifted[f"{side} hip"] + _LIFT * missing
        lifted[f"{side} knee"] = lifted[f"{side} knee"] + 2 * _LIFT * missing
    return lifted


def bearing_share(phase: np.ndarray) -> np.ndarray:
    """Share of the body's way that each foot decides, by its own phase in cycles [2, T].

    A foot takes over some time after its heel strike, when it has come to rest, from the other,
    which is about to leave; the two shares add up to one.
    """
    early, late = _TAKE_OVER
    rise = np.clip((phase - early) / (late - early), 0, 1)
    fall = np.clip((phase - 0.5 - early) / (late - early), 0, 1)
    return rise - fall


def walk_on_ground(figure: body.Figure, walk: gait.Walk, times: np.ndarray) -> body.Pose:
    """Poses a figure through a walk, its soles on the ground at height 0.

    The body is carried forwards by the foot that stands: from one moment to the next it moves so
    that the points touching the ground stay where they are.

    Args:
        figure: who walks.
        walk: how.
        times: moments in seconds, evenly spaced by a frame's time, [T].

    Returns:
        T poses; the pelvis is over the origin half-way through, and the walk leads along x.
    """
    step = (times[1] - times[0]) / _STEPS_PER_FRAME
    fine = times[0] + step * np.arange(_STEPS_PER_FRAME * (len(times) - 1) + 1)
    joints, chosen = figure.joints, sole_vertices(figure)
    # Which side each point belongs to, in the order of `SIDES`.
    side = (figure.vertices[chosen, 1] > 0).astype(int)
    own_phase = (walk.phases(fine) + np.array([[0.0], [0.5]])) % 1
    standing = (own_phase < STANCE) | (own_phase > 0.99)
    angles = gait.joint_angles(walk, fine)
    for _ in range(_LIFTING_ROUNDS + 1):
        pose = body.hang_together(rotations(angles, walk.style, joints), joints)
        soles = body.skin(figure.vertices[chosen], figure.weights[chosen], joints, pose)
        lowest = np.stack([soles[:, side == k, 2].min(axis=1) for k in (0, 1)])
        ground = np.where(standing, lowest, np.inf).min(axis=0)
        angles = _lifted(angles, lowest - ground, standing)
    offset = np.zeros((len(fine), 3))
    offset[:, 2] = -ground
    bearing = bearing_share(own_phase)
    moved = np.diff(soles[..., :2], axis=0)
    for k in (0, 1):
        height = soles[:, side == k, 2] - lowest[k, :, None]
        touching = np.exp(-(height[1:] + height[:-1]) / 2 / CONTACT)
        touching *= (bearing[k, 1:] / touching.sum(axis=1))[:, None]
        offset[1:, :2] -= np.einsum("tv,tvi->ti", touching, moved[:, side == k])
    offset[:, :2] = np.cumsum(offset[:, :2], axis=0)
    pelvis = pose.positions[:, 0, :2] + offset[:, :2]
    # Steps a little askew would lead off the line; people look where they go.
    offset[:, 1] -= np.polyval(np.polyfit(fine, pelvis[:, 1], 1), fine)
    offset[:, 0] -= pelvis[len(fine) // 2, 0]
    frames = slice(None, None, _STEPS_PER_FRAME)
    return body.Pose(pose.rotations[frames], pose.positions[frames]).moved(offset[frames])
