"""Clips that follow somebody, as steadily as a camera would: what onlookers see, and of whom."""

from collections.abc import Sequence

import cv2
import numpy as np

WALKING = "walking"
# What is no walk: one frame held; played backwards; frames in any order; one pose that is carried
# along; the upper half of the body half a cycle ahead of the legs; the walks of two people, one
# after the other.
NO_WALKS = ("frozen", "backwards", "shuffled", "sliding", "swapped", "cut")
KINDS = (WALKING, *NO_WALKS)
# Frames of a recording, at 25 a second, from one of a clip's to the next.
EVERY = 2

# Frames to each side over which place and size are made steady: together about a step.
_STEADY = 7


def squares(masks: Sequence[np.ndarray], reach: float, every: int = 1) -> np.ndarray | None:
    """Where somebody is, with some room around.

    Place and size are those of the bounding boxes, along a straight line over some frames, so that
    arms and legs that swing do not move the picture. Where nobody is, they are between the frames
    before and after.

    Args:
      masks: [H, W] uint8 each, 0 where the person is not.
      reach: side of the squares, in the person's heights.
      every: of a recording's frames, at 25 a second, from one mask to the next.

    Returns:
      Middle (x, y) and side in pixels, [T, 3] float; None where no mask shows anybody.
    """
    boxes = np.array([cv2.boundingRect(mask) for mask in masks], float).reshape(-1, 4)
    seen = np.flatnonzero(boxes[:, 3])
    if not len(seen):
        return None
    x, y, width, height = boxes[seen].T
    found = (x + width / 2 - 0.5, y + height / 2 - 0.5, reach * height)
    times, half = np.arange(len(boxes)), _STEADY // every
    path = np.stack([np.interp(times, seen, values) for values in found], axis=1)
    steady = np.empty_like(path)
    for t in times:
        near = slice(max(t - half, 0), t + half + 1)
        # In the middle the mean; towards the ends somebody goes on as they went.
        steady[t] = np.polyfit(times[near] - t, path[near], min(1, len(times) - 1))[-1]
    return steady


def cut(picture: np.ndarray, square: np.ndarray, size: int) -> np.ndarray:
    """What a square shows; beyond the picture's border, its last pixels.

    Args:
      picture: [H, W] or [H, W, 3] uint8.
      square: middle (x, y) and side, pixels, [3].
      size: S.

    Returns:
      [S, S] or [S, S, 3] uint8. A mask of 0 and 1 stays one.
    """
    side = max(int(round(square[2])), 1)
    part = cv2.getRectSubPix(picture, (side, side), (float(square[0]), float(square[1])))
    method = cv2.INTER_AREA if size < side else cv2.INTER_LINEAR
    return cv2.resize(part, (size, size), interpolation=method)


def windows(frames: Sequence[np.ndarray], length: int, every: int) -> list[np.ndarray]:
    """Parts of a clip that cover it evenly, each half over the one before.

    Args:
      frames: of the clip, arrays of one shape; one at least.
      length: T of a part.
      every: of the clip's frames, from one of a part's to the next. A clip that is shorter than a
        part ends with its last frame again and again.

    Returns:
      Parts [T, ...].
    """
    span = (length - 1) * every
    last = max(len(frames) - 1 - span, 0)
    starts = np.linspace(0, last, -(-2 * last // max(span, 1)) + 1).round().astype(int)
    steps = np.arange(0, span + 1, every)
    return [np.stack([frames[i] for i in np.minimum(start + steps, len(frames) - 1)])
            for start in starts]  # fmt: skip
