"""What can be given back: a network inverts the anonymised gaits, and recognisers look at that."""

import dataclasses
import functools
import pathlib
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from absl import logging

from gait_jax import runs
from gait_jax.data.gaits import Gaits
from gait_jax.data.remade import remade_gaits
from gait_jax.data.sequence import GaitSequence
from gait_jax.evaluation import inversion_sections, likeness
from gait_jax.evaluation.cache import cached
from gait_jax.evaluation.evaluators.asking import Asking, read_rows
from gait_jax.evaluation.evaluators.base import RUN, Piece
from gait_jax.evaluation.identification import rate
from gait_jax.evaluation.inversion_sections import (
    AS_IT_IS,
    CONTOUR_ERROR,
    INVERTING,
    MEAN_GAIT,
    OVERLAP,
)
from gait_jax.evaluation.mean_gait import MeanGait
from gait_jax.evaluation.report import Section
from gait_jax.evaluation.rows import Row
from gait_jax.evaluation.trainings import with_data
from gait_jax.methods import fields
from gait_jax.runtime import records
from gait_jax.runtime.errors import InputError
from gait_jax.runtime.files import write_bytes
from gait_jax.runtime.fingerprint import fingerprint

# How a row of the picture is called.
_DRAWN = {AS_IT_IS: "anonymized", INVERTING: "given back", MEAN_GAIT: "mean"}


class Inversion(Asking):
    """Trains a network to give originals back, and asks whom its results show."""

    FIELDS = {
        **Asking.FIELDS,
        **RUN,
        "draws": fields.whole(1, 1000),
        "recognisers": fields.texts,
    }

    def __init__(self, settings, study):
        super().__init__(settings, study)
        if study.data.anonymized_by:
            raise InputError(
                "inversion learns from originals and their anonymised gaits: leave "
                "data.anonymized_by empty, or take evaluators.inversion out"
            )
        unknown = sorted({*settings.recognisers} - {*study.config.recognisers})
        if unknown:
            known = ", ".join(study.config.recognisers)
            raise InputError(
                f"evaluators.inversion.recognisers names {', '.join(unknown)}: the configuration "
                f"has {known}"
            )
        # Before anything is computed.
        runs.build_method(with_data(settings.train, study.data, study.config.seed))
        self._made: dict[str, dict[str, Gaits]] = {}

    def pieces(self) -> Iterator[Piece]:
        for method in self.study.config.methods:
            yield functools.partial(self._error_rows, method)
            for name in self.settings.recognisers:
                for attacker in (INVERTING, MEAN_GAIT):
                    yield functools.partial(self._attacked_rows, method, name, attacker)

    def _gaits(self, method: str) -> dict[str, Gaits]:
        """The anonymised probes as they are, given back, and guessed: by attacker."""
        if method not in self._made:
            study = self.study
            probes = study.probes(study.anonymized(method), study.protocol.probed)
            if not len(probes):
                logging.warning("%s left no probe to invert.", method)
                return {}
            run = study.trained_against(
                method, self.settings, f"inverters/of-{method}", self.settings.draws
            )
            study.refuse_tested(run)
            invert = run.inverter()
            mean = MeanGait(study.learned_from(study.originals))

            def inverted(walk: GaitSequence, masks: list[np.ndarray]) -> list[np.ndarray]:
                del walk
                return invert(masks)

            self._made[method] = {
                AS_IT_IS: probes,
                INVERTING: remade_gaits(probes, inverted, "inverted", run.key, study.progress),
                MEAN_GAIT: remade_gaits(probes, mean, "mean", mean.key, study.progress),
            }
        return self._made[method]

    def _attacked_rows(self, method: str, name: str, attacker: str) -> list[Row]:
        probes = self._gaits(method).get(attacker)
        gallery = self.study.gallery(self.study.originals)
        if probes is None or not len(probes):
            logging.warning("%s left no probe for %s.", method, attacker)
            return []
        label = f"{method}-{name}-{attacker.replace(' ', '-')}"
        found = self.compared(label, self.study.recogniser(name), probes, gallery)
        names = {"method": method, "recogniser": name, "attacker": attacker}
        return self.measured(found, self.clean(name), names)

    def _error_rows(self, method: str) -> list[Row]:
        made = self._gaits(method)
        if not made:
            return []
        path = self._path(method, made)

        def make() -> dict[str, Any]:
            drawn = {_DRAWN[name]: gaits for name, gaits in made.items()}
            path.parent.mkdir(parents=True, exist_ok=True)
            # First: where the numbers stand, the picture does too.
            sheet = likeness.sheet(self.study.dataset.gaits, drawn)
            write_bytes(path.with_suffix(".png"), sheet)
            rows = [row for name in made for row in self._errors(method, name, made[name])]
            return {"rows": [dataclasses.asdict(row) for row in rows]}

        return read_rows(path, cached(path, make, records.write_json, records.read_json))

    def _errors(self, method: str, attacker: str, gaits: Gaits) -> Iterator[Row]:
        found = likeness.errors(self.study.dataset.gaits, gaits)
        known = ~np.isnan(found[:, 0])
        for metric, values in zip((CONTOUR_ERROR, OVERLAP), found[known].T, strict=True):
            if len(values):
                mean = rate(values, gaits.subjects[known])
                yield Row(
                    method=method,
                    attacker=attacker,
                    metric=metric,
                    value=mean.value,
                    low=mean.low,
                    high=mean.high,
                    n=mean.probes,
                )

    def _path(self, method: str, made: dict[str, Gaits]) -> pathlib.Path:
        compared = [[gaits.store.key, gaits.rows.tolist()] for gaits in made.values()]
        key = fingerprint(compared, self.study.dataset.gaits.key, likeness.VERSION)
        return self.study.workdir / "inversion" / f"{method}-{key}.json"

    def sections(self, frame: pd.DataFrame) -> list[Section]:
        labels, pictures = self.labels(), {}
        for method in labels:
            if made := self._gaits(method):
                pictures[method] = self._path(method, made).with_suffix(".png").read_bytes()
        rank = min(self.settings.ranks)
        return inversion_sections.sections(frame, labels, rank, pictures)
