"""How true colours are: PSNR and SSIM of the colourisers, beside tables I and II of 2020."""

import collections
import dataclasses
from collections.abc import Iterator
from typing import Any

import cv2
import numpy as np
import pandas as pd

from gait_jax import runs
from gait_jax.data import twins
from gait_jax.data.anonymized import anonymized_gaits
from gait_jax.data.gait_store import GaitStore
from gait_jax.data.recording import Recording
from gait_jax.evaluation import papers, report, sections
from gait_jax.evaluation.colour_quality import compare
from gait_jax.evaluation.evaluators.base import Evaluator, Piece
from gait_jax.evaluation.report import Section
from gait_jax.evaluation.rows import Row
from gait_jax.gait import picture
from gait_jax.gait.crop import Crop
from gait_jax.gait.limbs import Limbs
from gait_jax.methods import fields
from gait_jax.methods.colourisers import nearest
from gait_jax.methods.colourisers.parts import PartsColouriser
from gait_jax.methods.colourisers.placed import Placed
from gait_jax.methods.contracts import Colouriser, Shot
from gait_jax.pretrained import DEFAULT
from gait_jax.runtime import bars
from gait_jax.runtime.errors import InputError
from gait_jax.runtime.files import write_bytes
from gait_jax.video.blazepose_landmarks import SURE, Landmarks
from gait_jax.video.blazepose_region import Region

NEAREST, PARTS = "nearest", "parts"
BOX, OVERLAP, TWIN, LATER = "box", "overlap", "twin", "twin_later"
FORMS = {
    TWIN: "The same walk in the same clothes on another body of the same height stands for the "
    "anonymised gait, and what it looks like for the truth; over its pixels. Only synthetic people "
    "have twins.",
    LATER: "The same, but the twin is about a quarter of a cycle further than the original, as a "
    "stand-in with a rhythm of its own is.",
    OVERLAP: "The anonymised person on the background beside the original frame, over the pixels "
    "that show the person in both. Eq 9 copies them wherever the silhouette is complete, and is "
    "exact there, unless the anonymised person walks beside the original: then nothing is copied "
    "from its own place, and neither this nor the box says how true colours are.",
    BOX: "The same, over the box around both gaits; the paper does not say over which region it "
    "measures. There is no truth in this: where the gaits differ one picture shows a person and "
    "the other the scene, whatever the colours.",
}
# Frames by which a twin is further: at usual cadences and 25 frames a second, a quarter of a cycle.
_FURTHER = 7
# The colours of every so manyth frame are looked at.
_LOOKED_AT = 2
# Side of the square in which somebody is looked at, in their heights.
_SQUARE = 1.3
_SHEET_WALKS, _SHEET_SIDE = 8, 192


def sets_of(clothing: str, incomplete: bool) -> tuple[str, ...]:
    """The sets that a frame belongs to.

    Clothing is compared by complete silhouettes, and these by all clothing.

    Args:
      clothing: `plain`, `textural`, or empty where the data set does not say.
      incomplete: whether the silhouette is.
    """
    if incomplete:
        return ("incomplete",)
    return ("complete", clothing) if clothing else ("complete",)


@dataclasses.dataclass(frozen=True)
class _Twin:
    """Another body in the same clothes: silhouette [H, W], joints, and what it looks like."""

    mask: np.ndarray
    limbs: Limbs
    truth: np.ndarray


@dataclasses.dataclass(frozen=True)
class _Case:
    """A frame to be coloured; silhouettes [H, W] uint8 of 0 and 1, pictures [H, W, 3] uint8.

    Attributes:
      shots: the original, by whether its silhouette is as imperfect segmentation gives it; each
        with the anonymised silhouette S_An.
      twins: at the same moment and later, by form; none of real people.
    """

    shots: dict[bool, Shot]
    twins: dict[str, _Twin]


@dataclasses.dataclass(frozen=True)
class _Walk:
    """A sequence whose frames are coloured.

    Attributes:
      recording: it.
      looked_at: some of its frames, by whether the silhouette is incomplete.
      cases: those that are coloured.
    """

    recording: Recording
    looked_at: dict[bool, list[Shot]]
    cases: list[_Case]


class Colour(Evaluator):
    """Colours frames of people outside the training by nearest pixel and by every network."""

    # How many sequences, spread over the group, and how many frames of each.
    FIELDS = {"walks": fields.whole(), "frames": fields.whole()}
    NEEDS = {
        "anonymizer.checkpoint": fields.folder,
        "data.groups": fields.text,
        "data.group": fields.text,
    }

    def _sequences(self) -> list[int]:
        """Indices of the sequences that are coloured."""
        dataset = self.study.dataset
        known = dataset.indices(dataset.members(self.study.data.group))
        # A step that shares no divisor with the views, so that all of them are met.
        chosen = np.linspace(0, len(known) - 1, min(self.settings.walks, len(known)), dtype=int)
        return sorted({known[i] for i in chosen})

    def _anonymized(self, indices: list[int]) -> GaitStore:
        study = self.study
        given = study.config.anonymizer.checkpoint
        run = runs.open_run(given or DEFAULT)
        return anonymized_gaits(
            study.dataset, run.anonymizer(), run.key, study.config.seed, indices, study.progress
        )

    def _walk(self, index: int, gaits: GaitStore, number: int) -> _Walk:
        """A sequence, the `number`-th of the store; what could be anonymised is coloured."""
        dataset, sequence = self.study.dataset, gaits.sequences[number]
        recording = dataset.recording(index)
        kept, others = np.arange(len(recording)), []
        if dataset.description["synthetic"]:
            members = dataset.members(self.study.data.group)
            following = (members.index(sequence.subject) + 1) % len(members)
            kept, *found = twins.film(sequence, members[following])
            bodies, truths, limbs = found
            others = [_Twin(*one) for one in zip(bodies, limbs, truths, strict=True)]
        landmarks = Landmarks()

        def shots(frame: int) -> dict[bool, Shot]:
            picture = recording.frame(frame)
            masks = {False: recording.complete(frame), True: recording.incomplete(frame)}
            limbs = _joints(landmarks, picture, masks[False])
            made = gaits.mask(sequence.first + frame)
            return {
                incomplete: Shot(picture, mask, made, limbs, None, frame)
                for incomplete, mask in masks.items()
                if mask is not None
            }

        looked_at: dict[bool, list[Shot]] = collections.defaultdict(list)
        for frame in kept[::_LOOKED_AT]:
            for incomplete, shot in shots(int(frame)).items():
                looked_at[incomplete].append(shot)
        cases = []
        for i in np.unique(np.linspace(0, len(kept) - 1, self.settings.frames, dtype=int)):
            # Where nothing could be made there is nothing to colour.
            if gaits.mask(sequence.first + int(kept[i])).any():
                later = i + _FURTHER if i + _FURTHER < len(kept) else i - _FURTHER
                cases.append(
                    _Case(
                        shots(int(kept[i])),
                        {TWIN: others[i], LATER: others[max(later, 0)]} if others else {},
                    )
                )
        return _Walk(recording, looked_at, cases)

    def _colourisers(self) -> dict[str, Colouriser]:
        trained = {name: run.colouriser() for name, run in self.study.methods.items()}
        return {NEAREST: Placed(nearest.colourise), PARTS: PartsColouriser(), **trained}

    def pieces(self) -> Iterator[Piece]:
        yield self._rows

    def _rows(self) -> Iterator[Row]:
        colourisers, indices = self._colourisers(), self._sequences()
        gaits, sheet = self._anonymized(indices), []
        values: dict[tuple[str, str, str], list[tuple[float, float]]] = {}
        every = max(len(indices) // _SHEET_WALKS, 1)
        walked = bars.over(
            indices,
            shown=self.study.progress,
            desc="colour",
            unit="sequence",
            total=len(indices),
        )
        for number, index in enumerate(walked):
            tiles: list[np.ndarray] = []
            walk = self._walk(index, gaits, number)
            known = {
                (name, incomplete): colourise.remember(None, shots)
                for name, colourise in colourisers.items()
                for incomplete, shots in walk.looked_at.items()
            }
            for case in walk.cases:
                tiles = _compared(walk.recording, case, colourisers, known, values)
            # The sequence's last frame.
            if tiles and number % every == 0:
                sheet.append(np.hstack(tiles))
        if not sheet:
            raise InputError(
                "no frame could be anonymised: check the data set and anonymizer.checkpoint"
            )
        write_bytes(self.study.workdir / "sheet.png", picture.png(np.vstack(sheet)[..., ::-1]))
        for (form, method, name), found in values.items():
            for metric, value in zip(("psnr", "ssim"), np.mean(found, axis=0), strict=True):
                yield Row(
                    method=method,
                    metric=metric,
                    setting=form,
                    condition=name,
                    value=float(value),
                    n=len(found),
                )
        yield from papers.COLOUR

    def labels(self) -> dict[str, str]:
        return {NEAREST: "nearest pixel", PARTS: "by part of the body", **super().labels()}

    def sections(self, frame: pd.DataFrame) -> list[Section]:
        columns = "original, background, then for each colouriser by complete and by incomplete "
        columns += "silhouette: the anonymised gait"
        if self.study.dataset.description["synthetic"]:
            columns += ", the twin at the same moment and later; their truths"
        sheet = report.Figure(
            (self.study.workdir / "sheet.png").read_bytes(),
            "coloured frames",
            note=f"A sequence a row: {columns}.",
        )
        return [
            *sections.colour(frame, self.labels(), FORMS),
            Section("What it looks like", [sheet]),
        ]


def _joints(landmarks: Landmarks, picture: np.ndarray, mask: np.ndarray) -> Limbs | None:
    """Where the network sees somebody's joints; red, green, blue [H, W, 3], and where they are."""
    x, y, width, height = cv2.boundingRect(mask)
    if not width:
        return None
    square = Region(x + width / 2, y + height / 2, _SQUARE * height, 0.0)
    pose = landmarks(np.ascontiguousarray(picture[..., ::-1]), square)
    return pose.limbs if pose.flag >= SURE else None


def _compared(
    recording: Recording,
    case: _Case,
    colourisers: dict[str, Colouriser],
    known: dict[tuple[str, bool], Any],
    values: dict[tuple[str, str, str], list[tuple[float, float]]],
) -> list[np.ndarray]:
    """Colours a frame, adds PSNR and SSIM by (form, colouriser, set), and gives the pictures."""
    scene, first = recording.background, case.shots[False]
    frame, whole, made = first.picture, first.original, first.anonymized
    box = np.zeros_like(whole)
    box[Crop.around(whole | made, 0.0).box] = 1
    tiles = [frame, scene]
    for name, colourise in colourisers.items():
        # All see the same anonymised gait, that of the complete silhouette: the anonymiser of 2020
        # gives a whole person for either.
        for incomplete, shot in case.shots.items():

            def add(form, value, name=name, incomplete=incomplete):
                for one in sets_of(recording.clothing, incomplete):
                    values.setdefault((form, name, one), []).append(value)

            learnt = known[name, incomplete]
            if colourise.knows(learnt, shot):
                found = colourise(shot, scene, learnt)
                add(BOX, compare(found, frame, box))
                if (whole & made).any():
                    add(OVERLAP, compare(found, frame, whole & made))
                tiles.append(found)
            for form, twin in case.twins.items():
                dressed = dataclasses.replace(
                    shot, anonymized=twin.mask, anonymized_limbs=twin.limbs
                )
                if colourise.knows(learnt, dressed):
                    found = colourise(dressed, scene, learnt)
                    add(form, compare(found, twin.truth, twin.mask))
                    tiles.append(found)
    tiles += [twin.truth for twin in case.twins.values()]
    return [Crop.around(whole | made, 0.15).cut(tile, _SHEET_SIDE) for tile in tiles]
