"""Numbers of frames, made smooth or coarse over time."""

import numpy as np


def smoothed(values: np.ndarray, weights: np.ndarray, reach: int) -> np.ndarray:
    """Weighted means over the frames around each: [T, N] → [T, N].

    Args:
      values: [T, N].
      weights: [T], 0 where there is nothing; further away less.
      reach: how many frames to each side.
    """
    kernel = 1 - (np.arange(-reach, reach + 1) / (reach + 1)) ** 2
    values = _filled(values, weights)
    # In the middle of a long gap there is nothing else.
    weights = weights + 1e-9
    total = np.convolve(weights, kernel)[reach:-reach]
    summed = [np.convolve(column * weights, kernel)[reach:-reach] for column in values.T]
    return np.stack(summed, axis=1) / total[:, None]


def straightened(values: np.ndarray, weights: np.ndarray, reach: int) -> np.ndarray:
    """What the best lines through the frames around each say of it: [T, N] → [T, N].

    Args:
      values: [T, N].
      weights: [T], 0 where there is nothing.
      reach: how many frames to each side.
    """
    values = _filled(values, weights)
    # With too little around, more of the whole.
    weights = weights + 1e-6
    offset = np.arange(-reach, reach + 1)
    kernel = 1 - (offset / (reach + 1)) ** 2
    # Convolution looks backwards: what lies ahead has a negative offset.
    sums = [np.convolve(weights, kernel * (-offset) ** k)[reach:-reach] for k in range(3)]
    found = np.empty_like(values, float)
    spread = sums[0] * sums[2] - sums[1] ** 2
    for n, column in enumerate(values.T):
        zero = np.convolve(column * weights, kernel)[reach:-reach]
        first = np.convolve(column * weights, kernel * -offset)[reach:-reach]
        slope = (sums[0] * first - sums[1] * zero) / np.maximum(spread, 1e-12)
        found[:, n] = (zero - slope * sums[1]) / sums[0]
    return found


def _filled(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Values [T, N] where nothing is known led evenly from the last that are to the next."""
    known = np.flatnonzero(weights > 0)
    if len(known) in (0, len(weights)):
        return values
    frames = np.arange(len(weights))
    return np.stack([np.interp(frames, known, column[known]) for column in values.T], axis=1)


def settled(costs: np.ndarray, change: float) -> np.ndarray:
    """The states [T] that cost least together: each is kept until another is worth the change.

    Found by dynamic programming (Viterbi's algorithm).

    Args:
      costs: [T, S] of being in each state; T is at least 1.
      change: what going from any state to any other costs.
    """
    total, came = costs[0].astype(float), np.empty(costs.shape, int)
    own = np.arange(costs.shape[1])
    for t in range(1, len(costs)):
        best = total.argmin()
        came[t] = np.where(total <= total[best] + change, own, best)
        total = total[came[t]] + change * (came[t] != own) + costs[t]
    found = np.empty(len(costs), int)
    found[-1] = total.argmin()
    for t in range(len(costs) - 1, 0, -1):
        found[t - 1] = came[t, found[t]]
    return found


def eased(values: np.ndarray, frames: int) -> np.ndarray:
    """Steps become ramps of so many frames [T]."""
    kernel = np.ones(frames) / frames
    padded = np.pad(values, (frames // 2, frames - 1 - frames // 2), mode="edge")
    return np.convolve(padded, kernel, mode="valid")
