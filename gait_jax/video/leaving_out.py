"""Pictures without some of the people: the networks see those behind and beside them."""

from collections.abc import Iterable

import cv2
import numpy as np

from gait_jax.video.blazepose_landmarks import Pose

# In a body's heights: what its soft outline covers, and what it is filled from.
_RIM, _AROUND = 0.015, 0.3
# Pixels: filling needs no more than so tall a body, and how far colours run into it at that size.
_TALL, _RUN = 32, 4.0


def without(picture: np.ndarray, poses: Iterable[Pose]) -> np.ndarray:
    """Fills people with the colours around them.

    Args:
      picture: [H, W, 3] uint8.
      poses: who is left out.

    Returns:
      The picture, changed in a copy.
    """
    result = picture.copy()
    height, width = picture.shape[:2]
    for pose in poses:
        mask = pose.silhouette
        x, y, wide, tall = cv2.boundingRect(mask)
        if not wide:
            continue
        around = int(_AROUND * tall) + 2
        left, top = pose.corner[0] + x, pose.corner[1] + y
        rows = slice(max(top - around, 0), min(top + tall + around, height))
        columns = slice(max(left - around, 0), min(left + wide + around, width))
        inside = np.zeros((rows.stop - rows.start, columns.stop - columns.start), np.uint8)
        inside[
            top - rows.start : top - rows.start + tall,
            left - columns.start : left - columns.start + wide,
        ] = mask[y : y + tall, x : x + wide]
        rim = 2 * round(_RIM * tall) + 3
        inside = cv2.dilate(inside, np.ones((rim, rim), np.uint8)) > 0
        view = result[rows, columns]
        filled = _colours_around(view, inside, max(1.0, tall / _TALL))
        view[:] = cv2.copyTo(filled, inside.astype(np.uint8), view.copy())
    return result


def _colours_around(picture: np.ndarray, inside: np.ndarray, scale: float) -> np.ndarray:
    """What runs into a mask [h, w] from beside it: [h, w, 3] uint8."""
    height, width = inside.shape
    size = (max(1, round(width / scale)), max(1, round(height / scale)))
    outside = np.where(inside, 0, 255).astype(np.uint8)
    # Smooth colours need few pixels: all is done on these.
    shown = cv2.resize(cv2.copyTo(picture, outside), size, interpolation=cv2.INTER_AREA)
    weights = cv2.resize(outside, size, interpolation=cv2.INTER_AREA)
    layers = np.dstack([shown, weights]).astype(np.float32)
    run = cv2.GaussianBlur(layers, (0, 0), _RUN)
    colours = np.clip(255 * run[..., :3] / np.maximum(run[..., 3:], 1e-3), 0, 255)
    return cv2.resize(colours.astype(np.uint8), (width, height), interpolation=cv2.INTER_LINEAR)
