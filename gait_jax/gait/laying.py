"""Lays an original under an anonymised person who does not stand where they stood."""

import numpy as np

# In heights of the original. Who stands nearer is left where they are: what is torn off silhouettes
# moves their medians by 0.08.
NEAR = 0.1


def apart(original: np.ndarray, anonymized: np.ndarray) -> tuple[int, int]:
    """How far an anonymised person stands from the original, by the medians of their pixels.

    Args:
      original: [H, W] uint8 of 0 and 1.
      anonymized: likewise.

    Returns:
      Pixels to the right and down; (0, 0) below `NEAR`, and where one of them is empty.
    """
    if not (original.any() and anonymized.any()):
        return 0, 0
    right, down = (
        _median(anonymized.sum(axis, dtype=int)) - _median(original.sum(axis, dtype=int))
        for axis in (0, 1)
    )
    height = np.ptp(np.flatnonzero(original.any(1))) + 1
    return (0, 0) if np.hypot(right, down) < NEAR * height else (right, down)


def moved(picture: np.ndarray, right: int, down: int) -> np.ndarray:
    """A picture that is pushed so far; its border's pixels go on where it leaves room.

    Args:
      picture: [H, W, ...].
      right: pixels.
      down: pixels.
    """
    if not (right or down):
        return picture
    rows, columns = (
        np.clip(np.arange(length) - step, 0, length - 1)
        for length, step in zip(picture.shape[:2], (down, right), strict=True)
    )
    return picture[np.ix_(rows, columns)]


def _median(counts: np.ndarray) -> int:
    """The place at which half of all that is counted is reached."""
    return int(np.searchsorted(np.cumsum(counts), counts.sum() / 2))
