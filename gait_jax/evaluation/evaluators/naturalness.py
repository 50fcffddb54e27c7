"""What became of the frames, and how natural they look beside their originals."""

import functools
import itertools
from collections.abc import Iterator
from typing import Any

import cv2
import numpy as np
import pandas as pd

from gait_jax.data.gait_store import GaitStore
from gait_jax.evaluation import identification, sections
from gait_jax.evaluation.cache import cached
from gait_jax.evaluation.evaluators.base import PROTOCOL, Evaluator, Piece
from gait_jax.evaluation.report import Section
from gait_jax.evaluation.rows import ALL, Row
from gait_jax.gait import naturalness, picture
from gait_jax.methods import fields
from gait_jax.runtime import records
from gait_jax.runtime.files import write_bytes
from gait_jax.runtime.fingerprint import fingerprint

# Part of the key of what is kept: raise it when the same gaits give other measures.
VERSION = 3

# What of a walk's measures, means over its frames, one method is held against another by.
_COMPARED = ("one_region", "turning", "overlap")
_STRIP_FRAMES = 10


def _strip(originals: list[np.ndarray], anonymized: list[np.ndarray]) -> dict[str, np.ndarray]:
    """Rows of a sheet: ten frames over the walk, original, anonymised and XOR."""
    rows: dict[str, list[np.ndarray]] = {"original": [], "anonymized": [], "XOR": []}
    for i in np.linspace(0, len(originals) - 1, _STRIP_FRAMES).astype(int):
        box = cv2.boundingRect(originals[i] | anonymized[i])
        for name, mask in (
            ("original", originals[i]),
            ("anonymized", anonymized[i]),
            ("XOR", originals[i] ^ anonymized[i]),
        ):
            rows[name].append(picture.crop(mask, box))
    return {name: np.hstack(tiles) for name, tiles in rows.items()}


def _differences(
    method: str, against: str, walks: list[dict[str, Any]], others: list[dict[str, Any]]
) -> Iterator[Row]:
    """By how much a method's walks measure higher than another's of the same originals."""
    known = {other["name"]: other for other in others}
    pairs = [(walk, known[walk["name"]]) for walk in walks if walk["name"] in known]
    if not pairs:
        return
    people = np.array([walk["subject"] for walk, _ in pairs])
    for name in _COMPARED:
        more = np.array([walk[name] - other[name] for walk, other in pairs])
        rate = identification.rate(more, people)
        yield Row(
            method=method,
            against=against,
            metric=f"{name}_over_method",
            value=rate.value,
            low=rate.low,
            high=rate.high,
            n=rate.probes,
        )


class Naturalness(Evaluator):
    """Holds anonymised silhouettes against their originals, and draws some of them."""

    # Every so-manyth sequence is measured.
    FIELDS = {"every": fields.whole()}
    NEEDS = PROTOCOL

    def pieces(self) -> Iterator[Piece]:
        for method in self.study.config.methods:
            yield functools.partial(self._rows, method)

    def _rows(self, method: str) -> Iterator[Row]:
        store = self.study.anonymized_store(method)
        kept = len(self.study.anonymized(method))
        frames = len(store.numbers)

        def row(metric, value, n, condition=ALL):
            return Row(method=method, metric=metric, value=float(value), n=n, condition=condition)

        yield row("sequences", len(store.sequences), len(store.sequences))
        yield row("sequences_lost", len(store.sequences) - kept, len(store.sequences))
        yield row("frames", frames, frames)
        yield row("frames_empty", sum(store.unusable.values()), frames)
        for reason, count in sorted(store.unusable.items()):
            yield row("frames_empty", count, frames, reason)
        for name, mean in naturalness.mean_measures(store.measures).items():
            yield row(name, mean, len(store.sequences))
        measured = self._measured(method, store)
        for name, value in measured.get("all", {}).items():
            if name != "frames":
                yield row(name, value, measured["all"]["frames"])

    def rows(self) -> Iterator[Row]:
        yield from super().rows()
        # Of what the pieces have measured.
        for pair in itertools.combinations(self.study.config.methods, 2):
            walks = [self._measured(m, self.study.anonymized_store(m))["walks"] for m in pair]
            yield from _differences(*pair, *walks)

    def _measured(self, method: str, store: GaitStore) -> dict[str, Any]:
        """Measures and draws, or reads what was measured before."""
        path = self._path(method, store)

        def make() -> dict[str, Any]:
            return self._measure(store, path)

        # The picture is written first: where the numbers stand, it does too.
        return cached(path, make, records.write_json, records.read_json)

    def _path(self, method: str, store: GaitStore):
        key = fingerprint(store.key, self.study.dataset.gaits.key, self.settings.every, VERSION)
        return self.study.workdir / "naturalness" / f"{method}-{key}.json"

    def _measure(self, store: GaitStore, path) -> dict[str, Any]:
        originals = self.study.dataset.gaits
        place = {sequence.name: sequence for sequence in originals.sequences}
        count = len(store.sequences)
        drawn = set(np.linspace(0, count - 1, 5).astype(int)[1:4])
        values: dict[str, list[float]] = {}
        walks: list[dict[str, Any]] = []
        sheet: dict[str, np.ndarray] = {}
        for number, sequence in enumerate(store.sequences):
            if number % self.settings.every and number not in drawn:
                continue
            before = place[sequence.name]
            clean = [originals.mask(frame) for frame in range(before.first, before.last)]
            made = [store.mask(frame) for frame in range(sequence.first, sequence.last)]
            measured = naturalness.measure(clean, made)
            for name, found in measured.items():
                values.setdefault(name, []).extend(found)
            if measured["one_region"]:
                means = {name: float(np.mean(measured[name])) for name in _COMPARED}
                walks.append({"name": sequence.name, "subject": sequence.subject} | means)
            if number in drawn:
                strip = _strip(clean, made)
                sheet |= {f"{name} {sequence.view}": tiles for name, tiles in strip.items()}
        path.parent.mkdir(parents=True, exist_ok=True)
        if sheet:
            write_bytes(path.with_suffix(".png"), picture.png(picture.sheet(sheet)))
        return {"all": naturalness.summarize(values) if walks else {}, "walks": walks}

    def sections(self, frame: pd.DataFrame) -> list[Section]:
        labels = self.labels()
        pictures = {}
        for method, label in labels.items():
            path = self._path(method, self.study.anonymized_store(method)).with_suffix(".png")
            if path.exists():
                pictures[label] = path.read_bytes()
        return [sections.naturalness(frame, labels), sections.samples(pictures)]
