"""How true colours are: PSNR and SSIM of the colourisers, beside tables I and II of 2020."""

import dataclasses
import functools
import pathlib
from collections.abc import Iterator, Mapping
from typing import Any

import cv2
import numpy as np
import pandas as pd

from gait_jax.data.anonymized import anonymized_gaits
from gait_jax.data.dataset import spread
from gait_jax.data.gait_store import GaitStore
from gait_jax.evaluation import papers, report, sections
from gait_jax.evaluation.cache import cached
from gait_jax.evaluation.colour_quality import compare
from gait_jax.evaluation.colour_scores import ColourScores
from gait_jax.evaluation.colour_walks import LATER, TWIN, Case, Walk, Walks, sets_of
from gait_jax.evaluation.evaluators.base import Evaluator, Piece
from gait_jax.evaluation.report import Section
from gait_jax.evaluation.rows import Row
from gait_jax.gait import picture
from gait_jax.gait.crop import Crop
from gait_jax.methods import fields
from gait_jax.methods.colourisers import nearest
from gait_jax.methods.colourisers.crops import CROP_DATA
from gait_jax.methods.colourisers.parts import PartsColouriser
from gait_jax.methods.colourisers.placed import Placed
from gait_jax.methods.contracts import Colouriser
from gait_jax.runtime import bars, records
from gait_jax.runtime.errors import InputError
from gait_jax.runtime.files import reason_of, write_bytes
from gait_jax.runtime.fingerprint import fingerprint

# Part of the key of what is kept: raise it when the same walks give other frames or scores.
VERSION = 2
# Walks of a piece.
_WALKS = 10

NEAREST, PARTS = "nearest", "parts"
BOX, OVERLAP = "box", "overlap"
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
_SHEET_WALKS, _SHEET_SIDE = 8, 192


class Colour(Evaluator):
    """Colours frames of people outside the training by nearest pixel and by every network."""

    # How many sequences, spread over the group, and how many frames of each.
    FIELDS = {"walks": fields.whole(), "frames": fields.whole()}
    IN_COLOUR = True
    NEEDS = {
        "anonymizer.checkpoint": fields.folder,
        "anonymizer.method": fields.text,
        "data.groups": fields.text,
        "data.group": fields.text,
        "data.plate_error": CROP_DATA["data.plate_error"],
    }

    @functools.cached_property
    def _indices(self) -> list[int]:
        """Of the sequences that are coloured."""
        dataset = self.study.dataset
        known = dataset.indices(dataset.members(self.study.data.group))
        return spread(known, self.settings.walks)

    def _anonymized(self) -> dict[bool, GaitStore]:
        """The anonymised gaits, by whether they were made of incomplete silhouettes."""
        study, indices, known = self.study, self._indices, [False]
        run = study.painted
        if indices and study.dataset.recording(indices[0]).incomplete(0) is not None:
            known.append(True)
        anonymizer = run.anonymizer()
        return {
            torn: anonymized_gaits(
                study.dataset,
                anonymizer,
                run.key,
                study.config.seed,
                indices,
                study.progress,
                incomplete=torn,
                wait=study.waits,
            )
            for torn in known
        }

    @functools.cached_property
    def _colourisers(self) -> dict[str, Colouriser]:
        trained = {name: run.colouriser() for name, run in self.study.colourisers.items()}
        return {NEAREST: Placed(nearest.colourise), PARTS: PartsColouriser(), **trained}

    @functools.cached_property
    def _walks(self) -> Walks:
        data = self.study.data
        return Walks(
            self.study.dataset,
            self.study.dataset.members(data.group),
            self._anonymized(),
            self.settings.frames,
            data.plate_error,
        )

    @functools.cached_property
    def _key(self) -> str:
        """Names all that the frames depend on."""
        study = self.study
        return fingerprint(
            study.dataset.gaits.key,
            study.painted.key,
            {name: run.key for name, run in study.colourisers.items()},
            study.dataset.members(study.data.group),
            self._indices,
            self.settings.frames,
            study.data.plate_error,
            study.config.seed,
            VERSION,
        )

    def awaited(self) -> Iterator[Piece]:
        for name in self.study.config.get("colourisers", {}):
            yield functools.partial(self._trained, name)

    def pieces(self) -> Iterator[Piece]:
        for first in range(0, self.settings.walks, _WALKS):
            yield functools.partial(self._rows_of, first)

    def _trained(self, name: str) -> tuple[()]:
        """Trains a colouriser, unless it is trained."""
        self.study.colouriser(name)
        return ()

    def _rows_of(self, first: int) -> tuple[()]:
        """Colours some walks; what is said is said of all of them (see `rows`)."""
        self._found(first)
        return ()

    def _found(self, first: int) -> dict[str, Any]:
        """What `_painted` says of some walks, kept; its pictures, too."""
        folder = self._folder

        def make() -> dict[str, Any]:
            frames, pictures = self._painted(first)
            folder.mkdir(parents=True, exist_ok=True)
            names = [f"{first + k}-{self._key}.png" for k in range(len(pictures))]
            for name, tiles in zip(names, pictures, strict=True):
                write_bytes(folder / name, picture.png(tiles[..., ::-1]))
            return {"frames": frames, "pictures": names}

        path = folder / f"{first}-{self._key}.json"
        return cached(path, make, records.write_json, records.read_json)

    @property
    def _folder(self) -> pathlib.Path:
        return self.study.workdir / "colour"

    def _damaged(self, why: str) -> InputError:
        return InputError(f"{self._folder} is damaged ({why}): remove it, and it is made again")

    def _painted(self, first: int) -> tuple[list[list[Any]], list[np.ndarray]]:
        """Colours some walks.

        Returns:
          (what `ColourScores.add` takes, frame by frame; a row of pictures of one walk in so many:
          the first that has any).
        """
        indices, scores, sheet = self._indices, ColourScores(), {}
        every = max(len(indices) // _SHEET_WALKS, 1)
        numbers = range(first, min(first + _WALKS, len(indices)))
        walked = bars.over(
            numbers,
            shown=self.study.progress,
            desc="colour",
            unit="sequence",
            total=len(numbers),
        )
        for number in walked:
            tiles: list[np.ndarray] = []
            walk = self._walks.walk(indices[number], number)
            known = {
                (name, incomplete): colourise.remember(None, shots)
                for name, colourise in self._colourisers.items()
                for incomplete, shots in walk.looked_at.items()
            }
            for case in walk.cases:
                tiles = _compared(walk, case, self._colourisers, known, scores)
            # The sequence's last frame.
            if tiles and number // every not in sheet:
                sheet[number // every] = np.hstack(tiles)
        return [*map(list, scores.added())], [*sheet.values()]

    def rows(self) -> Iterator[Row]:
        scores, sheet = ColourScores(), []
        for first in range(0, self.settings.walks, _WALKS):
            found = self._found(first)
            try:
                sheet += found["pictures"]
                for *names, frame, person, value in found["frames"]:
                    scores.add(*names, tuple(frame), person, tuple(value))
            except (KeyError, TypeError, ValueError) as error:
                raise self._damaged(reason_of(error)) from None
        if not sheet:
            raise InputError(
                "no frame could be anonymised: check the data set and anonymizer.checkpoint"
            )
        self._write_sheet(sheet)
        yield from scores.rows()
        yield from scores.differences()
        yield from papers.COLOUR

    def _write_sheet(self, names: list[str]) -> None:
        """Lays the kept rows of pictures below each other."""
        read = [cv2.imread(str(self._folder / name)) for name in names]
        if any(row is None for row in read):
            raise self._damaged("a picture is missing")
        # Somebody whose silhouettes or joints gave nothing has fewer pictures.
        wide = max(row.shape[1] for row in read)
        rows = [np.pad(row, ((0, 0), (0, wide - row.shape[1]), (0, 0))) for row in read]
        write_bytes(self.study.workdir / "sheet.png", picture.png(np.vstack(rows)))

    def labels(self) -> dict[str, str]:
        known = {NEAREST: "nearest pixel", PARTS: "by part of the body"}
        return known | self.study.colouriser_labels

    def sections(self, frame: pd.DataFrame) -> list[Section]:
        columns = "original, background, then for each colouriser by complete and by incomplete "
        columns += "silhouette: the gait that was made of it"
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


def _compared(
    walk: Walk,
    case: Case,
    colourisers: Mapping[str, Colouriser],
    known: Mapping[tuple[str, bool], Any],
    scores: ColourScores,
) -> list[np.ndarray]:
    """Colours a frame, adds PSNR and SSIM by form, colouriser and set, and gives the pictures."""
    whole = case.whole
    made = np.bitwise_or.reduce([shot.anonymized for shot in case.shots.values()])
    frame = next(iter(case.shots.values())).picture
    tiles = [frame, walk.plate]
    for name, colourise in colourisers.items():
        for incomplete, shot in case.shots.items():

            def add(form, value, name=name, incomplete=incomplete):
                for one in sets_of(walk.clothing, incomplete):
                    place = (walk.name, case.frame)
                    scores.add(form, name, one, place, walk.person, value)

            learnt, shown = known[name, incomplete], shot.anonymized
            if colourise.knows(learnt, shot):
                found = colourise(shot, walk.plate, learnt)
                box = np.zeros_like(whole)
                box[Crop.around(whole | shown, 0.0).box] = 1
                add(BOX, compare(found, frame, box))
                if (whole & shown).any():
                    add(OVERLAP, compare(found, frame, whole & shown))
                tiles.append(found)
            for form, twin in case.twins.items():
                dressed = dataclasses.replace(
                    shot, anonymized=twin.mask, anonymized_limbs=twin.limbs
                )
                if colourise.knows(learnt, dressed):
                    found = colourise(dressed, walk.plate, learnt)
                    add(form, compare(found, twin.truth, twin.mask))
                    tiles.append(found)
    tiles += [twin.truth for twin in case.twins.values()]
    return [Crop.around(whole | made, 0.15).cut(tile, _SHEET_SIDE) for tile in tiles]
