"""Attackers: what somebody knows who wants to find a person in anonymised gaits."""

import dataclasses
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from gait_jax.data.gaits import Gaits
from gait_jax.evaluation.rows import ANONYMIZED_GALLERY, CLEAN_GALLERY

if TYPE_CHECKING:
    from gait_jax.evaluation.study import Study

# (study, method) → whom the attacker has enrolled.
Gallery = Callable[["Study", str], Gaits]


def _clean(study: "Study", method: str) -> Gaits:
    """The papers' attacker: clean gaits against anonymised probes."""
    del method
    return study.gallery(study.originals)


def _anonymized(study: "Study", method: str) -> Gaits:
    """Who enrols anonymised gaits too, each with noise of its own."""
    return study.gallery(study.anonymized(method))


# Those of recognisers that have seen clean gaits alone, as `identification` measures them.
ATTACKERS: Mapping[str, Gallery] = {CLEAN_GALLERY: _clean, ANONYMIZED_GALLERY: _anonymized}


@dataclasses.dataclass(frozen=True)
class Attacker:
    """What an attacker has.

    Attributes:
      gallery: whom they have enrolled.
      informed: whether their recogniser was trained on the method's gaits, of those who train
        recognisers, and on no clean ones.
    """

    gallery: Gallery
    informed: bool = False


IGNORANT, LAZY, SEMI_INFORMED = "ignorant", "lazy-informed", "semi-informed"
# From who knows least to who knows most.
KNOWING: Mapping[str, Attacker] = {
    IGNORANT: Attacker(_clean),
    LAZY: Attacker(_anonymized),
    SEMI_INFORMED: Attacker(_anonymized, informed=True),
}
