"""What people wear, in colours: who is whom where places do not tell."""

import cv2
import numpy as np

# The body's parts that are compared, as shares of its height from above: hair and shoes, which are
# dark on most people, tell little.
_PARTS = ((0.14, 0.46), (0.5, 0.9))
# Bins of lightness and of the two colour axes (CIELAB), and how far these reach to each side of
# grey: beyond counts as the last bin.
_BINS, _REACH = (5, 10, 10), 50
# Pixels: the outline mixes person and scene; less of a part tells nothing.
_RIM, _FEWEST = np.ones((3, 3), np.uint8), 12


def worn(picture: np.ndarray, mask: np.ndarray) -> np.ndarray | None:
    """The colours of a body.

    Args:
      picture: what shows it, [h, w, 3] uint8 (blue, green, red).
      mask: the body, [h, w] uint8 of 0 and 1, not empty.

    Returns:
      [2, K] float32, shares of soft bins above and below the waist; None of too few pixels.
    """
    x, y, width, height = cv2.boundingRect(mask)
    mask = mask[y : y + height, x : x + width]
    inner = cv2.erode(mask, _RIM, borderType=cv2.BORDER_CONSTANT, borderValue=0)
    colours = cv2.cvtColor(picture[y : y + height, x : x + width], cv2.COLOR_BGR2LAB)
    colours[..., 1:] = np.clip(colours[..., 1:], 128 - _REACH, 127 + _REACH)
    ranges = [0, 256, *2 * (128 - _REACH, 128 + _REACH)]
    found = []
    for first, last in _PARTS:
        rows = slice(int(first * height), int(last * height) + 1)
        counts = cv2.calcHist([colours[rows]], [0, 1, 2], inner[rows], list(_BINS), ranges)
        if counts.sum() < _FEWEST:
            return None
        found.append(_soft(counts / counts.sum()).ravel())
    return np.array(found, np.float32)


def unlike(one: np.ndarray, other: np.ndarray) -> float:
    """How different what two wear is, 0 to 1: the Hellinger distance, the parts' mean."""
    alike = np.sqrt(one * other).sum(axis=1)
    return float(np.sqrt(np.maximum(1 - alike, 0)).mean())


def _soft(counts: np.ndarray) -> np.ndarray:
    """Bins that lend to their neighbours: a colour at a border of two is not torn apart."""
    for axis in range(counts.ndim):
        padded = np.pad(counts, [(int(n == axis),) * 2 for n in range(counts.ndim)], "edge")
        size = counts.shape[axis]
        before, middle, after = (
            np.take(padded, range(shift, shift + size), axis) for shift in range(3)
        )
        counts = (before + 2 * middle + after) / 4
    return counts
