"""When a walker takes steps, and how long they are, at any speed."""

import dataclasses

import numpy as np

# Nobody steps more slowly than at this share of their usual cadence: slower than that, steps become
# shorter until the walker stands. What phase there is then cannot be seen.
_SLOWEST = 0.4

# A phase that is followed is taken to run evenly over so many seconds.
_EVEN = 0.6


@dataclasses.dataclass(frozen=True)
class Steps:
    """Steps, frame by frame.

    Attributes:
        times: of the frames in seconds, rising, [T].
        phase: of the gait in cycles, see `gait`, [T].
        stride: metres per cycle, 0 where the walker stands, [T].
    """

    times: np.ndarray
    phase: np.ndarray
    stride: np.ndarray

    def way(self) -> np.ndarray:
        """Returns how far these steps have led since the first frame, metres [T]."""
        moved = np.diff(self.phase) * (self.stride[1:] + self.stride[:-1]) / 2
        return np.concatenate([[0.0], np.cumsum(moved)])


@dataclasses.dataclass(frozen=True)
class Preference:
    """The pace that a person prefers.

    Attributes:
        frequency: cycles a second.
        stride: metres a cycle.
        longest: the longest stride that they can take, metres.
    """

    frequency: float
    stride: float
    longest: float


def own(
    speed: np.ndarray, preference: Preference, start: float, frame_rate: float = 25.0
) -> Steps:
    """Steps in a walker's own rhythm that lead on at a speed without a foot sliding.

    Cadence and length of the steps both grow with the square root of the speed, as people's do
    (the walk ratio, length over cadence, hardly changes between 0.8 and 2 m/s).

    Args:
        speed: metres a second, not negative, [T].
        preference: the walker's.
        start: phase of the first frame in cycles.
        frame_rate: frames a second.
    """
    usual = preference.frequency * preference.stride
    frequency = preference.frequency * np.maximum(np.sqrt(speed / usual), _SLOWEST)
    frequency = np.maximum(frequency, speed / preference.longest)
    elapsed = np.concatenate([[0.0], np.cumsum((frequency[1:] + frequency[:-1]) / 2)])
    times = np.arange(len(speed)) / frame_rate
    return Steps(times, start + elapsed / frame_rate, speed / frequency)


def kept(
    phase: np.ndarray, speed: np.ndarray, preference: Preference, frame_rate: float = 25.0
) -> Steps:
    """Steps in a given rhythm: as long as the speed asks for, if the walker's legs are.

    Args:
        phase: in cycles, rising where there are steps, [T].
        speed: metres a second, not negative, [T].
        preference: the walker's.
        frame_rate: frames a second.
    """
    times = np.arange(len(phase)) / frame_rate
    reach = max(round(_EVEN * frame_rate / 2), 1)
    late = np.minimum(np.arange(len(phase)) + reach, len(phase) - 1)
    early = np.maximum(np.arange(len(phase)) - reach, 0)
    frequency = (phase[late] - phase[early]) / np.maximum(late - early, 1) * frame_rate
    slowest = _SLOWEST * preference.frequency
    stride = speed / np.maximum(frequency, slowest)
    return Steps(times, phase, np.minimum(stride, preference.longest))
