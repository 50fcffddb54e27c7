"""Rank-k identification rates and how sure they are."""

import dataclasses
from collections.abc import Callable

import numpy as np
from scipy import stats

from gait_jax.evaluation.verification import FEWEST_PEOPLE


def rank_hits(
    distances: np.ndarray, probes: np.ndarray, gallery: np.ndarray, ranks: tuple[int, ...]
) -> np.ndarray:
    """Which probes are identified among the k nearest people of a gallery.

    A person is as near as the nearest of their images. People at equal distances stand in random
    order, and a hit counts by its expectation: a recogniser that cannot tell anything scores
    chance, not 0 or 1.

    Args:
      distances: [P, G], smaller is more alike.
      probes: [P] the probes' people; each must be in the gallery.
      gallery: [G] the gallery's people.
      ranks: the k.

    Returns:
      [P, len(ranks)] float in 0..1.

    Raises:
      ValueError: a probe's person is not in the gallery, or a distance is not a number.
    """
    people, owner = np.unique(gallery, return_inverse=True)
    missing = np.setdiff1d(probes, people)
    if len(missing):
        raise ValueError(f"probes of people who are not in the gallery: {', '.join(missing)}")
    if np.isnan(distances).any():
        raise ValueError("a recogniser returned distances that are not numbers")
    nearest = np.stack([distances[:, owner == k].min(axis=1) for k in range(len(people))], axis=1)
    own = np.searchsorted(people, probes)
    mine = nearest[np.arange(len(probes)), own][:, None]
    nearer = (nearest < mine).sum(axis=1)
    tied = (nearest == mine).sum(axis=1)  # With the probe's own person.
    return np.stack([np.clip((k - nearer) / tied, 0, 1) for k in ranks], axis=1)


@dataclasses.dataclass(frozen=True)
class Rate:
    """A share of probes.

    Attributes:
      value: in 0..1.
      low: lower end of its 95 % interval; None with fewer people than `FEWEST_PEOPLE`, of whom a
        bootstrap would draw intervals that are far too short.
      high: upper end.
      probes: how many it is of.
    """

    value: float
    low: float | None
    high: float | None
    probes: int


def rate(values: np.ndarray, people: np.ndarray, resamples: int = 2000) -> Rate:
    """The mean over probes, with a bootstrap over people.

    Probes of one person are no independent witnesses: whole people are drawn, with replacement.
    The gallery and its people stay as they are. Of differences between two measurements of the same
    probes it is the paired bootstrap: the same people are drawn for both.

    Args:
      values: [P] float, one a probe.
      people: [P] their people.
      resamples: bootstrap samples, drawn with a fixed seed.

    Returns:
      The rate with its percentile interval.

    Raises:
      ValueError: there is no probe.
    """
    return rates(np.asarray(values)[:, None], people, resamples)[0]


def rates(values: np.ndarray, people: np.ndarray, resamples: int = 2000) -> list[Rate]:
    """As `rate` of each column, in the time of one: the same people are drawn for all.

    Args:
      values: [P, M] float, M of each probe.
      people: [P] their people.
      resamples: bootstrap samples, drawn with a fixed seed.

    Raises:
      ValueError: there is no probe.
    """
    if not len(values):
        raise ValueError("a rate needs a probe at least")
    _, owner = np.unique(people, return_inverse=True)
    counts = np.bincount(owner)
    sums = np.stack([np.bincount(owner, column) for column in values.T])
    mean = lambda s, n, axis: s.sum(axis=axis) / n.sum(axis=axis)  # noqa: E731
    intervals = _intervals((sums, np.broadcast_to(counts, sums.shape)), mean, resamples)
    return [
        Rate(float(np.mean(column)), low, high, len(column))
        for column, (low, high) in zip(values.T, intervals, strict=True)
    ]


def contrast(
    values: np.ndarray, people: np.ndarray, chosen: np.ndarray, resamples: int = 2000
) -> Rate:
    """By how much the mean over some probes is higher than over the others (see `rate`).

    Args:
      values: [P] float, one a probe.
      people: [P] their people.
      chosen: [P] bool, the probes whose mean comes first.
      resamples: bootstrap samples, drawn with a fixed seed.

    Raises:
      ValueError: all of the probes are chosen, or none is.
    """
    if chosen.all() or not chosen.any():
        raise ValueError("a contrast needs probes on both sides")
    _, owner = np.unique(people, return_inverse=True)
    count = int(owner.max()) + 1
    sides = []
    for side in (chosen, ~chosen):
        mine = owner[side]
        sides += [np.bincount(mine, values[side], count), np.bincount(mine, minlength=count)]

    def difference(s, n, t, m, axis):
        first, second = (
            total.sum(axis=axis) / np.maximum(number.sum(axis=axis), 1)
            for total, number in ((s, n), (t, m))
        )
        return first - second

    value = float(values[chosen].mean() - values[~chosen].mean())
    (interval,) = _intervals(tuple(side[None] for side in sides), difference, resamples)
    return Rate(value, *interval, len(values))


def _intervals(
    by_person: tuple[np.ndarray, ...], statistic: Callable, resamples: int
) -> list[tuple[float, float] | tuple[None, None]]:
    """The 95 % percentile intervals of M statistics over people, each array [M, people].

    There is none of too few.
    """
    measures, people = by_person[0].shape
    if people < FEWEST_PEOPLE:
        return [(None, None)] * measures
    found = stats.bootstrap(
        by_person,
        statistic,
        paired=True,
        vectorized=True,
        n_resamples=resamples,
        method="percentile",
        axis=-1,
        rng=np.random.default_rng(0),
    )
    low, high = found.confidence_interval
    return [*zip(low.tolist(), high.tolist(), strict=True)]
