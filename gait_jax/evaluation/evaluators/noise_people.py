"""How often people are taken for those whose gaits were the noise, of methods that borrow gaits."""

import dataclasses
import functools
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from gait_jax.evaluation import noise_people, sections
from gait_jax.evaluation.cache import cached
from gait_jax.evaluation.evaluators.asking import read_rows
from gait_jax.evaluation.evaluators.base import PROTOCOL, Evaluator, Piece
from gait_jax.evaluation.protocol import chosen
from gait_jax.evaluation.report import Section
from gait_jax.evaluation.rows import CLEAN_GALLERY, Row
from gait_jax.runtime import records
from gait_jax.runtime.fingerprint import fingerprint


class NoisePeople(Evaluator):
    """Enrols the people whose gaits were the noise, too, and asks who is nearest."""

    FIELDS = {}
    NEEDS = PROTOCOL

    def pieces(self) -> Iterator[Piece]:
        for method in self.study.config.methods:
            for name in self.study.config.recognisers:
                yield functools.partial(self._rows, method, name)

    def _rows(self, method: str, name: str) -> list[Row]:
        """None of a method that borrows nobody's gait."""
        study = self.study
        probes = study.probes(study.anonymized(method), study.protocol.probed)
        run, asked = study.method(method), study.recogniser(name)
        noise = self._borrowed(method) if len(probes) else np.empty(0, np.str_)
        if not noise.astype(bool).any():
            return []
        probes, noise = probes.take(noise != ""), noise[noise != ""]
        members = {*study.dataset.members(study.protocol.enrolled), *noise.tolist()}
        gallery = chosen(study.protocol.gallery, study.originals.of_subjects(members))
        names = {"method": method, "recogniser": name, "attacker": CLEAN_GALLERY}

        def make() -> dict[str, Any]:
            originals = study.probes(study.originals, study.protocol.probed)
            made = noise_people.rows(asked.recogniser(), probes, originals, gallery, noise, **names)
            return {"rows": [dataclasses.asdict(row) for row in made]}

        compared = [[gaits.store.key, gaits.rows.tolist()] for gaits in (probes, gallery)]
        key = fingerprint(run.key, asked.key, compared, names, noise_people.VERSION)
        path = study.workdir / "noise_people" / f"{method}-{name}-{key}.json"
        return read_rows(path, cached(path, make, records.write_json, records.read_json))

    # Once: all recognisers are asked about the same probes.
    @functools.cache  # noqa: B019, an evaluator lives as long as its evaluation
    def _borrowed(self, method: str) -> np.ndarray:
        study = self.study
        probes = study.probes(study.anonymized(method), study.protocol.probed)
        anonymizer = study.anonymizer(method)
        return noise_people.borrowed(anonymizer, study.dataset.gaits, probes)

    def sections(self, frame: pd.DataFrame) -> list[Section]:
        return sections.noise_people(frame, self.labels())
