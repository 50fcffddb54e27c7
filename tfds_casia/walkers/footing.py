"""Feet that stay where they are set down, at any pace."""

import numpy as np

from tfds_casia.walkers import body, motion
from tfds_casia.walkers.gait import SIDES
from tfds_casia.walkers.rhythm import Steps

# Legs are never stretched further than to this share of their length, and feet are moved to hold
# the ground by this much at most, metres.
_STRETCH = 0.9995
_FURTHEST = 0.4

# Strides shorter than this, metres, are none: both feet stand.
_STANDING = 0.03

# Who turns faster than this, degrees a second, takes steps for it.
_TURNING = 15.0


def standing(phase: np.ndarray) -> np.ndarray:
    """Tells which feet stand, [2 sides, T], by the phase in cycles [T]."""
    own = (phase + np.array([[0.0], [0.5]])) % 1
    return (own < motion.STANCE) | (own > 0.99)


def carried(prints: list[np.ndarray], phase: np.ndarray) -> np.ndarray:
    """How the feet that bear the body move under it from each phase to the next, going round.

    Args:
        prints: points of the right and of the left sole, metres, [A, N, P, 3] each.
        phase: in cycles, evenly spaced over one, [N].

    Returns:
        Metres, [A, N, 2].
    """
    middle = phase + 0.5 / len(phase)
    bearing = motion.bearing_share((middle + np.array([[0.0], [0.5]])) % 1)
    total = np.zeros((*prints[0].shape[:2], 2))
    for points, share in zip(prints, bearing, strict=True):
        after = np.roll(points, -1, axis=1)
        total += share[:, None] * _slip(points, after)
    return total


def _slip(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """How the points of a sole that touch the ground move, [..., P, 3] twice to [..., 2]."""
    height = before[..., 2] + after[..., 2]
    height = height - height.min(axis=-1, keepdims=True)
    touching = np.exp(-height / 2 / motion.CONTACT)
    touching /= touching.sum(axis=-1, keepdims=True)
    return np.sum(touching[..., None] * (after - before)[..., :2], axis=-2)


def holding(prints: list[np.ndarray], steps: Steps) -> np.ndarray:
    """By how much feet must be moved to stand on the ground and to stay where they were set down.

    Args:
        prints: points of the right and of the left sole beside the moving origin, x in the
            direction of the walk, metres, [T, P, 3] each.
        steps: where the origin moves.

    Returns:
        Metres forwards, to the left and up, [2 sides, T, 3].
    """
    turn = np.radians(steps.heading)
    forth = np.stack([np.cos(turn), np.sin(turn)], axis=-1)
    # Rows of the world's axes: what is ahead, and what is to the left.
    axes = np.stack([forth, np.stack([-forth[:, 1], forth[:, 0]], axis=-1)], axis=1)
    path = steps.path()
    still = (steps.stride < _STANDING) & (steps.turning() < _TURNING)
    stands = standing(steps.phase) | still
    own = (steps.phase + np.array([[0.0], [0.5]])) % 1
    # A foot counts as well set down where it is flat, in mid-stance, or where the walker stands.
    firm = np.where(still, 1.0, np.clip(1 - np.abs(own - 0.3) / 0.25, 0.02, 1))
    frames = np.arange(len(path))
    moved = np.zeros((*stands.shape, 3))
    for side, points in enumerate(prints):
        up = -points[..., 2].min(axis=1)
        moved[side, :, 2] = up
        spells = np.nonzero(stands[side])[0]
        if not len(spells):
            continue
        world = points.copy()
        world[..., :2] = points[..., :2] @ axes + path[:, None]
        drift = np.concatenate([np.zeros((1, 2)), np.cumsum(_slip(world[:-1], world[1:]), axis=0)])
        # After frames in which it swings, a foot has been set down anew.
        for spell in np.split(spells, np.nonzero(np.diff(spells) > 1)[0] + 1):
            weight = firm[side, spell]
            back = weight @ drift[spell] / weight.sum() - drift[spell]
            moved[side, spell, :2] = (axes[spell] @ back[..., None])[..., 0]
        for axis in (0, 1, 2):
            moved[side, :, axis] = np.interp(frames, spells, moved[side, spells, axis])
        moved[side, :, 2] = np.maximum(moved[side, :, 2], up)
    return np.clip(moved, -_FURTHEST, _FURTHEST)


def reach(
    angles: dict[str, np.ndarray], joints: np.ndarray, move: np.ndarray
) -> dict[str, np.ndarray]:
    """Moves the ankles, as far as the legs are long; the feet keep their slant.

    Args:
        angles: see `gait.joint_angles`, [T] each.
        joints: the body's, at rest, [B, 3].
        move: metres forwards, to the left and up, for the right and the left ankle, [2, T, 3].
    """
    bones = body.model().bones
    found = dict(angles)
    for side, (forwards, leftwards, up) in zip(SIDES, move.transpose(0, 2, 1), strict=True):
        hip, knee, ankle = (
            joints[bones.index(f"{name}_{side}")] for name in ("thigh", "shank", "foot")
        )
        upper, lower = np.linalg.norm(knee - hip), np.linalg.norm(ankle - knee)
        thigh = np.radians(angles[f"{side} hip"] - angles["tilt"])
        shank = thigh - np.radians(angles[f"{side} knee"])
        ahead = upper * np.sin(thigh) + lower * np.sin(shank)
        down = upper * np.cos(thigh) + lower * np.cos(shank)
        longest = np.maximum(_STRETCH * (upper + lower), np.hypot(ahead, down))
        ahead, down = ahead + forwards, down - up
        length = np.minimum(np.hypot(ahead, down), longest)
        cosine = (length**2 - upper**2 - lower**2) / (2 * upper * lower)
        bend = np.arccos(np.clip(cosine, -1, 1))
        turned = np.arctan2(ahead, down) + np.arctan2(
            lower * np.sin(bend), upper + lower * np.cos(bend)
        )
        found[f"{side} hip"] = np.degrees(turned) + angles["tilt"]
        found[f"{side} knee"] = np.degrees(bend)
        found[f"{side} ankle"] = angles[f"{side} ankle"] + np.degrees(shank - (turned - bend))
        inwards = leftwards if side == "right" else -leftwards
        found[f"{side} adduction"] = angles[f"{side} adduction"] + np.degrees(
            np.arctan2(inwards, down)
        )
    return found
