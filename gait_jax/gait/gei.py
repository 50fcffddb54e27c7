"""Gait energy images (GEIs): aligned silhouettes, averaged over a sequence or over a gait cycle."""

import cv2
import numpy as np

# A gait cycle, two steps, takes this many frames at the 25 frames a second of the data sets: 75 to
# 165 steps a minute.
_SHORTEST_CYCLE, _LONGEST_CYCLE = 18, 40
# How many frames both ends of a lag must at least have in common.
_LEAST_OVERLAP = 8
# Autocorrelation below this is no rhythm.
_LEAST_CORRELATION = 0.2


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


def gait_period(aligned: np.ndarray) -> float | None:
    """The length of a gait cycle, two steps, from how the legs repeat themselves.

    The highest peak of the autocorrelation of the lower half of the body, coarse enough that a
    segmentation's jitter does not count. From the side a step nearly equals the next one, but no
    walker's cycle is as short as another's step.

    Args:
      aligned: [T, S, S] uint8 consecutive frames (see `align`).

    Returns:
      Frames in a cycle, to a fraction of a frame; None where the walk is too short to tell, or
      shows no rhythm.
    """
    frames, size, _ = aligned.shape
    longest = min(_LONGEST_CYCLE, frames - _LEAST_OVERLAP - 1)
    if longest < _SHORTEST_CYCLE:
        return None
    legs = [
        cv2.resize(frame[size // 2 :], (16, 8), interpolation=cv2.INTER_AREA) for frame in aligned
    ]
    signal = np.array(legs, np.float64).reshape(frames, -1)
    # What changes more slowly than the gait, as distance and direction do, is no part of it.
    window = 2 * (_SHORTEST_CYCLE // 2) + 1
    half = window // 2
    padded = np.pad(signal, ((half + 1, half), (0, 0)), mode="edge").cumsum(axis=0)
    signal -= (padded[window:] - padded[:-window]) / window
    products = signal @ signal.T
    energy = products.trace() / frames
    if not energy > 0:
        return None
    lags = np.arange(longest + 2)
    correlation = np.array([np.diagonal(products, lag).mean() for lag in lags]) / energy
    inner = slice(_SHORTEST_CYCLE, longest + 1)
    is_peak = (correlation[inner] >= correlation[_SHORTEST_CYCLE - 1 : longest]) & (
        correlation[inner] > correlation[_SHORTEST_CYCLE + 1 :]
    )
    peaks = lags[inner][is_peak & (correlation[inner] >= _LEAST_CORRELATION)]
    if not len(peaks):
        return None
    cycle = int(max(peaks, key=lambda lag: correlation[lag]))
    # The top of the parabola through the peak and its neighbours.
    before, top, after = correlation[cycle - 1 : cycle + 2]
    return cycle + 0.5 * (before - after) / (before - 2 * top + after)


def gait_cycles(aligned: np.ndarray) -> list[tuple[int, int]]:
    """Splits a walk into whole gait cycles, one after the other.

    Args:
      aligned: [T, S, S] uint8 consecutive frames (see `align`).

    Returns:
      (first frame, frame after the last) of each cycle; the whole walk where no cycle is found.
    """
    period = gait_period(aligned)
    count = int(len(aligned) / period) if period else 0
    if not count:
        return [(0, len(aligned))]
    # What is left over is shared between start and end.
    start = (len(aligned) - count * period) / 2
    bounds = [int(start + k * period + 0.5) for k in range(count + 1)]
    return list(zip(bounds[:-1], bounds[1:], strict=True))
