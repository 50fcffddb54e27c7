"""Measures of how well people are told apart by distances, with intervals over people.

Distances of one person's walks to themselves are "own" (mated), to others "other" (non-mated); both
are counted by rising levels, so that people can be drawn anew without looking at distances again.
"""

import dataclasses
from collections.abc import Callable

import numpy as np
from scipy import stats

# Raise it when the same distances give other numbers.
VERSION = 1

# With fewer people, who is drawn says more than how many are found.
FEWEST_PEOPLE = 10
_RESAMPLES, _SHUFFLES = 1000, 50
# With fewer bins, linkability is coarser than anything it could tell.
_FEWEST_BINS = 5
# So many different distances are told apart exactly, more to a few thousandths of the comparisons.
_LEVELS = 1024

# ([..., T] own, [..., T] other) → [...], where nothing is counted any number.
Measure = Callable[[np.ndarray, np.ndarray], np.ndarray]


def _shares(counts: np.ndarray) -> np.ndarray:
    return counts / np.maximum(counts.sum(axis=-1, keepdims=True), 1e-9)


def _curve(counts: np.ndarray) -> np.ndarray:
    """The share that is accepted by each threshold, from below all distances on: [..., T + 1]."""
    risen = np.cumsum(_shares(counts), axis=-1)
    return np.concatenate([np.zeros_like(risen[..., :1]), risen], axis=-1).clip(0, 1)


def _between(values: np.ndarray, before: np.ndarray, part: np.ndarray) -> np.ndarray:
    """What lies between neighbouring values, a part of the way: [...]."""
    first, second = (
        np.take_along_axis(values, (before + i)[..., None], axis=-1)[..., 0] for i in (0, 1)
    )
    return first + part * (second - first)


def equal_error_rate(own: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Where as many of one person are refused as of two are accepted.

    Between thresholds the curve is straight: whoever is equally near is accepted by chance, so that
    equal distances for all give 0.5.

    Args:
      own: [..., T] how many comparisons of a person with themselves have each of T distances,
        which rise.
      other: [..., T] how many of two people, likewise.

    Returns:
      [...] in 0..1; 0 where all are told apart, 0.5 where distances say nothing.
    """
    accepted, wrongly = _curve(own), _curve(other)
    gap = wrongly - (1 - accepted)
    # It rises from -1 to 1.
    before = np.clip((gap < 0).sum(axis=-1) - 1, 0, own.shape[-1] - 1)
    low, high = (np.take_along_axis(gap, (before + i)[..., None], axis=-1)[..., 0] for i in (0, 1))
    return _between(wrongly, before, -low / np.maximum(high - low, 1e-9))


def true_positives(own: np.ndarray, other: np.ndarray, rate: float = 0.01) -> np.ndarray:
    """How many of one person are accepted where `rate` of two are (TPR at 1 % FPR).

    Args:
      own: as for `equal_error_rate`.
      other: likewise.
      rate: the share of two people's comparisons that are accepted, in 0..1.

    Returns:
      [...] in 0..1; `rate` itself where distances say nothing.
    """
    accepted, wrongly = _curve(own), _curve(other)
    before = np.clip((wrongly <= rate).sum(axis=-1) - 1, 0, own.shape[-1] - 1)
    low, high = (
        np.take_along_axis(wrongly, (before + i)[..., None], axis=-1)[..., 0] for i in (0, 1)
    )
    part = (rate - low) / np.maximum(high - low, 1e-9)
    return _between(accepted, before, np.clip(part, 0, 1))


def linkability(own: np.ndarray, other: np.ndarray) -> np.ndarray:
    """D_sys of Gomez-Barrero et al. (2017), with equal priors.

    With LR = p(s | own) / p(s | other), D(s) = 2 LR / (1 + LR) - 1 where LR > 1 and 0 elsewhere;
    D_sys is the mean of D over own distances.

    Args:
      own: [..., B] how many comparisons of a person with themselves lie in each bin of distances.
      other: [..., B] how many of two people.

    Returns:
      [...] in 0..1; 0 where the two are distributed alike, 1 where they do not overlap. Of few
      comparisons it is above 0 for distances that say nothing, too: see `Estimate.shuffled`.
    """
    p, q = _shares(own), _shares(other)
    return (p * np.maximum(p - q, 0) / np.maximum(p + q, 1e-300)).sum(axis=-1)


def identified(own: np.ndarray, other: np.ndarray) -> np.ndarray:
    """The share of probes that are found, of counts (found, not found): [..., 2] → [...]."""
    del other
    return _shares(own)[..., 0]


@dataclasses.dataclass(frozen=True)
class Scores:
    """Distances of probes to enrolled people.

    Attributes:
      distances: [C, M] float, NaN where nothing of a person is enrolled that could be compared.
      owners: [C] int, whose probe each is: a column of `distances` that is not NaN there.
    """

    distances: np.ndarray
    owners: np.ndarray

    def _own(self) -> np.ndarray:
        return self.distances[np.arange(len(self.owners)), self.owners]

    def _counted(self, codes: np.ndarray, size: int) -> np.ndarray:
        """[N, M, size] how many of each code between each probed and each enrolled person."""
        people, row = np.unique(self.owners, return_inverse=True)
        columns = self.distances.shape[1]
        place = (row[:, None] * columns + np.arange(columns)) * size + codes
        there = ~np.isnan(self.distances)
        found = np.bincount(place[there], minlength=len(people) * columns * size)
        return found.reshape(len(people), columns, size)

    def levels(self) -> np.ndarray:
        """[N, M, T] comparisons of each probed with each enrolled person by rising distance."""
        known = self.distances[~np.isnan(self.distances)]
        levels = np.unique(known)
        if len(levels) > _LEVELS:
            # Thresholds lie close where own distances are, and where few others are accepted.
            wanted = [
                np.quantile(self._own(), np.linspace(0, 1, _LEVELS // 2)),
                np.quantile(known, np.linspace(0, 1, _LEVELS // 4)),
                np.quantile(known, np.linspace(0, 0.05, _LEVELS // 4)),
            ]
            levels = np.unique(np.concatenate(wanted))
        codes = np.searchsorted(levels, np.nan_to_num(self.distances))
        return self._counted(np.minimum(codes, len(levels) - 1), len(levels))

    def bins(self) -> np.ndarray | None:
        """[N, M, B] comparisons by bins of one width: a tenth as many as own ones, at most 100.

        None where there are fewer than 50 own comparisons.
        """
        count = min(len(self.owners) // 10, 100)
        if count < _FEWEST_BINS:
            return None
        low, high = float(np.nanmin(self.distances)), float(np.nanmax(self.distances))
        risen = np.nan_to_num(self.distances, nan=low).astype(np.float64) - low
        part = risen / (high - low) if high > low else risen
        return self._counted(np.minimum((part * count).astype(int), count - 1), count)

    def hits(self, rank: int) -> np.ndarray:
        """[N, M, 2] probes that are (found, not found) if they were each enrolled person's.

        As `identification.rank_hits` counts them: people at equal distances stand in random order.

        Args:
          rank: the k; a probe is found where its person is among the k nearest.
        """
        there = ~np.isnan(self.distances)
        filled = np.where(there, self.distances, np.inf)
        nearer = stats.rankdata(filled, "min", axis=1) - 1
        tied = stats.rankdata(filled, "max", axis=1) - nearer
        hits = np.clip((rank - nearer) / tied, 0, 1)
        people, row = np.unique(self.owners, return_inverse=True)
        found = np.zeros((len(people), self.distances.shape[1], 2))
        np.add.at(found[..., 0], row, np.where(there, hits, 0))
        np.add.at(found[..., 1], row, np.where(there, 1 - hits, 0))
        return found

    def claimed(self) -> np.ndarray:
        """[N] the column of each probed person, in the order of the counts."""
        return np.unique(self.owners)


@dataclasses.dataclass(frozen=True)
class Estimate:
    """A measure and what stands beside it.

    Attributes:
      value: over all.
      low: lower end of its 95 % interval; None with fewer than `FEWEST_PEOPLE`.
      high: upper end.
      shuffled: what it is where each person's probes are held to be somebody's drawn at random.
      worst: of the person who is told from others best; None where one person has too few walks.
      shuffled_worst: the same with shuffled labels: of guesses, too, somebody's are right most
        often.
    """

    value: float
    low: float | None
    high: float | None
    shuffled: float
    worst: float | None
    shuffled_worst: float | None


def estimate(
    counts: np.ndarray,
    claimed: np.ndarray,
    measure: Measure,
    worst: Callable[[np.ndarray], float] | None,
) -> Estimate:
    """A measure with its interval and its levels; random numbers have a fixed seed.

    The interval is that of a bootstrap (percentiles) which draws probed people with replacement;
    who is enrolled stays as it is.

    Args:
      counts: [N, M, T] of comparisons of N probed with M enrolled people.
      claimed: [N] whom among the M each probed person is.
      measure: see `Measure`.
      worst: which of the people's values tells most about somebody, such as `np.max`; None where
        one person's comparisons do not suffice for the measure.

    Raises:
      ValueError: a probed person has no own comparison, or nobody else is enrolled.
    """
    people, enrolled = counts.shape[:2]
    total = counts.sum(axis=1)

    def split(whose: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        own = counts[np.arange(people), whose]
        return own, total - own

    def of_worst(own: np.ndarray, other: np.ndarray) -> float | None:
        some = own.sum(axis=-1) > 0
        if worst is None or not some.any():
            return None
        return float(worst(measure(own[some], other[some])))

    own, other = split(claimed)
    if enrolled < 2 or not people or (own.sum(axis=-1) == 0).any():
        raise ValueError("a measure needs two enrolled people, and own comparisons of each probed")
    rng = np.random.default_rng(0)
    low = high = None
    if people >= FEWEST_PEOPLE:
        times = rng.multinomial(people, np.full(people, 1 / people), _RESAMPLES)
        drawn = measure(times @ own, times @ other)
        low, high = (float(x) for x in np.quantile(drawn, (0.025, 0.975)))
    values, worsts = [], []
    for _ in range(_SHUFFLES):
        shuffled = split(rng.permutation(enrolled)[claimed])
        values.append(float(measure(*(part.sum(axis=0) for part in shuffled))))
        worsts.append(of_worst(*shuffled))
    told = [x for x in worsts if x is not None]
    return Estimate(
        float(measure(own.sum(axis=0), other.sum(axis=0))),
        low,
        high,
        float(np.mean(values)),
        of_worst(own, other),
        float(np.mean(told)) if told else None,
    )


def measure_all(scores: Scores, ranks: tuple[int, ...]) -> dict[str, Estimate]:
    """Every measure of some distances, by its name.

    Args:
      scores: distances of probes to enrolled people.
      ranks: the k of rank-k.

    Returns:
      "found@k", "eer", "tpr" (at 1 % FPR) and "d_sys", the last where there are enough comparisons.
    """
    claimed, levels, bins = scores.claimed(), scores.levels(), scores.bins()
    found = {f"found@{k}": estimate(scores.hits(k), claimed, identified, np.max) for k in ranks}
    found["eer"] = estimate(levels, claimed, equal_error_rate, np.min)
    found["tpr"] = estimate(levels, claimed, true_positives, np.max)
    if bins is not None:
        found["d_sys"] = estimate(bins, claimed, linkability, None)
    return found
