"""Who is found by whom: every recogniser in the hands of attackers who know more and more."""

import dataclasses
import functools
from collections.abc import Iterator
from typing import Any, NamedTuple

import pandas as pd
from absl import logging

from gait_jax.data.gaits import Gaits
from gait_jax.evaluation import attack_rows, attack_sections, comparison, verification
from gait_jax.evaluation.attackers import IGNORANT, KNOWING
from gait_jax.evaluation.cache import cached
from gait_jax.evaluation.comparison import Comparison
from gait_jax.evaluation.evaluators.base import PROTOCOL, Evaluator, Piece
from gait_jax.evaluation.report import Section
from gait_jax.evaluation.rows import CLEAN, Row
from gait_jax.methods import fields
from gait_jax.methods.base import Run
from gait_jax.runtime import records
from gait_jax.runtime.errors import InputError
from gait_jax.runtime.files import reason_of
from gait_jax.runtime.fingerprint import fingerprint


class _Compared(NamedTuple):
    """A comparison, and what names all that it depends on."""

    key: str
    distances: Comparison


class Attackers(Evaluator):
    """Measures what attackers find in a method's gaits, in one view, across views, and linked."""

    FIELDS = {
        "ranks": fields.wholes(),
        "who": fields.Check(
            f"a list of {', '.join(KNOWING)}",
            lambda value: (
                isinstance(value, (list, tuple)) and bool(value) and set(value) <= {*KNOWING}
            ),
        ),
        "links": fields.wholes(fewest=0),
        "draws": fields.whole(1, 1000),
    }
    NEEDS = PROTOCOL

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

    # Read once: everything that is measured of a method stands beside it.
    @functools.cache  # noqa: B019, an evaluator lives as long as its evaluation
    def _clean(self, name: str) -> _Compared:
        """Clean probes of everybody who is enrolled, in the clean gallery."""
        study = self.study
        probes = study.probes(study.originals, study.protocol.enrolled)
        gallery = study.gallery(study.originals)
        if not len(probes) or not len(gallery):
            raise InputError(
                f"protocol {study.config.protocol}: {study.dataset.name} has {len(probes)} probes "
                f"and {len(gallery)} gallery sequences of it; choose another protocol"
            )
        return self._compared(f"clean-{name}", study.recogniser(name), probes, gallery)

    def _clean_rows(self, name: str) -> list[Row]:
        clean = self._clean(name)
        names = {"method": CLEAN, "recogniser": name, "attacker": IGNORANT}
        return self._measured(clean, clean, names)

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
        found = self._compared(f"{method}-{name}-{attacker}", asked, probes, gallery)
        names = {"method": method, "recogniser": name, "attacker": attacker}
        return self._measured(found, self._clean(name), names)

    def _compared(self, label: str, run: Run, probes: Gaits, gallery: Gaits) -> _Compared:
        """Compares, or reads what was compared before."""
        compared = [[gaits.store.key, gaits.rows.tolist()] for gaits in (probes, gallery)]
        links = tuple(self.settings.links)
        key = fingerprint(run.key, compared, list(links), comparison.VERSION)
        found = cached(
            self.study.workdir / "distances" / f"{label}-{key}.safetensors",
            lambda: comparison.compare(run.recogniser(), probes, gallery, links),
            lambda path, found: found.save(path),
            Comparison.load,
        )
        return _Compared(key, found)

    def _measured(self, found: _Compared, clean: _Compared, names: dict[str, str]) -> list[Row]:
        """Measures, or reads what was measured before."""
        ranks = tuple(self.settings.ranks)
        versions = [verification.VERSION, attack_rows.VERSION]
        key = fingerprint(found.key, clean.key, list(ranks), names, versions)

        def make() -> dict[str, Any]:
            compared = found.distances, clean.distances
            made = attack_rows.attack_rows(*compared, ranks, **names)
            return {"rows": [dataclasses.asdict(row) for row in made]}

        label = "-".join(names.values())
        path = self.study.workdir / "attacks" / f"{label}-{key}.json"
        kept = cached(path, make, records.write_json, records.read_json)
        try:
            return [Row(**values) for values in kept["rows"]]
        except (KeyError, TypeError, ValueError) as error:
            reason = reason_of(error)
            raise InputError(
                f"{path} is damaged ({reason}): remove it, and it is made again"
            ) from None

    def headlines(self, frame: pd.DataFrame) -> list[str]:
        return attack_sections.headlines(frame, self.labels())

    def sections(self, frame: pd.DataFrame) -> list[Section]:
        return attack_sections.sections(frame, self.labels())
