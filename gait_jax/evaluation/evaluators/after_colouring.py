"""Whether colouring leaves success as it was: people are looked for in the coloured clips."""

import dataclasses
import functools
import math
from collections.abc import Iterator

import cv2
import numpy as np
import pandas as pd

from gait_jax.data.gaits import Gaits
from gait_jax.data.sequence import GaitSequence
from gait_jax.data.taken import taken_gaits
from gait_jax.evaluation import identification, scoring
from gait_jax.evaluation.coloured import ColouredClip, ColouredClips
from gait_jax.evaluation.evaluators.base import PROTOCOL, Evaluator, Piece
from gait_jax.evaluation.report import Section, Table, Text
from gait_jax.evaluation.rows import ALL, CLEAN_GALLERY, MEASURED, Row, find
from gait_jax.evaluation.tables import by_degrees
from gait_jax.gait import silhouette
from gait_jax.methods import fields
from gait_jax.runtime.fingerprint import fingerprint
from gait_jax.video.background import largest_channel

# Part of the names of what is kept: raise it when the same clips give other silhouettes.
VERSION = 1

BEFORE, AFTER = "success_before_colouring", "success_after_colouring"
NEAREST = "nearest pixel"
# By how much of 255 a channel differs from the scene where somebody is seen: less is what a camera
# and its compression add.
_SEEN = 8


@dataclasses.dataclass(frozen=True)
class _Packed:
    """A silhouette that waits, eight pixels a byte."""

    bits: np.ndarray
    shape: tuple[int, ...]

    @classmethod
    def of(cls, mask: np.ndarray) -> "_Packed":
        return cls(np.packbits(mask), mask.shape)

    def mask(self) -> np.ndarray:
        return np.unpackbits(self.bits, count=math.prod(self.shape)).reshape(self.shape)


def seen(clip: ColouredClip) -> list[np.ndarray]:
    """Silhouettes as somebody takes them from a clip who knows the scene.

    Returns:
      [H, W] uint8 of 0 and 1, cleaned; empty where nobody is seen.
    """
    found = []
    for picture in clip.pictures:
        mask = (largest_channel(cv2.absdiff(picture, clip.scene)) > _SEEN).astype(np.uint8)
        found.append(silhouette.clean(mask) if mask.any() else mask)
    return found


class AfterColouring(Evaluator):
    """Asks recognisers for people by silhouettes before colours came, and as clips show them."""

    # How many walks of each view.
    FIELDS = {"walks": fields.whole()}
    IN_COLOUR = True
    NEEDS = PROTOCOL | {"anonymizer.method": fields.text}

    def pieces(self) -> Iterator[Piece]:
        for name in ("", *self.study.config.get("colourisers", {})):
            for recogniser in self.study.config.recognisers:
                yield functools.partial(self._rows, name, recogniser)

    def _clips(self, name: str) -> ColouredClips:
        path = str(self.study.colourisers[name].workdir) if name else ""
        return ColouredClips(self.study, self.settings.walks, path)

    # Once: all recognisers are asked about the same silhouettes.
    @functools.cache  # noqa: B019, an evaluator lives as long as its evaluation
    def _gaits(self, name: str) -> dict[str, Gaits]:
        """The silhouettes by metric."""
        study, clips = self.study, self._clips(name)
        method = study.config.anonymizer.method
        key = fingerprint(clips.key(method), VERSION)

        # Painting takes longest, and both are made of the same clips.
        @functools.cache
        def taken() -> dict[str, list[tuple[GaitSequence, list[_Packed]]]]:
            found = {BEFORE: [], AFTER: []}
            for clip in clips(method):
                for metric, masks in ((BEFORE, clip.masks), (AFTER, seen(clip))):
                    found[metric].append((clip.sequence, [_Packed.of(mask) for mask in masks]))
            return found

        def store(kind: str, metric: str) -> Gaits:
            folder = study.workdir / "after_colouring" / f"{name or 'nearest'}-{kind}-{key}"
            folder.parent.mkdir(parents=True, exist_ok=True)
            return Gaits.of(
                taken_gaits(
                    folder,
                    lambda: (
                        (sequence, [one.mask() for one in packed])
                        for sequence, packed in taken()[metric]
                    ),
                )
            )

        return {BEFORE: store("before", BEFORE), AFTER: store("after", AFTER)}

    def _rows(self, name: str, recogniser: str) -> Iterator[Row]:
        study = self.study
        asked, gallery = study.recogniser(recogniser).recogniser(), study.gallery(study.originals)
        for metric, gaits in self._gaits(name).items():
            hits = scoring.score(asked, gaits, gallery, (1,))
            known = ~np.isnan(hits.same[:, 0])
            labels, missed = hits.probes[known], 1 - hits.same[known, 0]
            for view in (*sorted(set(labels[:, 3]), key=int), ALL):
                chosen = (labels[:, 3] == view) | (view == ALL)
                rate = identification.rate(missed[chosen], labels[chosen, 0])
                yield Row(
                    method=study.config.anonymizer.method,
                    recogniser=recogniser,
                    attacker=CLEAN_GALLERY,
                    metric=metric,
                    setting=name or NEAREST,
                    view=str(view),
                    value=rate.value,
                    low=rate.low,
                    high=rate.high,
                    n=rate.probes,
                )

    def sections(self, frame: pd.DataFrame) -> list[Section]:
        labels = {NEAREST: NEAREST} | self.study.colouriser_labels
        found = find(frame, source=MEASURED)
        found = found[found["metric"].isin([BEFORE, AFTER])]
        views = by_degrees(found["view"])
        text = {
            (row.setting, row.recogniser, row.metric, row.view): f"{100 * row.value:.1f}"
            for row in found.itertuples()
        }
        pairs = found[["setting", "recogniser"]].drop_duplicates().itertuples(index=False)
        body = [
            [labels[setting], recogniser, when]
            + [text.get((setting, recogniser, metric, view), "–") for view in (*views, ALL)]
            for setting, recogniser in pairs
            for metric, when in ((BEFORE, "before"), (AFTER, "after"))
        ]
        told = Text(
            "Success at rank 1, %, same view, clean gallery, of the silhouettes that were coloured "
            "(before), and of those that somebody takes from the coloured clip who knows the scene "
            "(after): pixels that differ from it."
        )
        head = ["coloured by", "recogniser", "", *(f"{view}°" for view in views), ALL]
        table = Table(pd.DataFrame(body, columns=head), text_columns=3)
        return [Section("Success before and after colouring", [told, table])]
