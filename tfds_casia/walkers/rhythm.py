"""When a walker takes steps, and how long they are, at any speed."""

import dataclasses

import numpy as np

# Nobody steps more slowly than at this share of their usual cadence: slower than that, steps become
# shorter until the walker stands. What phase there is then cannot be seen.
_SLOWEST = 0.4

# Who turns by so many degrees a second steps at the usual cadence at least.
_QUICK_TURN = 90.0

# Strides become longer or shorter over so many seconds.
_EASE = 0.4

# A phase that is followed is taken to run evenly over so many seconds.
_EVEN = 0.6


@dataclasses.dataclass(frozen=True)
class Steps:
    """Steps, frame by frame.

    Attributes:
        times: of the frames in seconds, rising, [T].
        phase: of the gait in cycles, see `gait`, [T].
        speed: metres a second, [T].
        stride: how long strides look, metres per cycle, 0 where the walker stands, [T]; speed over
            frequency, but that nobody starts or stops in an instant. The feet make up for it.
        heading: direction in which they lead, degrees counter-clockwise as seen from above, without
            jumps by whole turns, [T].
    """

    times: np.ndarray
    phase: np.ndarray
    speed: np.ndarray
    stride: np.ndarray
    heading: np.ndarray

    def path(self) -> np.ndarray:
        """Returns where these steps have led since the first frame, metres [T, 2]."""
        moved = np.diff(self.times) * (self.speed[1:] + self.speed[:-1]) / 2
        towards = np.radians((self.heading[1:] + self.heading[:-1]) / 2)
        steps = moved[:, None] * np.stack([np.cos(towards), np.sin(towards)], axis=-1)
        return np.concatenate([np.zeros((1, 2)), np.cumsum(steps, axis=0)])

    def turning(self) -> np.ndarray:
        """Returns how fast the heading changes, degrees a second [T], not negative."""
        return _rate(self.heading, self.times)


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
    speed: np.ndarray,
    preference: Preference,
    start: float,
    frame_rate: float = 25.0,
    heading: np.ndarray | None = None,
) -> Steps:
    """Steps in a walker's own rhythm that lead on at a speed without a foot sliding.

    Cadence and length of the steps both grow with the square root of the speed, as people's do
    (the walk ratio, length over cadence, hardly changes between 0.8 and 2 m/s).

    Args:
        speed: metres a second, not negative, [T].
        preference: the walker's.
        start: phase of the first frame in cycles.
        frame_rate: frames a second.
        heading: see `Steps`; straight on without.
    """
    times = np.arange(len(speed)) / frame_rate
    heading = np.zeros_like(times) if heading is None else heading
    slowest = np.clip(_rate(heading, times) / _QUICK_TURN, _SLOWEST, 1)
    usual = preference.frequency * preference.stride
    frequency = preference.frequency * np.maximum(np.sqrt(speed / usual), slowest)
    frequency = np.maximum(frequency, speed / preference.longest)
    elapsed = np.concatenate([[0.0], np.cumsum((frequency[1:] + frequency[:-1]) / 2)])
    stride = _eased(speed / frequency, frame_rate)
    return Steps(times, start + elapsed / frame_rate, speed, stride, heading)


def kept(
    phase: np.ndarray,
    speed: np.ndarray,
    preference: Preference,
    frame_rate: float = 25.0,
    heading: np.ndarray | None = None,
) -> Steps:
    """Steps in a given rhythm: as long as the speed asks for, if the walker's legs are.

    Args:
        phase: in cycles, rising where there are steps, [T].
        speed: metres a second, not negative, [T].
        preference: the walker's.
        frame_rate: frames a second.
        heading: see `Steps`; straight on without.
    """
    times = np.arange(len(phase)) / frame_rate
    reach = max(round(_EVEN * frame_rate / 2), 1)
    late = np.minimum(np.arange(len(phase)) + reach, len(phase) - 1)
    early = np.maximum(np.arange(len(phase)) - reach, 0)
    frequency = (phase[late] - phase[early]) / np.maximum(late - early, 1) * frame_rate
    slowest = _SLOWEST * preference.frequency
    stride = np.minimum(speed / np.maximum(frequency, slowest), preference.longest)
    heading = np.zeros_like(times) if heading is None else heading
    return Steps(times, phase, speed, _eased(stride, frame_rate), heading)


def _rate(heading: np.ndarray, times: np.ndarray) -> np.ndarray:
    """How fast a heading changes, degrees a second, not negative, [T]."""
    return np.abs(np.gradient(heading, times)) if len(times) > 1 else np.zeros(len(times))


def _eased(stride: np.ndarray, frame_rate: float) -> np.ndarray:
    """Strides [T] that change no faster than legs can."""
    weights = np.hanning(2 * round(_EASE * frame_rate / 2) + 3)
    reach = len(weights) // 2
    return np.convolve(np.pad(stride, reach, mode="edge"), weights / weights.sum(), "valid")
