"""How near two silhouettes are to each other in shape, wherever they stand and however tall."""

import numpy as np

from gait_jax.gait import contour
from gait_jax.gait.codec import RESAMPLED, BodyFrame, ContourCodec

_CODEC = ContourCodec(RESAMPLED, 256)
# Where shapes are laid upon each other, a body is so many pixels tall, in a picture twice as large.
_TALL = 128
_CANVAS = BodyFrame(_TALL, _TALL, _TALL)


def contour_distance(a: np.ndarray, b: np.ndarray) -> float:
    """How far points of two contours are from the other one, in the mean.

    Each point's distance is that to the nearest of the other contour: point by point, outlines of
    one shape would be far from each other where a gap between the legs shifts all points after it.

    Args:
      a: [P, 2] in body heights.
      b: [Q, 2], likewise.

    Returns:
      The mean of both directions, in body heights.
    """
    apart = np.sqrt(np.square(a[:, None] - b).sum(-1))
    return float((apart.min(axis=1).mean() + apart.min(axis=0).mean()) / 2)


def compare(a: np.ndarray, b: np.ndarray) -> tuple[float, float]:
    """Compares two shapes, each in the heights of its own body and from its own middle.

    Args:
      a: [H, W] uint8, not empty.
      b: likewise, of any size.

    Returns:
      (mean distance of their contours in body heights, intersection over union in 0..1).
    """
    vectors = [_CODEC.encode(mask)[0] for mask in (a, b)]
    shape = (2 * _TALL, 2 * _TALL)
    one, other = (
        contour.fill(_CODEC.decode_path(vector, len(vector), _CANVAS), shape) for vector in vectors
    )
    union = np.count_nonzero(one | other)
    return contour_distance(*vectors), np.count_nonzero(one & other) / union
