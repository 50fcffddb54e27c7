"""How much of what methods change is random, and how far what they draw lies apart."""

import dataclasses
import functools
from collections.abc import Iterator
from typing import Any

import jax
import numpy as np
import pandas as pd

from gait_jax.data.anonymized import anonymized_gaits
from gait_jax.data.gait_store import GaitStore
from gait_jax.evaluation import noise_share, sections
from gait_jax.evaluation.cache import cached
from gait_jax.evaluation.evaluators.asking import read_rows
from gait_jax.evaluation.evaluators.base import PROTOCOL, Evaluator, Piece
from gait_jax.evaluation.noise_share import Deviation
from gait_jax.evaluation.report import Section
from gait_jax.evaluation.rows import Row
from gait_jax.gait import picture
from gait_jax.methods import fields
from gait_jax.runtime import keys, records
from gait_jax.runtime.files import write_bytes
from gait_jax.runtime.fingerprint import fingerprint

# Draws of noise that are held against as many frames of people, and of them those that are shown.
_DRAWN, _SHOWN = 64, 12


class NoiseShare(Evaluator):
    """Anonymises some walks several times, and compares what comes of them."""

    # How often each is anonymised, how many walks, spread over those that are probed, and every
    # so-manyth frame of them is looked at.
    FIELDS = {
        "draws": fields.whole(2),
        "walks": fields.whole(2),
        "every": fields.whole(),
    }
    NEEDS = PROTOCOL

    def pieces(self) -> Iterator[Piece]:
        for method in self.study.config.methods:
            yield functools.partial(self._rows, method)

    @functools.cached_property
    def _walks(self) -> list[int]:
        return self.study.spread_probes(self.settings.walks)

    def _rows(self, method: str) -> list[Row]:
        study, settings = self.study, self.settings
        run = study.method(method)

        def make() -> dict[str, Any]:
            drawn = anonymized_gaits(
                study.dataset,
                study.anonymizer(method),
                run.key,
                study.config.seed,
                self._walks,
                study.progress,
                settings.draws,
            )
            made = noise_share.rows(method, [*self._deviations(drawn)], *self._noise(method))
            return {"rows": [dataclasses.asdict(row) for row in made]}

        path = self._path(method)
        return read_rows(path, cached(path, make, records.write_json, records.read_json))

    def _path(self, method: str):
        study = self.study
        key = fingerprint(
            study.method(method).key,
            study.dataset.gaits.key,
            self._walks,
            self.settings.to_dict(),
            study.config.seed,
            noise_share.VERSION,
        )
        return study.workdir / "noise_share" / f"{method}-{key}.json"

    def _deviations(self, drawn: GaitStore) -> Iterator[Deviation]:
        """Of all frames that are looked at and that every draw could anonymise."""
        originals, walks = self.study.dataset.gaits, len(self._walks)
        for number, index in enumerate(self._walks):
            before = originals.sequences[index]
            after = drawn.sequences[number::walks]
            for frame in range(0, len(before), self.settings.every):
                original = originals.mask(before.first + frame)
                masks = [drawn.mask(sequence.first + frame) for sequence in after]
                if all(mask.any() for mask in [original, *masks]):
                    contours = noise_share.outlines(original, [original, *masks])
                    yield noise_share.deviation(contours[0], contours[1:])

    def _noise(self, method: str) -> tuple[np.ndarray | None, np.ndarray]:
        """What is drawn for some people, and as many people's own frames."""
        study = self.study
        anonymizer, gaits = study.anonymizer(method), study.dataset.gaits
        usable = [
            np.flatnonzero(gaits.usable()[sequence.first : sequence.last]) + sequence.first
            for sequence in (gaits.sequences[index] for index in self._walks)
        ]
        usable = [frames for frames in usable if len(frames)]
        rng = np.random.default_rng(study.config.seed)
        real, noise = [], []
        for i in range(_DRAWN):
            mask = gaits.mask(int(rng.choice(usable[i % len(usable)])))
            real.append(noise_share.outlines(mask, [mask])[0])
            key = jax.random.fold_in(keys.stream(study.config.seed, "noise share"), i)
            noise.append(anonymizer.noise(anonymizer.person([anonymizer.glimpse(mask)], key, 25.0)))
        real = np.stack(real)
        if noise[0] is None:
            return None, real
        noise = noise_share.at_equal_steps(np.stack(noise))
        whole = np.full(_SHOWN, noise_share.POINTS)
        rows = {
            "noise": picture.draw(noise[:_SHOWN], whole),
            "real": picture.draw(real[:_SHOWN], whole),
        }
        path = self._path(method).with_suffix(".png")
        path.parent.mkdir(parents=True, exist_ok=True)
        write_bytes(path, picture.png(picture.sheet(rows)))
        return noise, real

    def sections(self, frame: pd.DataFrame) -> list[Section]:
        labels, pictures = self.labels(), {}
        for method, label in labels.items():
            path = self._path(method).with_suffix(".png")
            if path.exists():
                pictures[label] = path.read_bytes()
        return sections.noise_share(frame, labels, pictures)
