"""How steady a person looks from frame to frame: flicker of colour and of outline."""

import cv2
import numpy as np

from gait_jax.video.people import shifted


def _cut(image: np.ndarray, mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A person's part of a picture, and of their silhouette."""
    x, y, width, height = cv2.boundingRect(mask)
    box = np.s_[y : y + height, x : x + width]
    return image[box], mask[box]


def flicker(
    before: tuple[np.ndarray, np.ndarray], after: tuple[np.ndarray, np.ndarray]
) -> tuple[float, float]:
    """Compares a person in two neighbouring frames, their centres of mass laid on each other.

    A walk itself changes both: what counts is the anonymised person's beside the original's.

    Args:
      before: (picture [H, W, 3] uint8, silhouette [H, W] uint8 of 0 and 1, not empty).
      after: likewise of the next frame, of any size.

    Returns:
      Colour: mean absolute difference in grey levels over what both silhouettes cover (0 where they
      share nothing). Outline: 1 - IoU of the silhouettes.
    """
    (image, mask), before = _cut(*after), _cut(*before)
    here, there = (cv2.moments(x, binaryImage=True) for x in (mask, before[1]))
    move = [round(here[axis] / here["m00"] - there[axis] / there["m00"]) for axis in ("m10", "m01")]
    old_image, old_mask = (shifted(x, *move, mask.shape) for x in before)
    both = (old_mask & mask).astype(bool)
    shared = np.count_nonzero(both)
    # What of the other one lies beyond this one is not on the canvas, but differs.
    either = np.count_nonzero(before[1]) + np.count_nonzero(mask) - shared
    colour = 0.0
    if both.any():
        colour = float(cv2.absdiff(image, old_image)[both].mean())
    return colour, 1 - shared / either
