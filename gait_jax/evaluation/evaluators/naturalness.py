"""What became of the frames, and how natural they look beside their originals."""

import functools
from collections.abc import Iterator
from typing import Any

import cv2
import numpy as np
import pandas as pd

from gait_jax.data.gait_store import GaitStore
from gait_jax.evaluation import sections
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
VERSION = 2

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
        for name, value in measured.items():
            if name != "frames":
                yield row(name, value, measured["frames"])

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
        sheet: dict[str, np.ndarray] = {}
        for number, sequence in enumerate(store.sequences):
            if number % self.settings.every and number not in drawn:
                continue
            before = place[sequence.name]
            clean = [originals.mask(frame) for frame in range(before.first, before.last)]
            made = [store.mask(frame) for frame in range(sequence.first, sequence.last)]
            for name, found in naturalness.measure(clean, made).items():
                values.setdefault(name, []).extend(found)
            if number in drawn:
                strip = _strip(clean, made)
                sheet |= {f"{name} {sequence.view}": tiles for name, tiles in strip.items()}
        path.parent.mkdir(parents=True, exist_ok=True)
        if sheet:
            write_bytes(path.with_suffix(".png"), picture.png(picture.sheet(sheet)))
        return naturalness.summarize(values) if values.get("one_region") else {}

    def sections(self, frame: pd.DataFrame) -> list[Section]:
        labels = self.labels()
        pictures = {}
        for method, label in labels.items():
            path = self._path(method, self.study.anonymized_store(method)).with_suffix(".png")
            if path.exists():
                pictures[label] = path.read_bytes()
        return [sections.naturalness(frame, labels), sections.samples(pictures)]
