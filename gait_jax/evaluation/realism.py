"""How far gaits as they are made lie from real ones, and real people's from each other's."""

import dataclasses
from collections.abc import Callable, Collection, Iterator

import numpy as np

from gait_jax.data.gait_store import GaitStore
from gait_jax.data.windows import window_starts
from gait_jax.evaluation.distributions import frechet

# Raise it when the same gaits give other windows, halves, distances, or judges (`two_sample`).
VERSION = 1


@dataclasses.dataclass(frozen=True)
class Paired:
    """The same windows of two stores, which begin where the one before ends.

    Attributes:
      clean: [N] where they begin in the originals' store.
      made: [N] where they begin in the other one.
      people: [N] names.
      walks: [N] int, whose places in the other store.
      views: [N] int, directions in degrees.
    """

    clean: np.ndarray
    made: np.ndarray
    people: np.ndarray
    walks: np.ndarray
    views: np.ndarray

    def __len__(self) -> int:
        return len(self.clean)


def paired(
    originals: GaitStore, made: GaitStore, frames: int, wanted: Collection[int] | None = None
) -> Paired:
    """All windows whose frames are usable in both stores.

    Args:
      originals: of gaits as they are.
      made: of some of the same sequences.
      frames: of a window.
      wanted: places in `made` of the sequences to look at; all if None.
    """
    starts = window_starts(made, {s.subject for s in made.sequences}, frames, frames)
    walks = np.searchsorted([s.first for s in made.sequences], starts, side="right") - 1
    place = {sequence.name: sequence.first for sequence in originals.sequences}
    moved = np.array([place[s.name] - s.first for s in made.sequences], np.int64)
    clean = starts + moved[walks]
    until = np.concatenate([[0], np.cumsum(originals.usable())])
    kept = until[clean + frames] - until[clean] == frames
    if wanted is not None:
        kept &= np.isin(walks, list(wanted))
    walks = walks[kept]
    return Paired(
        clean[kept],
        starts[kept],
        np.array([s.subject for s in made.sequences], np.str_)[walks],
        walks,
        np.array([s.direction for s in made.sequences], np.int32)[walks],
    )


def halves(
    people: np.ndarray, halvings: int, rng: np.random.Generator
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Shares windows out to two halves of their people, as many people and windows in each.

    Args:
      people: [N] names; two at least.
      halvings: how often.
      rng: draws who is in which half, who is left over, and which windows of the larger one.

    Yields:
      ([M], [M]) places of windows, rising.
    """
    names = np.unique(people)
    for _ in range(halvings):
        order, half = rng.permutation(names), len(names) // 2
        parts = [np.flatnonzero(np.isin(people, order[i * half : (i + 1) * half])) for i in (0, 1)]
        count = min(map(len, parts))
        yield tuple(np.sort(rng.choice(part, count, replace=False)) for part in parts)


@dataclasses.dataclass(frozen=True)
class Distance:
    """How far some gaits lie from real ones of other people.

    Attributes:
      value: squared Fréchet distance, mean over halvings.
      floor: of real gaits from real ones of other people, of the same windows.
      count: windows (or frames) a half, mean over halvings.
    """

    value: float
    floor: float
    count: int


# (one half, the other) → distances of what stands for the one from the real other one.
Stand = Callable[[np.ndarray, np.ndarray], list[float]]


def _distance(
    clean: np.ndarray, people: np.ndarray, halvings: int, seed: int, stand: Stand
) -> Distance | None:
    values, floors, counts = [], [], []
    for one, other in halves(people, halvings, np.random.default_rng(seed)):
        floors.append(frechet(_flat(clean[one]), _flat(clean[other])))
        values += stand(one, other) + stand(other, one)
        counts.append(len(_flat(clean[one])))
    if not values:
        return None
    return Distance(float(np.mean(values)), float(np.mean(floors)), round(np.mean(counts)))


def _flat(points: np.ndarray) -> np.ndarray:
    return points.reshape(-1, points.shape[-1])


def of_made(
    clean: np.ndarray, made: np.ndarray, people: np.ndarray, halvings: int, seed: int
) -> Distance:
    """How far made gaits of one half of the people lie from real ones of the other half.

    Were they as natural as real ones, they would lie as far as real ones of the one half do: at the
    floor, of the same people, windows and sizes.

    Args:
      clean: [N, ..., D] points of real windows.
      made: [N, ..., D] points of the same windows as they are made.
      people: [N] names.
      halvings: over how many ways to halve the people the mean is taken.
      seed: of the halves.
    """

    def stand(one: np.ndarray, other: np.ndarray) -> list[float]:
        return [frechet(_flat(made[one]), _flat(clean[other]))]

    found = _distance(clean, people, halvings, seed, stand)
    assert found is not None
    return found


def first_walks(pairs: Paired) -> np.ndarray:
    """Which windows are of the first walk of their person in their view: [N] bool."""
    whose = np.stack([np.unique(x, return_inverse=True)[1] for x in (pairs.people, pairs.views)])
    _, group = np.unique(whose, axis=1, return_inverse=True)
    first = np.full(group.max(initial=0) + 1, np.iinfo(np.int64).max)
    np.minimum.at(first, group, pairs.walks)
    return pairs.walks == first[group]


def one_of_two_walks(pairs: Paired, rng: np.random.Generator) -> np.ndarray:
    """Windows of one walk of every two of a person in a view, whichever is drawn: [N] bool.

    What is taken and what is left are two kinds of the same people, views and, as a store has
    walks in order of their condition, conditions.
    """
    walks, where = np.unique(pairs.walks, return_index=True)
    order = np.lexsort((walks, pairs.views[where], pairs.people[where]))
    drawn = rng.integers(2, size=-(-len(walks) // 2))
    taken = order[np.arange(len(walks)) % 2 == np.repeat(drawn, 2)[: len(walks)]]
    return np.isin(pairs.walks, walks[taken])


def of_one_walk(
    clean: np.ndarray,
    people: np.ndarray,
    walks: np.ndarray,
    views: np.ndarray,
    halvings: int,
    seed: int,
) -> Distance | None:
    """How far one real walk that stands for everybody's lies from other people's real ones.

    In each view everybody's windows are drawn from the first walk of one of them, who is everybody
    of the half in turn; who has no walk in one of the views is left out, and there is no distance
    where all are.

    Args:
      clean: [N, ..., D] points of real windows.
      people: [N] names.
      walks: [N] int, which walk each is of.
      views: [N] int.
      halvings: over how many ways to halve the people the mean is taken.
      seed: of the halves, and of what is drawn.
    """
    rng = np.random.default_rng([seed, 1])

    def stand(one: np.ndarray, other: np.ndarray) -> list[float]:
        drawn = (
            _walk_of_one(name, one, people, walks, views, rng) for name in np.unique(people[one])
        )
        return [frechet(_flat(clean[w]), _flat(clean[other])) for w in drawn if w is not None]

    return _distance(clean, people, halvings, seed, stand)


def _walk_of_one(
    name: str,
    half: np.ndarray,
    people: np.ndarray,
    walks: np.ndarray,
    views: np.ndarray,
    rng: np.random.Generator,
) -> np.ndarray | None:
    """One person's windows in place of a half's, each in its view; None where one is missing."""
    found = np.empty(len(half), np.int64)
    for view in np.unique(views[half]):
        own = np.flatnonzero((people == name) & (views == view))
        if not len(own):
            return None
        first = own[walks[own] == walks[own].min()]
        here = views[half] == view
        found[here] = rng.choice(first, int(here.sum()))
    return found
