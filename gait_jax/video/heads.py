"""How many heads a silhouette has."""

import cv2
import numpy as np

# Shares of a body's height: so far down from the top heads are looked for; so far a head rises, at
# least, above what lies between it and the next, and so wide is it there. A raised arm is thinner.
_DOWN, _RISES, _WIDE = 0.35, 0.06, 0.06
# Levels at which the outline is cut.
_LEVELS = 20


def heads(mask: np.ndarray) -> list[tuple[float, float]]:
    """Where heads rise out of an outline: one of one person, more of people who touch.

    Args:
      mask: [h, w] uint8 of 0 and 1, not empty.

    Returns:
      (x, y) of the middles of their upper parts in the mask, pixels, from left to right; one of
      whatever has no second.
    """
    x, y, width, height = cv2.boundingRect(mask)
    inside = mask[y : y + height, x : x + width]
    # Height of the outline above the lowest row, column by column.
    profile = np.where(inside.any(axis=0), height - inside.argmax(axis=0), 0)
    found: list[tuple[float, float]] = []
    for level in np.linspace(height, (1 - _DOWN) * height, _LEVELS):
        edges = np.diff(np.concatenate([[0], profile >= level, [0]]).astype(np.int8))
        runs = zip(np.flatnonzero(edges == 1), np.flatnonzero(edges == -1), strict=True)
        tops = [
            (x + (first + last) / 2, y + height - level)
            for first, last in runs
            if last - first >= _WIDE * height
            and profile[first:last].max() - level >= _RISES * height
        ]
        if len(tops) > len(found):
            found = tops
    return found or [(x + width / 2, float(y))]
