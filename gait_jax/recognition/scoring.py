"""Scores a recogniser on probes and a gallery, view by view."""

import dataclasses
import pathlib
from typing import Any, Protocol

import numpy as np

from gait_jax.data.energies import Energies
from gait_jax.recognition import identification
from gait_jax.runtime.arrays import check_arrays, load_arrays, save_arrays
from gait_jax.runtime.errors import InputError

SAME_VIEW, CROSS_VIEW = "same view", "cross-view"
ALL = "all"
Row = dict[str, Any]


class Recogniser(Protocol):
    """What can compare gaits."""

    size: int

    def distances(self, probes: Energies, gallery: Energies) -> np.ndarray:
        """[P, G], smaller is more alike."""


@dataclasses.dataclass(frozen=True)
class Hits:
    """Which probes were identified.

    Attributes:
      probes: [P, 4] subject, condition, sequence, view of each, as text.
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


def score(
    recogniser: Recogniser, probes: Energies, gallery: Energies, ranks: tuple[int, ...]
) -> Hits:
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
    names = (probes.subjects, probes.conditions, probes.sequences, probes.views)
    labels = np.stack([name.astype(np.str_) for name in names], axis=1)
    return Hits(labels, same, cross, len(np.unique(gallery.subjects)))


def _rate(values: np.ndarray, people: np.ndarray, prefix: str) -> Row:
    found = identification.rate(values, people)
    return {prefix: found.value, f"{prefix}_low": found.low, f"{prefix}_high": found.high}


def rows(attacked: Hits, clean: Hits, ranks: tuple[int, ...]) -> list[Row]:
    """Success rates beside what the recogniser gets wrong anyway.

    Success is the share of probes that are not identified (2019 §4.2). It is never given alone:
    `clean_error` is the share of the same walks that are not identified before anonymisation, in a
    clean gallery, `difference` what the anonymiser adds, `chance` the success against a recogniser
    that guesses.

    Args:
      attacked: anonymised probes, in whichever gallery the attacker has.
      clean: clean probes in the clean gallery; those of the same walks count.
      ranks: the k that both were scored with.

    Returns:
      A row for each setting (same view, cross-view), rank, condition and view, each of the last two
      with "all": success, clean_error, difference, each with _low and _high (95 %), chance, probes.
    """
    place = {tuple(label): i for i, label in enumerate(clean.probes)}
    paired = np.array([place.get(tuple(label), -1) for label in attacked.probes], int)
    found = []
    for setting in (SAME_VIEW, CROSS_VIEW):
        after, before = (h.same if setting == SAME_VIEW else h.cross for h in (attacked, clean))
        # A walk that cannot be compared with itself says nothing of the anonymiser.
        usable = (paired >= 0) & ~np.isnan(after[:, 0])
        usable[usable] &= ~np.isnan(before[paired[usable], 0])
        labels = attacked.probes[usable]
        for k, rank in enumerate(ranks):
            success = 1 - after[usable, k]
            error = 1 - before[paired[usable], k]
            for condition in (*dict.fromkeys(labels[:, 1]), ALL):
                for view in (*sorted(set(labels[:, 3]), key=int), ALL):
                    chosen = ((labels[:, 1] == condition) | (condition == ALL)) & (
                        (labels[:, 3] == view) | (view == ALL)
                    )
                    if not chosen.any():
                        continue
                    people = labels[chosen, 0]
                    found.append(
                        {
                            "setting": setting,
                            "rank": rank,
                            "condition": str(condition),
                            "view": view if view == ALL else int(view),
                        }
                        | _rate(success[chosen], people, "success")
                        | _rate(error[chosen], people, "clean_error")
                        | _rate(success[chosen] - error[chosen], people, "difference")
                        | {
                            "chance": max(0.0, 1 - rank / attacked.enrolled),
                            "probes": int(chosen.sum()),
                        }
                    )
    return found
