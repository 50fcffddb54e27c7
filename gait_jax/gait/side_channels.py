"""Side channels: what a walk tells of a person to somebody who looks at no outline.

How tall somebody stands in the picture, how fast and in which rhythm they walk, from which side
they are seen; and of the clip, where the walk lies in the picture and how long it is. An anonymiser
that changes the outline alone leaves all of them.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from gait_jax.gait import rhythm

# How many numbers each channel is.
WIDTHS: Mapping[str, int] = {
    "height": 1,
    "speed": 2,
    "cadence": 1,
    "ripple": 1,
    "view": 2,
    "place": 2,
    "slope": 2,
    "frames": 1,
}
# What they are all together.
NUMBERS = sum(WIDTHS.values())
# Of the person, and of the clip.
PERSON = ("height", "speed", "cadence", "ripple", "view")
CLIP = ("place", "slope", "frames")
# That of the data sets; it changes units alone.
_FRAME_RATE = 25.0
# Below this, in cycles, a phase is as straight as it can be measured.
_LEAST_RIPPLE = 1e-3


def columns(channels: Sequence[str]) -> np.ndarray:
    """Where some channels' numbers stand among those that `measure` gives: [D] int."""
    ends = dict(zip(WIDTHS, np.cumsum([*WIDTHS.values()]), strict=True))
    return np.concatenate([np.arange(ends[name] - WIDTHS[name], ends[name]) for name in channels])


def _slopes(times: np.ndarray, values: np.ndarray) -> np.ndarray:
    """[D] how fast values [T, D] grow in time, by least squares; 0 where time stands still."""
    centred = times - times.mean()
    # From the first on: what does not change at all has exactly no slope.
    return centred @ (values - values[0]) / (centred @ centred or 1.0)


def measure(
    bodies: Sequence[np.ndarray],
    corners: Sequence[tuple[int, int]],
    times: Sequence[int],
    size: tuple[int, int],
) -> np.ndarray:
    """Measures all side channels of a walk.

    height: log of the median height in pixels.
    speed: along the path in the picture, in pixels and in body heights a second.
    cadence: log of the steps a minute (see `rhythm`); NaN where there is no rhythm to be found.
    ripple: log of how far the rhythm's phase is from a straight line, in cycles; NaN likewise.
    view: sine and cosine of the direction of walking as it is read from the picture, 0 towards the
      camera as in CASIA-B: across by the path, along by growth, through a lens that sees as far as
      its longer side is wide; both 0 for whoever stands still.
    place: of the feet's middle, median, across and down, in heights of the picture.
    slope: the path's, body heights down a second; growth, in e-folds a second.
    frames: log of the number of usable frames.

    Args:
      bodies: usable silhouettes [h, w] uint8 of 0 and 1, cut to the body, in order of time.
      corners: (column, row) of each one's upper left pixel in the picture.
      times: number of each frame, rising.
      size: (rows, columns) of the picture.

    Returns:
      [`NUMBERS`] float64, channel by channel as in `WIDTHS`.

    Raises:
      ValueError: there is no frame.
    """
    if not bodies:
        raise ValueError("a walk without frames has no side channels")
    seconds = (np.asarray(times, np.float64) - times[0]) / _FRAME_RATE
    rows, widths = np.array([body.shape for body in bodies], np.float64).T
    left, top = np.array(corners, np.float64).T
    tall = float(np.median(rows))
    across, down = left + widths / 2, top + rows
    # The middle of the body, whose rows nod least with the legs.
    moved = _slopes(seconds, np.stack([across, down - rows / 2, down, np.log(rows)], axis=1))
    pixels = float(np.hypot(*moved[:2]))
    heading = np.array([moved[0] / tall, moved[3] * max(size) / tall])
    length = np.hypot(*heading)
    found = rhythm.find(bodies, np.asarray(times, np.float64))
    cadence, ripple = (np.nan, np.nan) if found is None else found
    return np.array(
        [
            np.log(tall),
            pixels,
            pixels / tall,
            np.log(cadence * _FRAME_RATE * 60),
            np.log(ripple + _LEAST_RIPPLE),
            *(heading / length if length else (0.0, 0.0)),
            np.median(across) / size[0],
            np.median(down) / size[0],
            moved[2] / tall,
            moved[3],
            np.log(len(bodies)),
        ]
    )
