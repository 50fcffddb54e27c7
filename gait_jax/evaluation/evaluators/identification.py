"""Who is found: success rates against every recogniser and every attacker."""

import functools
import itertools
from collections.abc import Iterator

import pandas as pd
from absl import logging

from gait_jax.data.gaits import Gaits
from gait_jax.evaluation import scoring, sections
from gait_jax.evaluation.attackers import ATTACKERS
from gait_jax.evaluation.cache import cached
from gait_jax.evaluation.evaluators.base import PROTOCOL, Evaluator, Piece
from gait_jax.evaluation.papers import RECOGNITION
from gait_jax.evaluation.report import Section
from gait_jax.evaluation.rows import CLEAN, CLEAN_GALLERY, Row
from gait_jax.evaluation.scoring import Hits
from gait_jax.methods import fields
from gait_jax.methods.base import Run
from gait_jax.runtime.fingerprint import fingerprint


class Identification(Evaluator):
    """Asks every recogniser for the people of anonymised gaits, in every attacker's gallery."""

    FIELDS = {"ranks": fields.wholes()}
    NEEDS = PROTOCOL

    def pieces(self) -> Iterator[Piece]:
        for name in self.study.config.recognisers:
            yield functools.partial(self._clean_rows, name)
        for method in self.study.config.methods:
            for name in self.study.config.recognisers:
                for attacker in ATTACKERS:
                    yield functools.partial(self._attacked_rows, method, name, attacker)

    def _clean_rows(self, name: str) -> list[Row]:
        hits = self._clean(name)
        labels = {"method": CLEAN, "recogniser": name, "attacker": CLEAN_GALLERY}
        return list(scoring.rows(hits, hits, self._ranks, **labels))

    def _attacked_rows(self, method: str, name: str, attacker: str) -> list[Row]:
        hits = self._attacked(method, name, attacker)
        if hits is None:
            return []
        labels = {"method": method, "recogniser": name, "attacker": attacker}
        return list(scoring.rows(hits, self._clean(name), self._ranks, **labels))

    def rows(self) -> Iterator[Row]:
        yield from super().rows()
        yield from (row for row in RECOGNITION if row.recogniser in self.study.config.recognisers)
        # Of what the pieces have measured.
        methods, recognisers = (self.study.config[x] for x in ("methods", "recognisers"))
        for attacker in ATTACKERS:
            for name, pair in itertools.product(recognisers, itertools.combinations(methods, 2)):
                hits = [self._attacked(method, name, attacker) for method in pair]
                named = {"method": pair[0], "against": pair[1], "recogniser": name}
                yield from self._differences(hits, scoring.OVER_METHOD, attacker, named)
            for method, pair in itertools.product(methods, itertools.combinations(recognisers, 2)):
                hits = [self._attacked(method, name, attacker) for name in pair]
                named = {"recogniser": pair[0], "against": pair[1], "method": method}
                yield from self._differences(hits, scoring.OVER_RECOGNISER, attacker, named)

    def _differences(
        self, hits: list[Hits | None], metric: str, attacker: str, named: dict[str, str]
    ) -> Iterator[Row]:
        if all(found is not None for found in hits):
            yield from scoring.differences(*hits, self._ranks, metric, attacker=attacker, **named)

    # Read once: each stands beside several others.
    @functools.cache  # noqa: B019, an evaluator lives as long as its evaluation
    def _attacked(self, method: str, name: str, attacker: str) -> Hits | None:
        """Anonymised probes in an attacker's gallery; None where either holds nothing."""
        study = self.study
        probes = study.probes(study.anonymized(method), study.protocol.probed)
        gallery = ATTACKERS[attacker](study, method)
        if not len(probes) or not len(gallery):
            logging.warning("%s left no probe or no gallery for %s.", method, attacker)
            return None
        label = f"{method}-{name}-{attacker.split()[0]}"
        return self._scored(label, study.recogniser(name), probes, gallery)

    @property
    def _ranks(self) -> tuple[int, ...]:
        return tuple(self.settings.ranks)

    # Read once: everything that is measured of a method stands beside it.
    @functools.cache  # noqa: B019, an evaluator lives as long as its evaluation
    def _clean(self, name: str) -> Hits:
        """Clean probes of everybody who is enrolled, in the clean gallery."""
        run = self.study.recogniser(name)
        return self._scored(f"clean-{name}", run, *self.clean_gaits())

    def _scored(self, label: str, run: Run, probes: Gaits, gallery: Gaits) -> Hits:
        """Scores, or reads what was scored before."""
        compared = [[gaits.store.key, gaits.rows.tolist()] for gaits in (probes, gallery)]
        key = fingerprint(run.key, compared, list(self._ranks), scoring.VERSION)
        return cached(
            self.study.workdir / "scores" / f"{label}-{key}.safetensors",
            lambda: scoring.score(run.recogniser(), probes, gallery, self._ranks),
            lambda path, hits: hits.save(path),
            Hits.load,
        )

    def sections(self, frame: pd.DataFrame) -> list[Section]:
        labels = self.labels()
        return [
            *sections.success(frame, labels),
            *sections.differences(frame, labels),
            sections.by_view(frame, labels),
        ]
