"""Attackers: what somebody knows who wants to find a person in anonymised gaits."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from gait_jax.data.gaits import Gaits
from gait_jax.evaluation.rows import ANONYMIZED_GALLERY, CLEAN_GALLERY

if TYPE_CHECKING:
    from gait_jax.evaluation.study import Study

# (study, method) → whom the attacker has enrolled.
Attacker = Callable[["Study", str], Gaits]


def _clean(study: "Study", method: str) -> Gaits:
    """The papers' attacker: clean gaits against anonymised probes."""
    del method
    return study.gallery(study.originals)


def _anonymized(study: "Study", method: str) -> Gaits:
    """Who enrols anonymised gaits too, each with noise of its own."""
    return study.gallery(study.anonymized(method))


ATTACKERS: Mapping[str, Attacker] = {CLEAN_GALLERY: _clean, ANONYMIZED_GALLERY: _anonymized}
