"""Drawn people whose joints are known, each part of the body in a colour of its own."""

import cv2
import numpy as np

from gait_jax.gait.limbs import JOINTS, Limbs

# Shape of the pictures.
SHAPE = (240, 200)
# Colours of head, trunk, arms and legs; and of what is around them.
HEAD, TRUNK, ARM, LEG, SCENE = (200, 160, 130), (30, 60, 200), (220, 40, 30), (40, 140, 40), 90
_TALL = 180


def limbs(arms: float = 0.0, legs: float = 15.0, near: str = "left", at=(100.0, 30.0)) -> Limbs:
    """Somebody who is seen from the side and walks to the left.

    Args:
      arms: degrees by which the near arm is forward, and the far one back.
      legs: likewise of the far leg.
      near: the side that is the camera's.
      at: (x, y) of the top of the head, pixels.
    """
    points = {}

    def swing(start, degrees, length):
        turned = np.radians(degrees)
        return start + length * _TALL * np.array([-np.sin(turned), np.cos(turned)])

    top = np.array(at)
    points["head"] = top + [0, 0.065 * _TALL]
    shoulder, hip = top + [0, 0.18 * _TALL], top + [0, 0.48 * _TALL]
    depth = {}
    for side in ("left", "right"):
        way = 1 if side == near else -1
        arm, leg = way * arms, -way * legs
        points[f"{side}_shoulder"], points[f"{side}_hip"] = shoulder, hip
        points[f"{side}_elbow"] = swing(shoulder, arm, 0.17)
        points[f"{side}_wrist"] = swing(points[f"{side}_elbow"], arm, 0.15)
        points[f"{side}_knee"] = swing(hip, leg, 0.24)
        points[f"{side}_ankle"] = swing(points[f"{side}_knee"], leg, 0.24)
        points[f"{side}_toe"] = points[f"{side}_ankle"] + [-0.09 * _TALL, 4]
        depth[side] = -10.0 * way
    away = [depth.get(joint.partition("_")[0], 0.0) for joint in JOINTS]
    return Limbs(np.array([[*points[j], z] for j, z in zip(JOINTS, away, strict=True)], np.float32))


def drawn(of: Limbs) -> tuple[np.ndarray, np.ndarray]:
    """What they look like: picture [H, W, 3] uint8, silhouette [H, W] uint8 of 0 and 1."""
    picture, mask = np.full((*SHAPE, 3), SCENE, np.uint8), np.zeros(SHAPE, np.uint8)

    def line(names, colour, share):
        ends = [tuple(int(one) for one in np.rint(of.joint(name)[:2] - 0.5)) for name in names]
        for image, ink in ((picture, colour), (mask, 1)):
            for start, end in zip(ends, ends[1:], strict=False):
                cv2.line(image, start, end, ink, round(share * _TALL))

    sides = sorted(("left", "right"), key=lambda side: -of.joint(f"{side}_elbow")[2])
    for side in sides:
        line([f"{side}_{each}" for each in ("hip", "knee", "ankle", "toe")], LEG, 0.07)
    for side, trunk in zip(sides, (True, False), strict=True):
        line([f"{side}_{each}" for each in ("shoulder", "elbow", "wrist")], ARM, 0.055)
        if trunk:
            line(["left_shoulder", "left_hip"], TRUNK, 0.15)
    line(["head", "head"], HEAD, 0.13)
    return picture, mask
