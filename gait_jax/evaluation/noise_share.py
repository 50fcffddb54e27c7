"""How much of what an anonymiser changes is random: results of several draws beside each other.

A method can change a gait without any noise, by what it fails to reconstruct; then everybody who
has the model knows the change. Of the mean square of Ŷ - Y over draws, one part is that of their
mean, which no draw changes, and the other the scatter around it, which is the noise's.
"""

import itertools
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from gait_jax.evaluation.rows import Row
from gait_jax.gait import contour
from gait_jax.gait.codec import BodyFrame, ContourCodec, resample

# Part of the key of what is kept: raise it when the same gaits give other numbers.
VERSION = 1

POINTS = 256
_CODEC = ContourCodec("resampled", POINTS)


class Deviation(NamedTuple):
    """How results of several draws lie about an original; distances a point in body heights.

    Attributes:
      distance: ‖Ŷ - Y‖₁, the mean over draws.
      of_mean: ‖Ȳ - Y‖₁, of the draws' mean.
      around: ‖Ŷ - Ȳ‖₁, the mean over draws.
      square: the mean of |Ŷ - Y|² over draws and points.
      scatter: of it the part that is scatter of the draws, estimated without bias.
    """

    distance: float
    of_mean: float
    around: float
    square: float
    scatter: float


def deviation(original: np.ndarray, drawn: np.ndarray) -> Deviation:
    """Compares the results of some draws of noise with an original.

    Args:
      original: Y [P, 2] in body heights.
      drawn: Ŷ [K, P, 2], likewise, K ≥ 2.
    """
    mean = drawn.mean(0)
    distance = lambda a, b: float(np.abs(a - b).sum(-1).mean())  # noqa: E731
    square = lambda a, b: float(np.square(a - b).sum(-1).mean())  # noqa: E731
    return Deviation(
        distance(drawn, original),
        distance(mean, original),
        distance(drawn, mean),
        square(drawn, original),
        square(drawn, mean) * len(drawn) / (len(drawn) - 1),
    )


def outlines(original: np.ndarray, masks: Sequence[np.ndarray]) -> np.ndarray:
    """Contours in the body frame of an original, at equal arc length from the topmost point.

    Args:
      original: [H, W] uint8 of 0 and 1, cleaned, not empty.
      masks: of the same picture, likewise.

    Returns:
      [len(masks), POINTS, 2] float32 in the original's body heights.
    """
    body = BodyFrame.of_path(contour.trace(original))
    return np.stack([_CODEC.encode_path(contour.trace(mask), body)[0] for mask in masks])


def at_equal_steps(drawn: np.ndarray) -> np.ndarray:
    """Closed contours [K, P, 2] at equal arc length, as outlines are: [K, POINTS, 2]."""
    offsets = np.arange(len(drawn) + 1) * drawn.shape[1]
    return resample(drawn.reshape(-1, 2), offsets, POINTS)


def spread(contours: np.ndarray) -> float:
    """The mean of ‖a - b‖₁ a point over all pairs of contours [K, P, 2], K ≥ 2."""
    pairs = itertools.combinations(contours, 2)
    return float(np.mean([np.abs(a - b).sum(-1).mean() for a, b in pairs]))


def rows(
    method: str, found: Sequence[Deviation], noise: np.ndarray | None, real: np.ndarray
) -> Iterator[Row]:
    """What was found of a method.

    Args:
      method: its name.
      found: of some frames.
      noise: what some people's draws are before they meet a gait (see `at_equal_steps`); None where
        they are no contours.
      real: outlines of some people's frames, [K, POINTS, 2].
    """
    means = Deviation(*np.mean(found, axis=0))

    def row(metric: str, value: float, n: int = len(found)) -> Row:
        return Row(method=method, metric=metric, value=value, n=n)

    yield row("noise_distance", means.distance)
    yield row("noise_of_mean", means.of_mean)
    yield row("noise_around", means.around)
    # Nothing is a share of nothing.
    yield row("noise_share", min(means.scatter / means.square, 1.0) if means.square else 0.0)
    if noise is not None:
        yield row("noise_spread", spread(noise), len(noise))
        yield row("real_spread", spread(real), len(real))
