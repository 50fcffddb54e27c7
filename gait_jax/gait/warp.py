"""Bent silhouettes: what somebody who walks might look like, and hardly does."""

import cv2
import numpy as np

# How far outlines are pushed at most, as a share of the rows: by broad waves, which change the
# body, and by short ones, which dent it.
_BROAD, _SHORT = 0.05, 0.03
_WAVES = {_BROAD: (4, 3), _SHORT: (12, 8)}


def bend(frames: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Pushes the outlines of a window to and fro, partly alike in all of its frames.

    Args:
      frames: [T, H, W] uint8.
      rng: draws how broad, how far, and how much of it each frame has for itself.

    Returns:
      [T, H, W] uint8.
    """
    count, rows, columns = frames.shape
    far = (_BROAD, _SHORT)[rng.integers(2)]
    own = rng.random()
    waves = (2, *_WAVES[far])
    pushed = (1 - own) * rng.standard_normal(waves) + own * rng.standard_normal((count, *waves))
    pushed = np.float32(rng.random() * far * rows * pushed)
    return np.stack([push(frame, field) for frame, field in zip(frames, pushed, strict=True)])


def push(frame: np.ndarray, field: np.ndarray) -> np.ndarray:
    """Shows at each place what stands elsewhere in a picture, by a smooth field.

    Args:
      frame: [H, W] uint8.
      field: [2, h, w] float32, how far to the right and down, pixels, on a grid over it.

    Returns:
      [H, W] uint8.
    """
    rows, columns = frame.shape
    place = np.meshgrid(*(np.arange(n, dtype=np.float32) for n in (columns, rows)))
    x, y = (cv2.resize(one, (columns, rows), interpolation=cv2.INTER_CUBIC) for one in field)
    return cv2.remap(frame, place[0] + x, place[1] + y, cv2.INTER_LINEAR)
