"""Scores a recogniser on probes and a gallery, view by view."""

import dataclasses
import pathlib
from collections.abc import Iterator

import numpy as np

from gait_jax.data.gaits import Gaits
from gait_jax.evaluation import identification
from gait_jax.evaluation.identification import Rate
from gait_jax.evaluation.rows import ALL, CROSS_VIEW, SAME_VIEW, Row
from gait_jax.methods.contracts import Recogniser
from gait_jax.runtime.arrays import check_arrays, load_arrays, save_arrays
from gait_jax.runtime.errors import InputError

# By how much success is higher than another method's, or than against another recogniser.
OVER_METHOD, OVER_RECOGNISER = "success_over_method", "success_over_recogniser"
# Added to these: by how much that is more in side views than in the others, and which they are
# (2019 §4.2).
SIDEWAYS = "_sideways"
_SIDE_VIEWS = (72, 90, 108)

# Part of the key of what is kept: raise it when the same distances give other hits.
VERSION = 1


@dataclasses.dataclass(frozen=True)
class Hits:
    """Which probes were identified.

    Attributes:
      probes: [P, 4] subject, condition, number, view of each, as text.
      same: [P, K] share of hits at each rank in the gallery of the probe's own view; NaN where
        nobody's or not the probe's own gait is enrolled in it.
      cross: [P, K] mean over the galleries of all other views, likewise.
      enrolled: people in the gallery.
    """

    probes: np.ndarray
    same: np.ndarray
    cross: np.ndarray
    enrolled: int

    def save(self, path: pathlib.Path) -> None:
        """Writes them."""
        save_arrays(path, dataclasses.asdict(self))

    @classmethod
    def load(cls, path: pathlib.Path) -> "Hits":
        """Reads what `save` wrote.

        Raises:
          InputError: the file is damaged.
        """
        arrays = load_arrays(path)
        expected = {"probes": ("U", 2), "same": ("f", 2), "cross": ("f", 2), "enrolled": ("iu", 0)}
        check_arrays(path, arrays, expected)
        probes, same = arrays["probes"].shape, arrays["same"].shape
        wrong = arrays["cross"].shape != same or probes != (same[0], 4)
        if wrong or arrays.keys() != expected.keys():
            raise InputError(
                f"{path} is damaged (probes and hits): remove it, and it is made again"
            )
        return cls(**arrays | {"enrolled": int(arrays["enrolled"])})


def score(recogniser: Recogniser, probes: Gaits, gallery: Gaits, ranks: tuple[int, ...]) -> Hits:
    """Identifies every probe in the gallery of each view.

    Args:
      recogniser: compares.
      probes: who is to be identified.
      gallery: who is enrolled.
      ranks: the k of rank-k.
    """
    same = np.full((len(probes), len(ranks)), np.nan)
    total, count = np.zeros((len(probes), len(ranks))), np.zeros((len(probes), 1))
    distances = recogniser.distances(probes, gallery)
    for gallery_view in np.unique(gallery.views):
        columns = np.flatnonzero(gallery.views == gallery_view)
        owners = gallery.subjects[columns]
        rows = np.flatnonzero(np.isin(probes.subjects, owners))
        hits = identification.rank_hits(
            distances[np.ix_(rows, columns)], probes.subjects[rows], owners, ranks
        )
        own = probes.views[rows] == gallery_view
        same[rows[own]] = hits[own]
        total[rows[~own]] += hits[~own]
        count[rows[~own]] += 1
    cross = np.where(count > 0, total / np.maximum(count, 1), np.nan)
    names = (probes.subjects, probes.conditions, probes.numbers, probes.views)
    labels = np.stack([name.astype(np.str_) for name in names], axis=1)
    return Hits(labels, same, cross, len(np.unique(gallery.subjects)))


def _of_same_probes(
    first: Hits, second: Hits, setting: str
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """([N, 4] labels, [N, K] first, [N, K] second): hits at the probes that both can compare."""
    place = {tuple(label): i for i, label in enumerate(second.probes)}
    paired = np.array([place.get(tuple(label), -1) for label in first.probes], int)
    one, other = (hits.same if setting == SAME_VIEW else hits.cross for hits in (first, second))
    usable = (paired >= 0) & ~np.isnan(one[:, 0])
    usable[usable] &= ~np.isnan(other[paired[usable], 0])
    return first.probes[usable], one[usable], other[paired[usable]]


def differences(
    first: Hits, second: Hits, ranks: tuple[int, ...], metric: str, **names: str
) -> Iterator[Row]:
    """By how much success is higher in one measurement than in another one of the same probes.

    Args:
      first: of probes.
      second: of the same probes, by another method or asked of another recogniser.
      ranks: the k that both were scored with.
      metric: `OVER_METHOD` or `OVER_RECOGNISER`.
      **names: of the first: method, recogniser, attacker; `against`: what the second has in place
        of one of them.

    Yields:
      For each setting and rank a row over all conditions and views, in the same view also one for
      each view and one of the side views against the others: the difference with its 95 % interval
      by a bootstrap that draws the same people for both; n is the number of probes.
    """
    for setting in (SAME_VIEW, CROSS_VIEW):
        labels, one, other = _of_same_probes(first, second, setting)
        if not len(labels):
            continue
        people, seen = labels[:, 0], labels[:, 3]
        views = sorted(set(seen), key=int) if setting == SAME_VIEW else []
        sideways = np.isin(seen.astype(int), _SIDE_VIEWS)
        more = other - one
        # By rank, of all ranks at once.
        overall = identification.rates(more, people)
        by_view = {
            str(view): identification.rates(more[seen == view], people[seen == view])
            for view in views
        }
        for k, rank in enumerate(ranks):

            def row(rate, kind="", view=ALL, rank=rank, setting=setting):
                return Row(
                    metric=f"{metric}{kind}@{rank}",
                    setting=setting,
                    view=view,
                    value=rate.value,
                    low=rate.low,
                    high=rate.high,
                    n=rate.probes,
                    **names,
                )

            yield row(overall[k])
            for view, of_ranks in by_view.items():
                yield row(of_ranks[k], view=view)
            if views and sideways.any() and not sideways.all():
                yield row(identification.contrast(more[:, k], people, sideways), SIDEWAYS)


def rows(
    attacked: Hits,
    clean: Hits,
    ranks: tuple[int, ...],
    *,
    method: str,
    recogniser: str,
    attacker: str,
) -> Iterator[Row]:
    """Success rates beside what the recogniser gets wrong anyway.

    Success is the share of probes that are not identified (2019 §4.2). It is never given alone:
    `clean_error` is the share of the same walks that are not identified before anonymisation, in a
    clean gallery, `difference` what the anonymiser adds, `chance` the success against a recogniser
    that guesses.

    Args:
      attacked: anonymised probes, in whichever gallery the attacker has.
      clean: clean probes in the clean gallery; those of the same walks count.
      ranks: the k that both were scored with.
      method: whose gaits the probes are.
      recogniser: who was asked.
      attacker: what he knows.

    Yields:
      For each setting (same view, cross-view), rank, condition and view, each of the last two with
      "all": "success@k", "clean_error@k" and "difference@k" with their 95 % intervals, and
      "chance@k"; n is the number of probes.
    """
    for setting in (SAME_VIEW, CROSS_VIEW):
        # A walk that cannot be compared with itself says nothing of the anonymiser.
        labels, after, before = _of_same_probes(attacked, clean, setting)
        success, error = 1 - after, 1 - before
        values = np.concatenate([success, error, success - error], axis=1)
        names = ("success", "clean_error", "difference")
        chances = [max(0.0, 1 - rank / attacked.enrolled) for rank in ranks]
        for condition in (*dict.fromkeys(labels[:, 1]), ALL):
            for view in (*sorted(set(labels[:, 3]), key=int), ALL):
                chosen = ((labels[:, 1] == condition) | (condition == ALL)) & (
                    (labels[:, 3] == view) | (view == ALL)
                )
                if not chosen.any():
                    continue
                found = identification.rates(values[chosen], labels[chosen, 0])
                for k, rank in enumerate(ranks):
                    guessing = Rate(chances[k], None, None, int(np.count_nonzero(chosen)))
                    cells = dict(zip(names, found[k :: len(ranks)], strict=True))
                    for name, cell in (cells | {"chance": guessing}).items():
                        yield Row(
                            method=method,
                            recogniser=recogniser,
                            attacker=attacker,
                            metric=f"{name}@{rank}",
                            setting=setting,
                            condition=str(condition),
                            view=str(view),
                            value=cell.value,
                            low=cell.low,
                            high=cell.high,
                            n=cell.probes,
                        )
