"""Who is found by whom: every recogniser in the hands of attackers who know more and more."""

import functools
from collections.abc import Iterator

import pandas as pd
from absl import logging

from gait_jax.evaluation import attack_sections
from gait_jax.evaluation.attackers import IGNORANT, KNOWING
from gait_jax.evaluation.evaluators.asking import Asking
from gait_jax.evaluation.evaluators.base import Piece
from gait_jax.evaluation.report import Section
from gait_jax.evaluation.rows import CLEAN, Row
from gait_jax.methods import fields
from gait_jax.runtime.errors import InputError


class Attackers(Asking):
    """Measures what attackers find in a method's gaits, in one view, across views, and linked."""

    FIELDS = {
        **Asking.FIELDS,
        "who": fields.Check(
            f"a list of {', '.join(KNOWING)}",
            lambda value: (
                isinstance(value, (list, tuple)) and bool(value) and set(value) <= {*KNOWING}
            ),
        ),
        "draws": fields.whole(1, 1000),
    }

    def __init__(self, settings, study):
        super().__init__(settings, study)
        informed = [name for name in settings.who if KNOWING[name].informed]
        if informed and study.data.anonymized_by:
            raise InputError(
                f"{informed[0]} attackers learn from anonymised originals: leave "
                "data.anonymized_by empty, or take them out of evaluators.attackers.who"
            )

    def pieces(self) -> Iterator[Piece]:
        for name in self.study.config.recognisers:
            yield functools.partial(self._clean_rows, name)
        for method in self.study.config.methods:
            for name in self.study.config.recognisers:
                for attacker in self.settings.who:
                    yield functools.partial(self._attacked_rows, method, name, attacker)

    def _clean_rows(self, name: str) -> list[Row]:
        clean = self.clean(name)
        names = {"method": CLEAN, "recogniser": name, "attacker": IGNORANT}
        return self.measured(clean, clean, names)

    def _attacked_rows(self, method: str, name: str, attacker: str) -> list[Row]:
        study, knowing = self.study, KNOWING[attacker]
        probes = study.probes(study.anonymized(method), study.protocol.probed)
        gallery = knowing.gallery(study, method)
        if not len(probes) or not len(gallery):
            logging.warning("%s left no probe or no gallery for %s.", method, attacker)
            return []
        asked = (
            study.informed(name, method, self.settings.draws)
            if knowing.informed
            else study.recogniser(name)
        )
        found = self.compared(f"{method}-{name}-{attacker}", asked, probes, gallery)
        names = {"method": method, "recogniser": name, "attacker": attacker}
        return self.measured(found, self.clean(name), names)

    def headlines(self, frame: pd.DataFrame) -> list[str]:
        return attack_sections.headlines(frame, self.labels())

    def sections(self, frame: pd.DataFrame) -> list[Section]:
        return attack_sections.sections(frame, self.labels())
