"""How far probes are from enrolled people, who may have several walks."""

import dataclasses
import pathlib

import numpy as np

from gait_jax.data.gaits import Gaits
from gait_jax.evaluation.rows import CROSS_VIEW, SAME_VIEW
from gait_jax.evaluation.verification import Scores
from gait_jax.methods.contracts import Recogniser
from gait_jax.runtime.arrays import check_arrays, load_arrays, save_arrays
from gait_jax.runtime.errors import InputError

# Part of the key of what is kept: raise it when a recogniser's distances give other ones to people.
VERSION = 1

# Of linked walks, one that is this many degrees farther from the probe's direction counts half:
# between two neighbouring views of CASIA-B.
_HALVED = 18


# Compared by identity: whoever asks the same one again need not look at its numbers.
@dataclasses.dataclass(frozen=True, eq=False)
class Comparison:
    """Distances of P probes to M people, NaN where a person has no walk to be compared with.

    A person is as near as the nearest of their walks in a view, as the papers have it. Who links L
    walks of a person averages: noise that is drawn for each walk anew is then less and less in the
    way. These L are the ones whose direction is nearest to the probe's, first those of lower
    number, of everybody the same; a person with fewer is not compared. In the mean a walk counts
    half for every 18 degrees that its direction is off: walks of other directions look unlike the
    probe, whoever walks.

    Attributes:
      probes: [P, 4] subject, condition, number, view of each, as text.
      people: [M] the enrolled people's names, rising.
      same: [P, M] in the probe's own view.
      cross: [P, V, M] in each view that is not the probe's own.
      linked: [K, P, M] over so many walks, for each of K numbers.
      links: [K] int, these numbers.
    """

    probes: np.ndarray
    people: np.ndarray
    same: np.ndarray
    cross: np.ndarray
    linked: np.ndarray
    links: np.ndarray

    def save(self, path: pathlib.Path) -> None:
        """Writes it."""
        save_arrays(path, dataclasses.asdict(self))

    @classmethod
    def load(cls, path: pathlib.Path) -> "Comparison":
        """Reads what `save` wrote.

        Raises:
          InputError: the file is damaged.
        """
        arrays = load_arrays(path)
        expected = {
            "probes": ("U", 2),
            "people": ("U", 1),
            "same": ("f", 2),
            "cross": ("f", 3),
            "linked": ("f", 3),
            "links": ("iu", 1),
        }
        check_arrays(path, arrays, expected)
        shape = (len(arrays["probes"]), len(arrays["people"]))
        found = [arrays["same"].shape, arrays["cross"].shape[::2], arrays["linked"].shape[1:]]
        wrong = any(each != shape for each in found) or arrays["probes"].shape[1] != 4
        wrong |= len(arrays["links"]) != len(arrays["linked"])
        if wrong or arrays.keys() != expected.keys():
            raise InputError(
                f"{path} is damaged (probes and distances): remove it, and it is made again"
            )
        return cls(**arrays)

    def settings(self) -> dict[str, np.ndarray]:
        """[P, R, M] distances of each probe, in R galleries, by what a row calls its setting."""
        found = {SAME_VIEW: self.same[:, None], CROSS_VIEW: self.cross}
        for number, distances in zip(self.links, self.linked, strict=True):
            found[linked_over(number)] = distances[:, None]
        return found

    def own(self) -> np.ndarray:
        """[P] int, each probe's person among `people`; -1 where they are not enrolled."""
        place = {name: k for k, name in enumerate(self.people)}
        return np.array([place.get(name, -1) for name in self.probes[:, 0]], int)

    def usable(self, setting: str) -> np.ndarray:
        """[P] bool, which probes can be compared with their own person."""
        own = self.own()
        known = ~np.isnan(self.settings()[setting][np.arange(len(own)), :, own])
        return known.any(axis=1) & (own >= 0)

    def scores(self, setting: str, chosen: np.ndarray) -> Scores:
        """The distances of some probes.

        Args:
          setting: one of `settings`.
          chosen: [P] bool, of probes whose people are enrolled.
        """
        distances = self.settings()[setting][chosen]
        owners = np.repeat(self.own()[chosen][:, None], distances.shape[1], axis=1).reshape(-1)
        distances = distances.reshape(-1, distances.shape[-1])
        kept = ~np.isnan(distances[np.arange(len(owners)), owners])
        return Scores(distances[kept], owners[kept])


def linked_over(number: int) -> str:
    """What a row calls the setting where so many walks of a person are enrolled together."""
    return f"linked over {number}"


def _apart(views: np.ndarray, view: int) -> np.ndarray:
    """By how many degrees directions differ: 0 to 180 each."""
    turned = np.abs(views - view) % 360
    return np.minimum(turned, 360 - turned)


def _linked(distances: np.ndarray, view: int, gallery: Gaits, owner: np.ndarray, links, people):
    """[K, P, M] weighted mean distances of probes of one view."""
    found = np.full((len(links), len(distances), people), np.nan)
    apart = _apart(gallery.views, view)
    order = np.lexsort((gallery.views, gallery.numbers, gallery.conditions, apart))
    for k in range(people):
        walks = order[owner[order] == k]
        for i, number in enumerate(links):
            if len(walks) >= number:
                some = walks[:number]
                # Of the nearest one 1, so that none of them vanishes where all are far.
                weights = 0.5 ** ((apart[some] - apart[some[0]]) / _HALVED)
                found[i, :, k] = distances[:, some] @ weights / weights.sum()
    return found


def compare(
    recogniser: Recogniser, probes: Gaits, gallery: Gaits, links: tuple[int, ...]
) -> Comparison:
    """Asks a recogniser how far every probe is from everybody in a gallery.

    Args:
      recogniser: compares.
      probes: who is to be found.
      gallery: who is enrolled.
      links: how many walks of a person are linked, any numbers from 1.

    Raises:
      ValueError: the recogniser returned distances that are no finite numbers.
    """
    distances = np.asarray(recogniser.distances(probes, gallery), np.float32)
    if not np.isfinite(distances).all():
        raise ValueError("a recogniser returned distances that are no finite numbers")
    people, owner = np.unique(gallery.subjects, return_inverse=True)
    views = np.unique(gallery.views)
    by_view = np.full((len(probes), len(views), len(people)), np.nan, np.float32)
    for v, k in np.ndindex(len(views), len(people)):
        walks = (gallery.views == views[v]) & (owner == k)
        if walks.any():
            by_view[:, v, k] = distances[:, walks].min(axis=1)
    same = np.full((len(probes), len(people)), np.nan, np.float32)
    linked = np.full((len(links), *same.shape), np.nan, np.float32)
    for view in np.unique(probes.views):
        rows = probes.views == view
        linked[:, rows] = _linked(distances[rows], view, gallery, owner, links, len(people))
        for v in np.flatnonzero(views == view):
            same[rows] = by_view[rows, v]
            by_view[rows, v] = np.nan
    names = (probes.subjects, probes.conditions, probes.numbers, probes.views)
    labels = np.stack([name.astype(np.str_) for name in names], axis=1)
    return Comparison(
        labels, people.astype(np.str_), same, by_view, linked, np.array(links, np.int64)
    )
