"""Whether a walk's feet stand where they are put down."""

from collections.abc import Sequence

import cv2
import numpy as np

# Over so many frames one of the two feet stands nearly always; over fewer the body goes hardly
# farther than an outline trembles.
_LAG = 3
# A foot is what lies within this share of the body's height above its lowest row.
_SOLE = 0.05
# Whoever goes less than this share of their height a frame does not cross the picture, and a foot
# has nothing to slide along.
_SLOWEST = 0.02


def _feet(mask: np.ndarray) -> np.ndarray:
    """First and last columns of the feet: [feet, 2]."""
    x, y, width, height = cv2.boundingRect(mask)
    sole = max(1, round(_SOLE * height))
    touched = mask[y + height - sole : y + height, x : x + width].any(axis=0)
    ends = np.flatnonzero(np.diff(np.concatenate([[0], touched.astype(np.int8), [0]])))
    return x + ends.reshape(-1, 2) - np.array([0, 1])


def _middle(mask: np.ndarray) -> float:
    """The column of the centre of mass."""
    return float(np.average(np.arange(mask.shape[1]), weights=mask.sum(axis=0)))


def _moved(before: np.ndarray, after: np.ndarray) -> int:
    """By how many columns the foot moved that moved least.

    A foot rolls from heel to toe: it stands while one of its ends does.
    """
    return int(np.abs(before[:, None] - after[None]).min())


def slide(
    masks: Sequence[np.ndarray | None], originals: Sequence[np.ndarray | None]
) -> tuple[float, float] | None:
    """How far the standing foot of a walk moves across the picture, and how far the body goes.

    Args:
      masks: [H, W] uint8 of 0 and 1, in their place before a camera that stands still; None for a
        frame to leave out.
      originals: whose bodies' way counts, None in the same frames.

    Returns:
      (columns that the foot moves, columns that the body goes), both summed over pairs of frames
      three apart: 0 of them where feet stand, as many where the figure is pushed along. None where
      the body does not cross the picture, or no such pair is there.
    """
    feet = [None if mask is None else _feet(mask) for mask in masks]
    pairs = [
        i for i in range(len(feet) - _LAG) if feet[i] is not None and feet[i + _LAG] is not None
    ]
    if not pairs:
        return None
    middles = {i: _middle(originals[i]) for j in pairs for i in (j, j + _LAG)}
    way = sum(abs(middles[i + _LAG] - middles[i]) for i in pairs)
    tall = np.mean([cv2.boundingRect(originals[i])[3] for i in pairs])
    if way < _SLOWEST * tall * _LAG * len(pairs):
        return None
    return float(sum(_moved(feet[i], feet[i + _LAG]) for i in pairs)), float(way)
