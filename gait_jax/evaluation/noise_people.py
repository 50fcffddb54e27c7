"""Whether a recogniser takes people for those whose gaits were the noise (2019 §1)."""

import dataclasses
from collections.abc import Iterator

import jax
import numpy as np

from gait_jax.data.gait_store import GaitStore
from gait_jax.data.gaits import Gaits
from gait_jax.evaluation import identification, scoring
from gait_jax.evaluation.rows import SAME_VIEW, Row
from gait_jax.methods.contracts import Anonymizer, Recogniser

# Part of the key of what is kept: raise it when the same gaits give other rows.
VERSION = 1

TAKEN, ORIGINAL_TAKEN, CHANCE = "taken_for_noise", "original_taken_for_noise", "noise_chance"


def borrowed(anonymizer: Anonymizer, originals: GaitStore, probes: Gaits) -> np.ndarray:
    """Whose recorded gait was the noise of each probe.

    Args:
      anonymizer: that made the probes; what it chooses must not depend on random keys.
      originals: what they were made of, walks of the same names.
      probes: anonymised gaits.

    Returns:
      [P] names, empty where it was nobody's.
    """
    if not anonymizer.BORROWS:
        return np.full(len(probes), "")
    walks = {sequence.name: sequence for sequence in originals.sequences}
    found = []
    for row in probes.rows:
        walk = walks[probes.store.sequences[row].name]
        bodies = (originals.body(frame) for frame in range(walk.first, walk.last))
        glimpses = [anonymizer.glimpse(body) if body.size else None for body in bodies]
        person = anonymizer.person(glimpses, jax.random.key(0), 25.0)
        found.append(anonymizer.borrowed(person) or "")
    return np.array(found, np.str_)


def rows(
    asked: Recogniser,
    probes: Gaits,
    originals: Gaits,
    gallery: Gaits,
    noise: np.ndarray,
    **names: str,
) -> Iterator[Row]:
    """How often the nearest person of a gallery in the probe's view is that of its noise.

    Args:
      asked: who is asked.
      probes: anonymised gaits.
      originals: gaits as they were recorded, the probes' walks among them.
      gallery: clean gaits, of the people whose gaits were the noise, too.
      noise: [P] names of these, by probe.
      **names: method, recogniser and attacker of the rows.

    Yields:
      `TAKEN`, of the anonymised gaits; `ORIGINAL_TAKEN`, of the same walks before: those are what
      2019 calls confused; each with its 95 % interval over people; `CHANCE`, of a recogniser that
      guesses. None where no noise's person has a gait in a probe's view.
    """
    place = {label: i for i, label in enumerate(_labels(originals))}
    before = originals.take(np.array([place[label] for label in _labels(probes)], int))
    enrolled = len(np.unique(gallery.subjects))
    for metric, walks in ((TAKEN, probes), (ORIGINAL_TAKEN, before)):
        # A hit is the noise's person, not the walk's own.
        wanted = dataclasses.replace(walks, subjects=noise)
        hits = scoring.score(asked, wanted, gallery, (1,)).same[:, 0]
        there = ~np.isnan(hits)
        if there.any():
            rate = identification.rate(hits[there], walks.subjects[there])
            yield Row(
                metric=metric, setting=SAME_VIEW, value=rate.value, low=rate.low, high=rate.high,
                n=rate.probes, **names,
            )  # fmt: skip
    if there.any():
        yield Row(metric=CHANCE, setting=SAME_VIEW, value=1 / enrolled, n=int(there.sum()), **names)


def _labels(gaits: Gaits) -> list[tuple]:
    names = (gaits.subjects, gaits.conditions, gaits.numbers, gaits.views)
    return list(zip(*(name.tolist() for name in names), strict=True))
