"""Rows of what raters said: opinions by method and view, agreement, who tells what is not real."""

import itertools
from collections.abc import Iterator, Sequence

import numpy as np

from gait_jax.evaluation import identification
from gait_jax.evaluation.mos import agreement
from gait_jax.evaluation.mos.clips import ORIGINAL
from gait_jax.evaluation.mos.key import Key
from gait_jax.evaluation.mos.plan import FOUR
from gait_jax.evaluation.mos.ratings import Answers
from gait_jax.evaluation.rows import ALL, Row

SCORE, OVER_METHOD = "mos", "mos_over_method"
ALPHA = "mos_alpha"
FOUND, CHANCE = "odd_one_out", "odd_one_out_chance"
# Percentiles of the raters' means that a box shows, from the lower whisker to the upper one.
BOX = {"mos_min": 0, "mos_quartile1": 25, "mos_median": 50, "mos_quartile3": 75, "mos_max": 100}


def rows(answers: Sequence[Answers], key: Key) -> Iterator[Row]:
    """All that there is to say of the answers.

    Args:
      answers: of raters who finished.
      key: the page's.

    Yields:
      For each method, and each view and "all": `SCORE`, the mean of the raters' means (2019 §4.3)
      with its 95 % interval of a bootstrap over raters, and the quartiles and ends of `BOX`; n is
      the number of raters. `OVER_METHOD`, how much higher the same raters' means are than another
      method's. `ALPHA` of each method's clips, and of all. `FOUND`, the share of sets of four in
      which the clip of the method was found, beside `CHANCE`; n is the number of answers.
    """
    means = {
        (method, view): _means(answers, key, method, view)
        for method in _methods(key)
        for view in (*_views(key), ALL)
    }
    for (method, view), by_rater in means.items():
        if by_rater:
            yield from _opinion(np.array([*by_rater.values()]), method, view)
    for first, second in itertools.combinations(_methods(key), 2):
        for view in (*_views(key), ALL):
            yield from _difference(means, first, second, view)
    yield from _agreement(answers, key)
    yield from _odd_ones(answers, key)


def _methods(key: Key) -> list[str]:
    return sorted({label.method for label in key.clips.values()} - {ORIGINAL})


def _views(key: Key) -> list[str]:
    rated = {name for sheet in key.sheets for name in sheet}
    return [str(view) for view in sorted({key.clips[name].view for name in rated})]


def _means(answers: Sequence[Answers], key: Key, method: str, view: str) -> dict[str, float]:
    """The mean rating of each rater who has rated such clips."""
    found = {}
    for one in answers:
        given = [
            rating
            for name, rating in one.ratings.items()
            if key.clips[name].method == method and view in (ALL, str(key.clips[name].view))
        ]
        if given:
            found[one.rater] = float(np.mean(given))
    return found


def _opinion(means: np.ndarray, method: str, view: str) -> Iterator[Row]:
    names = {"method": method, "view": view, "n": len(means)}
    # Each rater is drawn as a whole.
    rate = identification.rate(means, np.arange(len(means)))
    yield Row(metric=SCORE, value=rate.value, low=rate.low, high=rate.high, **names)
    for metric, share in BOX.items():
        yield Row(metric=metric, value=float(np.percentile(means, share)), **names)


def _difference(
    means: dict[tuple[str, str], dict[str, float]], first: str, second: str, view: str
) -> Iterator[Row]:
    one, other = means[first, view], means[second, view]
    both = np.array([one[rater] - other[rater] for rater in one if rater in other])
    if len(both):
        rate = identification.rate(both, np.arange(len(both)))
        yield Row(
            method=first, against=second, metric=OVER_METHOD, view=view, value=rate.value,
            low=rate.low, high=rate.high, n=len(both),
        )  # fmt: skip


def _agreement(answers: Sequence[Answers], key: Key) -> Iterator[Row]:
    for method in (*_methods(key), ""):
        units = [name for name, label in key.clips.items() if method in ("", label.method)]
        given = np.array([[one.ratings.get(name, np.nan) for name in units] for one in answers])
        found = agreement.alpha(given.astype(float))
        if found is not None:
            twice = (~np.isnan(given)).sum(axis=0) > 1
            yield Row(
                method=method, metric=ALPHA, setting="ordinal", value=found, n=int(twice.sum())
            )


def _odd_ones(answers: Sequence[Answers], key: Key) -> Iterator[Row]:
    for method in _methods(key):
        hits, raters = [], []
        for one in answers:
            for shown, chosen in one.chosen:
                (changed,) = (name for name in shown if key.clips[name].method != ORIGINAL)
                if key.clips[changed].method == method:
                    hits.append(float(chosen == changed))
                    raters.append(one.rater)
        if hits:
            rate = identification.rate(np.array(hits), np.array(raters))
            yield Row(
                method=method, metric=FOUND, value=rate.value, low=rate.low, high=rate.high,
                n=rate.probes,
            )  # fmt: skip
            yield Row(method=method, metric=CHANCE, value=1 / FOUR, n=rate.probes)
