"""The shadow below somebody's feet: without it people float.

What the original's shadow shows is the original's gait: it leaves with the original.
"""

import cv2
import numpy as np

from gait_jax.gait.limbs import Feet

# How much darker the ground is below a foot that stands, and below a body; in statures, how far a
# foot is lifted where its shadow is a third of that, how blurred shadows are, and how broad the
# body's is.
_BELOW, _AROUND = 0.5, 0.22
_LIFTED, _SOFT, _BROAD = 0.04, 0.012, 0.16


def cast(scene: np.ndarray, feet: Feet) -> None:
    """Darkens the ground below somebody, in place.

    Args:
      scene: [H, W, 3] uint8, without them.
      feet: theirs.
    """
    middle = feet.corners.mean(axis=1)
    around = (feet.corners - middle[:, None]) / np.ptp(feet.corners, axis=1).max(1)[:, None, None]
    broad = middle.mean(axis=0) + np.concatenate(around) * 2 * _BROAD * feet.stature
    blurs = [max((_SOFT + 0.3 * lift) * feet.stature, 0.7) for lift in feet.lifts]
    blurs.append(max(3 * _SOFT * feet.stature, 1.0))
    # What of the scene any of it reaches.
    points, room = np.concatenate([*feet.corners, broad]), int(4 * max(blurs)) + 1
    first = np.clip(np.floor(points.min(axis=0)) - room, 0, scene.shape[1::-1]).astype(int)
    last = np.clip(np.ceil(points.max(axis=0)) + room, 0, scene.shape[1::-1]).astype(int)
    (left, top), (right, bottom) = first, last
    if left >= right or top >= bottom:
        return
    view = scene[top:bottom, left:right]
    *below, wide = (
        _blurred(view.shape[:2], corners - first, blur)
        for corners, blur in zip([*feet.corners, broad], blurs, strict=True)
    )
    strengths = _BELOW * np.exp(-feet.lifts / _LIFTED)
    dark = np.maximum(*(strength * one for strength, one in zip(strengths, below, strict=True)))
    light = (1 - dark) * (1 - _AROUND * wide)
    view[:] = np.rint(view * light[..., None]).astype(np.uint8)


def _blurred(shape: tuple[int, ...], corners: np.ndarray, sigma: float) -> np.ndarray:
    """What a few points enclose, blurred: float32 from 0 to 1."""
    drawn = np.zeros(shape, np.float32)
    cv2.fillConvexPoly(drawn, cv2.convexHull(np.rint(corners - 0.5).astype(np.int32)), 1.0)
    return cv2.GaussianBlur(drawn, (0, 0), sigma)
