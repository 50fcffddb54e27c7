"""Silhouettes torn as segmentation tears them: what an anonymiser learns to make whole again.

It needs a mask alone, so that real people's silhouettes can be torn, too. The kinds of damage are
those that 2020 names (a part of the body is missing, where it looks like the background or
something stands before it) and ragged outlines, ghosts and shadows besides.
"""

import cv2
import numpy as np

# Body heights: how much of somebody is lost at an end or a side, and how large patches are.
_HEAD, _FEET, _SIDE = (0.08, 0.2), (0.03, 0.28), (0.06, 0.18)
_PATCH, _FRAY = 0.13, 0.03
# Room around the body for what is added to it, in its heights.
ROOM = 0.12


def tear(body: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Damages a silhouette, badly or hardly at all.

    Args:
      body: [h, w] uint8 of 0 and 1, somebody with `ROOM` around.
      rng: draws what is lost and what is added.

    Returns:
      [h, w] uint8 of 0 and 1; it may be in several pieces, and is not cleaned.
    """
    severity = rng.uniform(0.1, 1.0)
    x, y, width, height = cv2.boundingRect(body)
    torn = body.copy()
    if rng.random() < 0.75 * severity:
        _lose(torn, rng, (x, y, width, height))
        if rng.random() < 0.4 * severity:
            _lose(torn, rng, (x, y, width, height))
    # Clothes that look like the background, in patches.
    torn[_waves(body.shape, _PATCH * height, rng) > 2.1 - 0.8 * severity] = 0
    # The outline frays, by a few pixels.
    soft = cv2.blur(torn.astype(np.float32), (5, 5), borderType=cv2.BORDER_CONSTANT)
    frayed = soft + 0.3 * severity * _waves(body.shape, _FRAY * height, rng) > 0.5
    torn = np.where((soft > 0.1) & (soft < 0.9), frayed, torn).astype(np.uint8)
    if rng.random() < 0.2 * severity:
        torn[_waves(body.shape, _PATCH * height, rng) > 2.0] = 1
    if rng.random() < 0.3 * severity:
        middle = (round(x + width / 2), min(y + height, len(body) - 1))
        across, down = round(rng.uniform(0.08, 0.2) * height), max(1, round(0.02 * height))
        cv2.ellipse(torn, middle, (across, down), 0, 0, 360, 1, cv2.FILLED)
    return torn


def _lose(torn: np.ndarray, rng: np.random.Generator, box: tuple[int, int, int, int]) -> None:
    """Takes a head, feet, one leg's end, or something at a side away, in place."""
    x, y, width, height = box
    kind = rng.integers(4)
    if kind == 0:
        torn[: y + round(rng.uniform(*_HEAD) * height)] = 0
    elif kind == 1:
        # One foot or shank, or what is hidden behind a step.
        beginning = y + height - round(rng.uniform(*_FEET) * height)
        parted = x + round(rng.uniform(0.3, 0.7) * width)
        side = rng.integers(3)
        if side == 2:
            torn[max(beginning, y + round(0.88 * height)) :] = 0
        else:
            torn[beginning:, np.s_[:parted] if side else np.s_[parted:]] = 0
    else:
        rows, columns = np.nonzero(torn)
        if len(rows):
            # An arm, or a bite: a disc around a pixel of the outline's.
            inner = cv2.erode(torn, np.ones((3, 3), np.uint8))
            rows, columns = np.nonzero(torn & ~inner & 1)
            at = rng.integers(len(rows))
            radius = round(rng.uniform(*_SIDE) * height / 2)
            cv2.circle(torn, (int(columns[at]), int(rows[at])), radius, 0, cv2.FILLED)


def _waves(shape: tuple[int, int], size: float, rng: np.random.Generator) -> np.ndarray:
    """Smooth noise of mean 0 and variance about 1, [H, W] float32, in lumps of so many pixels."""
    cells = [max(2, round(n / max(size, 1)) + 1) for n in shape]
    drawn = rng.standard_normal(cells).astype(np.float32)
    return 1.3 * cv2.resize(drawn, shape[::-1], interpolation=cv2.INTER_CUBIC)
