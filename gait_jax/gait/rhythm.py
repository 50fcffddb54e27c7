"""The rhythm of a walk, from its silhouettes alone: its steps, and how evenly they follow."""

from collections.abc import Sequence

import numpy as np

from gait_jax.gait import gei

# Steps a frame: at 25 frames a second 75 to 150 a minute. No more than a factor of two: from the
# side, which shows one step as the next, a slow walk's step looks like two of a quick walk's.
_SLOWEST, _QUICKEST = 0.05, 0.1
# Frequencies that are tried, of which the best is refined.
_TRIED = 101
# Frames of which two steps of the slowest walker are.
_LEAST_FRAMES = 40
# Rows of the aligned silhouettes, and what of the lower half is averaged.
_ROWS, _COARSE = 32, 4
# The rhythm explains at least this share of how the legs change, or there is none.
_LEAST_SHARE = 0.2


def _legs(bodies: Sequence[np.ndarray]) -> np.ndarray:
    """[T, D] how full the cells of a coarse grid over the legs are, 0..1."""
    half = _ROWS // 2
    aligned = np.stack([gei.align(body, _ROWS)[half:] for body in bodies])
    cells = aligned.reshape(len(aligned), half // _COARSE, _COARSE, _ROWS // _COARSE, _COARSE)
    return cells.mean(axis=(2, 4)).reshape(len(aligned), -1) / 255


def _waves(times: np.ndarray, frequency: float) -> np.ndarray:
    """[T, 7] what changes slowly, then the stride's two waves and the step's two."""
    turns = np.pi * frequency * times
    place = times / (np.abs(times).max() or 1)
    return np.stack(
        [
            np.ones_like(place),
            place,
            place**2,
            np.cos(turns),
            np.sin(turns),
            np.cos(2 * turns),
            np.sin(2 * turns),
        ],
        axis=1,
    )


def _explained(times: np.ndarray, signal: np.ndarray, frequency: float) -> float:
    """How much of a signal [T, D], freed of slow changes, a rhythm explains: a sum of squares."""
    waves, _ = np.linalg.qr(_waves(times, frequency))
    return float(np.square(waves[:, 3:].T @ signal).sum())


def _ripple(times: np.ndarray, signal: np.ndarray, frequency: float) -> float:
    """Standard deviation of the phase from a straight line, in cycles; NaN if too short."""
    waves = _waves(times, frequency)
    fitted = np.linalg.lstsq(waves, signal, rcond=None)[0]
    # Of stride and step, the one that shows most; without the other one.
    stride, step = slice(3, 5), slice(5, 7)
    power = [np.square(fitted[wave]).sum() for wave in (stride, step)]
    main, other = (stride, step) if power[0] > power[1] else (step, stride)
    wave = frequency / 2 if main is stride else frequency
    # Along how the legs change most in that wave.
    axis = np.linalg.svd(fitted[main], full_matrices=False)[2][0]
    along = (signal - waves[:, other] @ fitted[other]) @ axis
    turned = along * np.exp(-2j * np.pi * wave * times)
    # A window of a step to both sides: what turns twice as fast vanishes in it.
    reach = 1 / frequency
    centres = times[(times >= times[0] + reach) & (times <= times[-1] - reach)]
    if len(centres) < 3:
        return np.nan
    apart = (times[None] - centres[:, None]) / reach
    weights = np.where(np.abs(apart) < 1, 0.5 + 0.5 * np.cos(np.pi * apart), 0)
    phase = np.unwrap(np.angle(weights @ turned)) / (2 * np.pi)
    line = np.polyfit(centres, phase, 1)
    return float(np.std(phase - np.polyval(line, centres)))


def find(bodies: Sequence[np.ndarray], times: np.ndarray) -> tuple[float, float] | None:
    """The rhythm of a walk.

    From the front, the legs change from step to step and are mirrored; from the side, one step
    looks like the next. So a step and a stride, two steps, are looked for together.

    Args:
      bodies: silhouettes [h, w] uint8 of 0 and 1, cut to the body.
      times: [T] float numbers of their frames, rising; some may be missing.

    Returns:
      (steps a frame, ripple: standard deviation of the phase from a straight line in cycles, NaN
      where the walk is too short to tell); None where the walk is too short, or shows no rhythm.
    """
    if len(bodies) < _LEAST_FRAMES:
        return None
    times = times - (times[0] + times[-1]) / 2
    signal = _legs(bodies)
    slow = np.linalg.qr(_waves(times, 0.0)[:, :3])[0]
    signal = signal - slow @ (slow.T @ signal)
    # Few ways to change hold nearly all of it.
    parts, sizes, _ = np.linalg.svd(signal, full_matrices=False)
    signal = parts[:, :8] * sizes[:8]
    total = float(np.square(sizes).sum())
    tried = np.linspace(_SLOWEST, _QUICKEST, _TRIED)
    found = np.array([_explained(times, signal, frequency) for frequency in tried])
    # What still rises at an end is a rhythm beyond it.
    inner = found[1:-1]
    peaks = 1 + np.flatnonzero((inner >= found[:-2]) & (inner > found[2:]))
    if not len(peaks):
        return None
    best = int(max(peaks, key=lambda peak: found[peak]))
    if found[best] < _LEAST_SHARE * total:
        return None
    before, top, after = found[best - 1 : best + 2]
    # The top of the parabola through the best and its neighbours.
    offset = 0.5 * (before - after) / (before - 2 * top + after)
    frequency = float(tried[best] + offset * (tried[1] - tried[0]))
    return frequency, _ripple(times, signal, frequency)


def cycles(bodies: Sequence[np.ndarray], times: np.ndarray) -> list[tuple[int, int]]:
    """Splits a walk into whole gait cycles of two steps, one after the other.

    Args:
      bodies: silhouettes [h, w] uint8 of 0 and 1, cut to the body.
      times: [T] numbers of their frames, rising; some may be missing.

    Returns:
      (first, after the last) of each cycle, as indices of `bodies`; what is left over is shared
      between start and end, and a cycle that lacks more than half of its frames is left out. None
      where no rhythm is found (see `find`).
    """
    found = find(bodies, times)
    if found is None:
        return []
    period = 2 / found[0]
    length = times[-1] + 1 - times[0]
    count = int(length / period)
    start = times[0] + (length - count * period) / 2
    bounds = np.searchsorted(times, np.round(start + period * np.arange(count + 1)))
    pairs = zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True)
    return [(first, last) for first, last in pairs if last - first > period / 2]
