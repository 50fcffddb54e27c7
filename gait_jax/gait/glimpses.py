"""What has to be kept of each frame of a walk to read how it is seen: little, at any length."""

import dataclasses
from collections.abc import Sequence

import cv2
import numpy as np

# Whether somebody walks, stands, or neither.
WALKING, STANDING, NEITHER = range(3)
KINDS = 3

ROWS, COLUMNS = 32, 24
# How many numbers say how a silhouette moves.
MOTION = 7
# Frames to each side over which a steadier movement is measured.
_REACH = 6


@dataclasses.dataclass(frozen=True)
class Glimpse:
    """What is kept of a silhouette.

    Attributes:
      crop: the body's rows scaled to `ROWS`, its centre of mass in the middle column, [ROWS,
        COLUMNS] uint8 of 0..255.
      x: of its centre of mass in the picture, pixels.
      y: of its lowest row in the picture, pixels.
      width: of its bounding box, pixels.
      height: likewise.
    """

    crop: np.ndarray
    x: float
    y: float
    width: int
    height: int


def glimpse(mask: np.ndarray, corner: tuple[int, int] = (0, 0)) -> Glimpse:
    """Looks at a silhouette.

    Args:
      mask: [H, W] uint8 of 0 and 1, not empty.
      corner: where its upper left pixel lies in the picture, (x, y).

    Raises:
      ValueError: the mask is empty.
    """
    left, top, width, height = cv2.boundingRect(mask)
    if not width:
        raise ValueError("an empty mask shows nobody")
    body = mask[top : top + height, left : left + width]
    middle = float(body.sum(axis=0) @ np.arange(width) / body.sum())
    scale = ROWS / height
    # Blurred as far as it is made smaller, so that no pixel is passed over.
    size = max(1, round(1 / scale))
    blurred = cv2.blur(
        np.pad(body * np.float32(255), ((0, 0), (size, size))),
        (size, size),
        borderType=cv2.BORDER_REPLICATE,
    )
    # Middles of pixels lie half a pixel from their edges.
    across = COLUMNS / 2 - 0.5 - scale * (middle + size)
    change = np.array([[scale, 0, across], [0, scale, scale / 2 - 0.5]])
    crop = cv2.warpAffine(
        blurred, change, (COLUMNS, ROWS), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT
    )
    return Glimpse(
        np.rint(crop).astype(np.uint8),
        corner[0] + left + middle,
        float(corner[1] + top + height - 1),
        width,
        height,
    )


def stacked(glimpses: Sequence[Glimpse | None]) -> dict[str, np.ndarray]:
    """A walk in arrays.

    Args:
      glimpses: of T frames in order of time, None where nobody was seen.

    Returns:
      {"crops": [T, ROWS, COLUMNS] uint8, "boxes": [T, 4] float32 of x, y, width and height, "seen":
      [T] float32 of 0 and 1}.
    """
    seen = np.array([one is not None for one in glimpses], np.float32)
    crops = np.zeros((len(glimpses), ROWS, COLUMNS), np.uint8)
    boxes = np.ones((len(glimpses), 4), np.float32)
    for t, one in enumerate(glimpses):
        if one is not None:
            crops[t] = one.crop
            boxes[t] = one.x, one.y, one.width, one.height
    return {"crops": crops, "boxes": boxes, "seen": seen}


def motion(boxes: np.ndarray, seen: np.ndarray, rate: float) -> np.ndarray:
    """How silhouettes move in the picture, from frame to frame and more steadily.

    Args:
      boxes: [T, 4] x, y, width and height as in `Glimpse`; anything where nobody was seen.
      seen: [T] 1 where somebody was.
      rate: frames a second.

    Returns:
      [T, MOTION] float32: by body heights a second to the right and downwards, and growth a second
      as a logarithm, over the frames beside each; the same three over `_REACH` frames to each
      side; and width over height. 0 where nobody was seen.
    """
    known = np.flatnonzero(seen)
    found = np.zeros((len(boxes), MOTION), np.float32)
    if not len(known):
        return found
    x, y, width, height = boxes.T
    size = np.maximum(height, 1.0)
    along = np.stack([x, y, np.log(size)], axis=1)
    frames = np.arange(len(boxes))
    # Over gaps as if evenly.
    along = np.stack([np.interp(frames, known, column[known]) for column in along.T], axis=1)
    size = np.interp(frames, known, size[known])
    for first, reach in ((0, 1), (3, _REACH)):
        late = np.minimum(frames + reach, len(frames) - 1)
        early = np.maximum(frames - reach, 0)
        change = (along[late] - along[early]) * (rate / np.maximum(late - early, 1))[:, None]
        change[:, :2] /= size[:, None]
        # Nothing that walks moves faster; what jumps is a mistake of whoever followed it.
        found[:, first : first + 3] = np.clip(change, -4, 4)
    found[:, 6] = width / np.maximum(height, 1)
    return found * (seen[:, None] > 0)
