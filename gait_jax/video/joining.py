"""Pieces of one person's way: who was lost, and found again later as somebody new.

Two pieces are joined where place, speed, height and clothes all say that they are one person, and
nobody else comes into question. Whoever is not joined counts twice; two people made one would be
worse.
"""

import dataclasses
from collections.abc import Sequence

import numpy as np

from gait_jax.video.clothes import unlike

# Seconds between two pieces; how far, in heights, the second may begin from where it should, and
# how much further a second; how many times as tall; and how different what they wear.
_LONGEST, _FAR, _FURTHER, _TALLER, _OTHER = 2.0, 0.3, 0.3, 1.25, 0.35
# What clothes weigh beside place, and by how much a pair must be better than others that could be.
_CLOTHES, _CLEARLY = 2.0, 0.3


@dataclasses.dataclass(frozen=True)
class Piece:
    """A piece of somebody's way.

    Attributes:
      first: its first frame.
      last: its last one.
      ends: (x, y) of the middle of their box in these, pixels, [2, 2].
      speeds: (x, y) there, pixels a frame, [2, 2].
      heights: there, pixels, [2].
      clothes: what they wear (see `clothes.worn`); None where that is not known.
      known: whether it is clear up to its end who it is.
    """

    first: int
    last: int
    ends: np.ndarray
    speeds: np.ndarray
    heights: np.ndarray
    clothes: np.ndarray | None
    known: bool = True


def piece(
    frames: Sequence[int], boxes: np.ndarray, reach: int, clothes: np.ndarray | None, known: bool
) -> Piece:
    """Makes a piece of where somebody was seen.

    Args:
      frames: in which they were, one at least, in order.
      boxes: there (x, y, width, height), [N, 4].
      reach: of so many frames at each end the speed is measured.
      clothes: see `Piece`.
      known: see `Piece`.
    """
    times, middles = np.array(frames, float), boxes[:, :2] + boxes[:, 2:] / 2
    speeds, heights = [], []
    for part in (times < times[0] + reach, times > times[-1] - reach):
        spread = times[part] - times[part].mean()
        speeds.append(spread @ middles[part] / max(float(spread @ spread), 1.0))
        heights.append(np.median(boxes[part, 3]))
    ends = middles[[0, -1]]
    return Piece(frames[0], frames[-1], ends, np.array(speeds), np.array(heights), clothes, known)


def joins(pieces: Sequence[Piece], rate: float) -> list[tuple[int, int]]:
    """Which pieces go on as which.

    Args:
      pieces: of all people of a clip.
      rate: frames a second.

    Returns:
      Indices (earlier, later), each at most once in either place.
    """
    cost = np.full((len(pieces),) * 2, np.inf)
    for i, one in enumerate(pieces):
        for j, other in enumerate(pieces):
            cost[i, j] = _cost(one, other, rate)
    found: list[tuple[int, int]] = []
    possible = np.isfinite(cost)
    for i, j in sorted(zip(*np.nonzero(possible), strict=True), key=lambda pair: cost[pair]):
        # Whoever goes on from the later piece, or up to the earlier one, is no other.
        others = [cost[i, k] for k in np.flatnonzero(possible[i] & ~possible[j]) if k != j]
        others += [cost[k, j] for k in np.flatnonzero(possible[:, j] & ~possible[:, i]) if k != i]
        free = all(i != earlier and j != later for earlier, later in found)
        if free and min(others, default=np.inf) - cost[i, j] >= _CLEARLY:
            found.append((int(i), int(j)))
    return sorted(found)


def _cost(one: Piece, other: Piece, rate: float) -> float:
    """How little the second piece goes on from the first; infinity where it does not."""
    apart = other.first - one.last
    if apart < 1 or apart > _LONGEST * rate or one.clothes is None or other.clothes is None:
        return np.inf
    tall = (one.heights[1] + other.heights[0]) / 2
    taller = max(one.heights[1], other.heights[0]) / min(one.heights[1], other.heights[0])
    # Ahead from the first, and back from the second.
    speed = (one.speeds[1] + other.speeds[0]) / 2
    off = np.linalg.norm(one.ends[1] + speed * apart - other.ends[0]) / tall
    clothes = unlike(one.clothes, other.clothes)
    if not one.known or taller > _TALLER or clothes > _OTHER:
        return np.inf
    return off + _CLOTHES * clothes if off <= _FAR + _FURTHER * apart / rate else np.inf
