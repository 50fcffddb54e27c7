"""Scores of clips and frames, and the rows that they give."""

import dataclasses
import pathlib
from collections.abc import Iterable, Iterator

import numpy as np

from gait_jax.data.sequence import GaitSequence
from gait_jax.evaluation import identification
from gait_jax.evaluation.rows import ALL, Row
from gait_jax.runtime.arrays import check_arrays, load_arrays, save_arrays
from gait_jax.runtime.errors import InputError

FRAME, VIDEO = "frame_score", "video_score"
# By how much a score is higher than another method's, of the same clips.
OVER = "_over_method"

# Part of the key of what is kept: raise it when the same clips give other scores.
VERSION = 1


@dataclasses.dataclass(frozen=True)
class Scores:
    """Scores of clips, or of their frames.

    Attributes:
      values: [N] of 0 to 1.
      people: [N] whose clip each is of.
      views: [N] its direction in degrees, as text.
    """

    values: np.ndarray
    people: np.ndarray
    views: np.ndarray

    @classmethod
    def of(cls, judged: Iterable[tuple[GaitSequence, np.ndarray]]) -> "Scores":
        """Takes the scores of each sequence, [N] each."""
        found = list(judged)
        counts = [len(values) for _, values in found]
        return cls(
            np.concatenate([values for _, values in found]).astype(np.float64),
            np.repeat(np.array([one.subject for one, _ in found], np.str_), counts),
            np.repeat(np.array([str(one.direction) for one, _ in found], np.str_), counts),
        )

    def save(self, path: pathlib.Path) -> None:
        """Writes them."""
        save_arrays(path, dataclasses.asdict(self))

    @classmethod
    def load(cls, path: pathlib.Path) -> "Scores":
        """Reads what `save` wrote.

        Raises:
          InputError: the file is damaged.
        """
        arrays = load_arrays(path)
        expected = {"values": ("f", 1), "people": ("U", 1), "views": ("U", 1)}
        check_arrays(path, arrays, expected)
        if arrays.keys() != expected.keys() or len({len(one) for one in arrays.values()}) != 1:
            raise InputError(f"{path} is damaged (scores): remove it, and it is made again")
        return cls(**arrays)


def _parts(views: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
    """Each view, and all, with which scores are of it."""
    for view in sorted(set(views.tolist()), key=int):
        yield view, views == view
    yield ALL, np.ones(len(views), bool)


def rows(scores: Scores, **names: str) -> Iterator[Row]:
    """Mean scores.

    Args:
      scores: of one method's clips.
      **names: metric, method, recogniser.

    Yields:
      For each view, and for all, a row with its 95 % interval by a bootstrap over people; n is the
      number of scores.
    """
    for view, chosen in _parts(scores.views):
        rate = identification.rate(scores.values[chosen], scores.people[chosen])
        yield Row(view=view, value=rate.value, low=rate.low, high=rate.high, n=rate.probes, **names)


def differences(first: Scores, second: Scores, metric: str, **names: str) -> Iterator[Row]:
    """By how much the first method's scores are higher: the same clips, the same people drawn.

    Args:
      first: of one method's clips.
      second: of another one's, the same in the same order.
      metric: of both.
      **names: method of the first, against: of the second, recogniser.

    Yields:
      A row for each view, and for all.
    """
    over = dataclasses.replace(first, values=first.values - second.values)
    yield from rows(over, metric=metric + OVER, **names)
