"""Gait energy images (GEIs): aligned silhouettes, averaged over a sequence or over a gait cycle."""

import cv2
import numpy as np


def align(mask: np.ndarray, size: int = 64, columns: int | None = None) -> np.ndarray:
    """Crops a silhouette to its rows, scales these to `size` and centres it at its median of mass.

    The alignment that gait recognisers of today are fed with (OpenGait's pre-treatment): half of
    the foreground lies left of the middle column.

    Args:
      mask: [H, W] uint8, non-zero inside.
      size: rows of the result.
      columns: of the result, as many on both sides of the middle; as many as rows if None.

    Returns:
      [size, columns] uint8 of 0..255, grey along the outline.

    Raises:
      ValueError: the mask is empty.
    """
    x, y, width, height = cv2.boundingRect(mask)
    if not width:
        raise ValueError("an empty mask cannot be aligned")
    body = np.where(mask[y : y + height, x : x + width], np.uint8(255), np.uint8(0))
    wide = max(1, round(width * size / height))
    scaled = cv2.resize(body, (wide, size), interpolation=cv2.INTER_CUBIC)
    mass = scaled.sum(axis=0, dtype=np.int64).cumsum()
    middle = int(np.searchsorted(mass, mass[-1] / 2, side="right"))
    columns = size if columns is None else columns
    aligned = np.zeros((size, columns), np.uint8)
    first = columns // 2 - middle
    left, right = max(first, 0), min(first + wide, columns)
    aligned[:, left:right] = scaled[:, left - first : right - first]
    return aligned


def gait_energy_image(aligned: np.ndarray) -> np.ndarray:
    """The gait energy image (GEI) of some frames (Han and Bhanu, 2006): their mean.

    Args:
      aligned: [T, S, S] uint8 (see `align`).

    Returns:
      [S, S] uint8 of 0..255, as the field stores them.
    """
    return np.rint(np.mean(aligned, axis=0, dtype=np.float64)).astype(np.uint8)
