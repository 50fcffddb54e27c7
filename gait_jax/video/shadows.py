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
    shape = scene.shape[:2]
    dark = np.zeros(shape, np.float32)
    for corners, lift in zip(feet.corners, feet.lifts, strict=True):
        sigma = max((_SOFT + 0.3 * lift) * feet.stature, 0.7)
        dark = np.maximum(dark, _BELOW * np.exp(-lift / _LIFTED) * _disc(shape, corners, sigma))
    middle = feet.corners.mean(axis=1)
    around = (feet.corners - middle[:, None]) / np.ptp(feet.corners, axis=1).max(1)[:, None, None]
    broad = middle.mean(axis=0) + np.concatenate(around) * 2 * _BROAD * feet.stature
    sigma = max(3 * _SOFT * feet.stature, 1.0)
    dark = 1 - (1 - dark) * (1 - _AROUND * _disc(shape, broad, sigma))
    x, y, width, height = cv2.boundingRect((dark > 1 / 512).astype(np.uint8))
    box = np.s_[y : y + height, x : x + width]
    scene[box] = np.rint(scene[box] * (1 - dark[box][..., None])).astype(np.uint8)


def _disc(shape: tuple[int, ...], corners: np.ndarray, sigma: float) -> np.ndarray:
    """What a few points enclose, blurred: float32 from 0 to 1."""
    drawn = np.zeros(shape, np.uint8)
    hull = cv2.convexHull(np.rint(corners - 0.5).astype(np.int32))
    cv2.fillConvexPoly(drawn, hull, 1)
    x, y, width, height = cv2.boundingRect(hull)
    room = int(4 * sigma) + 1
    box = np.s_[
        max(y - room, 0) : max(y + height + room, 0), max(x - room, 0) : max(x + width + room, 0)
    ]
    result = np.zeros(shape, np.float32)
    if drawn[box].size:
        result[box] = cv2.GaussianBlur(drawn[box].astype(np.float32), (0, 0), sigma)
    return result
