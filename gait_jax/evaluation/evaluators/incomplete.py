"""Whether methods give whole people from incomplete silhouettes (2020 §II-B)."""

import functools
import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from gait_jax.data.anonymized import anonymized_gaits
from gait_jax.data.gait_store import GaitStore
from gait_jax.evaluation import identification, incomplete_sections
from gait_jax.evaluation.cache import cached
from gait_jax.evaluation.evaluators.base import PROTOCOL, Evaluator, Piece
from gait_jax.evaluation.incomplete_sections import COMPLETE, INCOMPLETE, WHOLE
from gait_jax.evaluation.report import Section
from gait_jax.evaluation.rows import Row
from gait_jax.gait.naturalness import is_person_like
from gait_jax.methods import fields
from gait_jax.runtime import records
from gait_jax.runtime.errors import InputError
from gait_jax.runtime.fingerprint import fingerprint

# Part of the key of what is kept: raise it when the same gaits give other shares.
VERSION = 1


def shares(whole: list[np.ndarray], made: list[np.ndarray]) -> list[float]:
    """Of each usable frame, whether what was made of it is one whole person.

    Args:
      whole: complete silhouettes, cleaned, [H, W] uint8 of 0 and 1; an empty one is not usable.
      made: of the same sizes; an empty one is nobody.
    """
    return [
        float(mask.any() and is_person_like(mask, original))
        for original, mask in zip(whole, made, strict=True)
        if original.any()
    ]


class Incomplete(Evaluator):
    """Anonymises some walks by incomplete and by complete silhouettes; looks for whole people."""

    # How many walks, spread over those that are probed.
    FIELDS = {"walks": fields.whole()}
    NEEDS = PROTOCOL

    def __init__(self, settings, study):
        super().__init__(settings, study)
        # Not after hours of training.
        if not study.dataset.description["synthetic"]:
            raise InputError(
                f"{study.dataset.name} has no incomplete silhouettes beside complete ones, as only "
                "synthetic people have: leave evaluators.incomplete out"
            )

    def pieces(self) -> Iterator[Piece]:
        for method in self.study.config.methods:
            yield functools.partial(self._rows, method)

    @functools.cached_property
    def _walks(self) -> list[int]:
        return self.study.spread_probes(self.settings.walks)

    def _found(self, method: str) -> dict[str, list[dict[str, Any]]]:
        """By set, the mean of each walk: {"person", "share", "frames"}; kept."""
        study = self.study
        run, seed = study.method(method), study.config.seed
        key = fingerprint(run.key, study.dataset.gaits.key, self._walks, seed, VERSION)

        def make() -> dict[str, list[dict[str, Any]]]:
            anonymizer = study.anonymizer(method)
            return {
                name: self._judged(
                    anonymized_gaits(
                        study.dataset,
                        anonymizer,
                        run.key,
                        seed,
                        self._walks,
                        study.progress,
                        incomplete=name == INCOMPLETE,
                    )
                )
                for name in (INCOMPLETE, COMPLETE)
            }

        path = study.workdir / "incomplete" / f"{method}-{key}.json"
        return cached(path, make, records.write_json, records.read_json)

    def _judged(self, store: GaitStore) -> list[dict[str, Any]]:
        originals, found = self.study.dataset.gaits, []
        for index, after in zip(self._walks, store.sequences, strict=True):
            before = originals.sequences[index]
            whole = [originals.mask(frame) for frame in range(before.first, before.last)]
            made = [store.mask(frame) for frame in range(after.first, after.last)]
            values = shares(whole, made)
            if values:
                mean = float(np.mean(values))
                found.append({"person": before.subject, "share": mean, "frames": len(values)})
        if not found:
            raise InputError(
                f"none of the {len(self._walks)} walks of evaluators.incomplete has a usable frame"
            )
        return found

    def _rows(self, method: str) -> Iterator[Row]:
        for name, walks in self._found(method).items():
            yield _row(WHOLE, name, walks, [walk["share"] for walk in walks], method=method)

    def rows(self) -> Iterator[Row]:
        yield from super().rows()
        for pair in itertools.combinations(self.study.config.methods, 2):
            first, second = map(self._found, pair)
            for name, walks in first.items():
                more = [a["share"] - b["share"] for a, b in zip(walks, second[name], strict=True)]
                labels = {"method": pair[0], "against": pair[1]}
                yield _row(f"{WHOLE}_over_method", name, walks, more, **labels)

    def sections(self, frame: pd.DataFrame) -> list[Section]:
        return incomplete_sections.sections(frame, self.labels())


def _row(
    metric: str, name: str, walks: list[dict[str, Any]], values: list[float], **labels: str
) -> Row:
    people = np.array([walk["person"] for walk in walks])
    rate = identification.rate(np.array(values), people)
    frames = sum(walk["frames"] for walk in walks)
    return Row(
        metric=metric,
        setting=name,
        value=rate.value,
        low=rate.low,
        high=rate.high,
        n=frames,
        **labels,
    )
