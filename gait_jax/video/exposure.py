"""The light of a frame: what the sun, a lamp or the camera's exposure changed everywhere."""

import cv2
import numpy as np

# The light may change by this much before a picture is corrected for it.
_LEAST = 0.01
# Every eighth pixel tells.
_GRID = np.s_[4::8, 4::8]


def in_the_light_of(reference: np.ndarray, image: np.ndarray) -> np.ndarray:
    """Undoes a change of the light that all of a picture shows.

    Args:
      reference: [H, W, 3] uint8, whose light is wanted.
      image: likewise, of the same scene.

    Returns:
      The image, [H, W, 3] uint8.
    """
    return lit(image, change(reference, image))


def change(
    reference: np.ndarray, image: np.ndarray, hidden: np.ndarray | None = None
) -> np.ndarray | None:
    """What brings a picture into another one's light.

    The middle pixel's ratio to the other picture is the light's, as long as what differs otherwise
    covers less than half of it.

    Args:
      reference: [H, W, 3] uint8, whose light is wanted.
      image: likewise, of the same scene.
      hidden: [H, W] uint8, 1 where one of them does not show the scene; None where nothing is known
        of that.

    Returns:
      The value of each value of each channel, [256, 1, 3] uint8; None where the light is the same.
    """
    seen = image[_GRID].reshape(-1, 3).astype(np.float32) + 1
    wanted = reference[_GRID].reshape(-1, 3).astype(np.float32) + 1
    if hidden is not None:
        open_ = hidden[_GRID].ravel() == 0
        seen, wanted = seen[open_], wanted[open_]
    if not len(seen):  # Smaller than the grid's first step, or hidden all over.
        return None
    gain = np.median(wanted / seen, axis=0)
    if np.abs(gain - 1).max() < _LEAST:
        return None
    return np.clip(np.rint(np.arange(256)[:, None] * gain), 0, 255).astype(np.uint8)[:, None]


def lit(image: np.ndarray, change: np.ndarray | None) -> np.ndarray:
    """A picture, or a part of one, [H, W, 3] uint8, in the light that a `change` brings it to."""
    return image if change is None else cv2.LUT(image, change)
