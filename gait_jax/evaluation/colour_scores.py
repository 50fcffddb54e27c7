"""PSNR and SSIM of coloured frames and whose they are: means, and paired differences."""

import math
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from gait_jax.evaluation.identification import rate
from gait_jax.evaluation.rows import Row

METRICS = ("psnr", "ssim")


def over_method(metric: str) -> str:
    """What a row calls by how much one method has more of a metric than another one."""
    return f"{metric}_over_method"


class _Key(NamedTuple):
    form: str
    method: str
    condition: str


class ColourScores:
    """What was measured, frame by frame."""

    def __init__(self):
        """Begins without any."""
        # By form, method and set: (person, PSNR, SSIM) of each frame of each walk.
        self._found: dict[_Key, dict[tuple[str, int], tuple[str, float, float]]] = {}

    def add(
        self,
        form: str,
        method: str,
        condition: str,
        frame: tuple[str, int],
        person: str,
        value: tuple[float, float],
    ) -> None:
        """Adds a frame.

        Args:
          form: what it is compared with.
          method: which colouriser's.
          condition: a set that it belongs to.
          frame: its walk and its number there.
          person: whose it is.
          value: (PSNR in dB, SSIM).
        """
        self._found.setdefault(_Key(form, method, condition), {})[frame] = (person, *value)

    def added(self) -> Iterator[tuple[Any, ...]]:
        """What was added, as `add` takes it."""
        for key, frames in self._found.items():
            for frame, (person, *value) in frames.items():
                yield *key, frame, person, tuple(value)

    def rows(self) -> Iterator[Row]:
        """The means over frames, with 95 % intervals over people, of ten at least."""
        for key, frames in self._found.items():
            people, *values = zip(*frames.values(), strict=True)
            for metric, found in zip(METRICS, values, strict=True):
                yield _row(metric, np.array(found), np.array(people), **key._asdict())

    def differences(self) -> Iterator[Row]:
        """By how much each colouriser has more than those before it, on frames that both painted.

        The bootstrap draws the same people for both. A PSNR that is infinite somewhere is left out.
        """
        for key, frames in self._found.items():
            for other, against in self._found.items():
                if other == key:
                    break
                if (other.form, other.condition) != (key.form, key.condition):
                    continue
                shared = [frame for frame in frames if frame in against]
                people = np.array([frames[frame][0] for frame in shared])
                for place, metric in enumerate(METRICS, start=1):
                    more = [(frames[frame][place], against[frame][place]) for frame in shared]
                    if not more or not np.isfinite(more).all():
                        continue
                    yield _row(
                        over_method(metric),
                        -np.diff(more, axis=1)[:, 0],
                        people,
                        against=other.method,
                        **key._asdict(),
                    )


def _row(
    metric: str,
    values: np.ndarray,
    people: np.ndarray,
    form: str,
    method: str,
    condition: str,
    against: str = "",
) -> Row:
    names = {"method": method, "setting": form, "condition": condition, "against": against}
    if not np.isfinite(values).all():
        return Row(metric=metric, value=math.inf, n=len(values), **names)
    mean = rate(values, people)
    return Row(
        metric=metric, value=mean.value, low=mean.low, high=mean.high, n=mean.probes, **names
    )
