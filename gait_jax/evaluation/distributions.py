"""How far apart two distributions are: of Gaussians, and to somebody who tells them apart."""

import dataclasses
from collections.abc import Sequence

import numpy as np

from gait_jax.evaluation.verification import FEWEST_PEOPLE

_RESAMPLES = 1000


def _root(matrix: np.ndarray) -> np.ndarray:
    """The symmetric root of a covariance: what rounding leaves below 0 counts as 0."""
    values, vectors = np.linalg.eigh(matrix)
    return (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T


def frechet(a: np.ndarray, b: np.ndarray) -> float:
    """The squared Fréchet distance of the Gaussians that two sets of points are like.

    |m_a - m_b|² + tr(C_a + C_b - 2 (C_a^½ C_b C_a^½)^½) (Heusel et al. 2017): 0 for a set and
    itself. Of few points it is above 0 for one distribution, too: compare sets of the same sizes.

    Args:
      a: [N, D] points, N at least 2.
      b: [M, D] points, M at least 2.

    Returns:
      At least 0, in the points' units squared.
    """
    means, covariances, scales = [], [], []
    for points in (a, b):
        points = np.asarray(points, np.float64)
        means.append(points.mean(axis=0))
        covariances.append(np.atleast_2d(np.cov(points, rowvar=False, ddof=1)))
        scales.append(np.trace(covariances[-1]))
    root = _root(covariances[0])
    # Of a symmetric matrix, unlike the product of both, no value is complex.
    crossed = np.linalg.eigvalsh(root @ covariances[1] @ root)
    common = np.sqrt(np.maximum(crossed, 0)).sum()
    return float(max(np.square(means[0] - means[1]).sum() + sum(scales) - 2 * common, 0.0))


@dataclasses.dataclass(frozen=True)
class Judged:
    """What somebody who has learned to tell two kinds apart says of other people's windows.

    Attributes:
      first: [N] scores of the first kind, which are lower where they are told apart.
      first_people: [N] int, whose they are.
      second: [M] scores of the second kind.
      second_people: [M] int, whose they are.
    """

    first: np.ndarray
    first_people: np.ndarray
    second: np.ndarray
    second_people: np.ndarray

    def wins(self) -> tuple[np.ndarray, np.ndarray]:
        """How often the second kind scores higher, and of how many comparisons.

        Returns:
          ([P, Q], [P, Q]) by whose the first and whose the second is; ties count a half.
        """
        firsts, seconds = np.unique(self.first_people), np.unique(self.second_people)
        wins, pairs = (np.zeros((len(firsts), len(seconds))) for _ in range(2))
        for p, first in enumerate(firsts):
            low = np.sort(self.first[self.first_people == first])
            for q, second in enumerate(seconds):
                high = self.second[self.second_people == second]
                ranks = [np.searchsorted(low, high, side=side) for side in ("left", "right")]
                wins[p, q] = 0.5 * (ranks[0] + ranks[1]).sum()
                pairs[p, q] = len(low) * len(high)
        return wins, pairs


@dataclasses.dataclass(frozen=True)
class Area:
    """The area under a curve (AUC), 0.5 for somebody who cannot tell, 1 for somebody who can.

    Attributes:
      value: in 0..1.
      low: of the 95 % bootstrap interval over people; None for fewer than ten.
      high: of the interval.
      count: scores that it was measured on.
    """

    value: float
    low: float | None
    high: float | None
    count: int


def area(judged: Sequence[Judged], seed: int = 0) -> Area:
    """The mean AUC of some judges, each of whom has judged people of their own.

    Args:
      judged: of each.
      seed: of who is drawn for the interval.
    """
    counted = [one.wins() for one in judged]
    value = float(np.mean([wins.sum() / pairs.sum() for wins, pairs in counted]))
    count = sum(len(one.first) + len(one.second) for one in judged)
    people = [np.union1d(one.first_people, one.second_people) for one in judged]
    if sum(map(len, people)) < FEWEST_PEOPLE:
        return Area(value, None, None, count)
    rng = np.random.default_rng(seed)
    drawn = []
    for one, (wins, pairs), members in zip(judged, counted, people, strict=True):
        often = rng.multinomial(len(members), np.full(len(members), 1 / len(members)), _RESAMPLES)
        rows = often[:, np.isin(members, one.first_people)]
        columns = often[:, np.isin(members, one.second_people)]
        of_pairs = np.einsum("rp,pq,rq->r", rows, pairs, columns)
        won = np.einsum("rp,pq,rq->r", rows, wins, columns)
        # Where nobody of either kind is drawn nothing can be told.
        drawn.append(np.where(of_pairs > 0, won / np.maximum(of_pairs, 1), 0.5))
    low, high = np.percentile(np.mean(drawn, axis=0), (2.5, 97.5))
    return Area(value, float(low), float(high), count)
