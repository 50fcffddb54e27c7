"""A mask's connected pieces."""

from collections.abc import Iterator

import cv2
import numpy as np


def pieces(mask: np.ndarray) -> Iterator[tuple[int, int, np.ndarray]]:
    """Takes a mask apart into its 8-connected pieces.

    Args:
      mask: [H, W] uint8 of 0 and 1.

    Yields:
      (column and row of the upper left corner of a piece's bounding box; the piece in its box,
      [h, w] bool), in the order in which rows meet them.
    """
    # Labels and statistics of a whole frame cost more than all that is done with them, and people
    # cover little of it.
    x, y, width, height = cv2.boundingRect(mask)
    inner = mask[y : y + height, x : x + width]
    if not inner.size:
        return
    count, labels, stats, _ = cv2.connectedComponentsWithStats(inner, connectivity=8)
    for label in range(1, count):
        left, top, wide, tall = (int(value) for value in stats[label, :4])
        yield x + left, y + top, labels[top : top + tall, left : left + wide] == label
