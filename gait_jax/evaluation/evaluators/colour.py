"""How true colours are: PSNR and SSIM of the colourisers, beside tables I and II of 2020."""

import dataclasses
from collections.abc import Iterator

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
from gait_jax.methods import fields
from gait_jax.methods.colourisers import nearest
from gait_jax.methods.colourisers.placed import Placed
from gait_jax.methods.contracts import Colouriser, Shot
from gait_jax.pretrained import DEFAULT
from gait_jax.runtime import bars
from gait_jax.runtime.errors import InputError
from gait_jax.runtime.files import write_bytes

NEAREST = "nearest"
BOX, OVERLAP, TWIN = "box", "overlap", "twin"
FORMS = {
    TWIN: "The same walk in the same clothes on another body of the same height stands for the "
    "anonymised gait, and what it looks like for the truth; over its pixels. Only synthetic people "
    "have twins.",
    OVERLAP: "The anonymised person on the background beside the original frame, over the pixels "
    "that show the person in both. Eq 9 copies them wherever the silhouette is complete, and is "
    "exact there, unless the anonymised person walks beside the original: then nothing is copied "
    "from its own place, and neither this nor the box says how true colours are.",
    BOX: "The same, over the box around both gaits; the paper does not say over which region it "
    "measures. There is no truth in this: where the gaits differ one picture shows a person and "
    "the other the scene, whatever the colours.",
}
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
class _Case:
    """A frame to be coloured; silhouettes [H, W] uint8 of 0 and 1, pictures [H, W, 3] uint8.

    Attributes:
      recording: the sequence.
      frame: the original frame.
      original: S_Or.
      incomplete: S_Or as imperfect segmentation gives it, None where there is none.
      anonymized: S_An.
      twin: another body's silhouette in the same walk and clothes, None where there is none.
      truth: what the twin looks like, likewise.
    """

    recording: Recording
    frame: np.ndarray
    original: np.ndarray
    incomplete: np.ndarray | None
    anonymized: np.ndarray
    twin: np.ndarray | None
    truth: np.ndarray | None


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

    def _cases(self, index: int, gaits: GaitStore, number: int) -> Iterator[_Case]:
        """The frames of a sequence, the `number`-th of the store, that could be anonymised."""
        dataset, sequence = self.study.dataset, gaits.sequences[number]
        recording = dataset.recording(index)
        kept, bodies, truths = np.arange(len(recording)), None, None
        if dataset.description["synthetic"]:
            members = dataset.members(self.study.data.group)
            following = (members.index(sequence.subject) + 1) % len(members)
            kept, bodies, truths = twins.film(sequence, members[following])
        for i in np.unique(np.linspace(0, len(kept) - 1, self.settings.frames, dtype=int)):
            frame = int(kept[i])
            made = gaits.mask(sequence.first + frame)
            if not made.any():
                # Left empty, as nothing could be made of it: there is nothing to colour.
                continue
            yield _Case(
                recording,
                recording.frame(frame),
                recording.complete(frame),
                recording.incomplete(frame),
                made,
                None if bodies is None else bodies[i],
                None if truths is None else truths[i],
            )

    def _colourisers(self) -> dict[str, Colouriser]:
        trained = {name: run.colouriser() for name, run in self.study.methods.items()}
        return {NEAREST: Placed(nearest.colourise), **trained}

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
            for case in self._cases(index, gaits, number):
                tiles = _compared(case, colourisers, values)
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
        return {NEAREST: "nearest pixel", **super().labels()}

    def sections(self, frame: pd.DataFrame) -> list[Section]:
        columns = "original, background, then for each colouriser by complete and by incomplete "
        columns += "silhouette: the anonymised gait"
        if self.study.dataset.description["synthetic"]:
            columns += ", the twin; the twin's truth"
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
    case: _Case,
    colourisers: dict[str, Colouriser],
    values: dict[tuple[str, str, str], list[tuple[float, float]]],
) -> list[np.ndarray]:
    """Colours a frame, adds PSNR and SSIM by (form, colouriser, set), and gives the pictures."""
    recording, frame, whole, made = case.recording, case.frame, case.original, case.anonymized
    box = np.zeros_like(whole)
    box[Crop.around(whole | made, 0.0).box] = 1
    tiles = [frame, recording.background]
    silhouettes = [(whole, False)]
    if case.incomplete is not None:
        silhouettes.append((case.incomplete, True))
    for name, colourise in colourisers.items():

        def add(form, sets, value, name=name):
            for one in sets:
                values.setdefault((form, name, one), []).append(value)

        # All see the same anonymised gait, that of the complete silhouette: the anonymiser of 2020
        # gives a whole person for either.
        for original, incomplete in silhouettes:
            sets = sets_of(recording.clothing, incomplete)
            found = colourise(Shot(frame, original, made), recording.background)
            add(BOX, sets, compare(found, frame, box))
            if (whole & made).any():
                add(OVERLAP, sets, compare(found, frame, whole & made))
            tiles.append(found)
            if case.twin is not None:
                found = colourise(Shot(frame, original, case.twin), recording.background)
                add(TWIN, sets, compare(found, case.truth, case.twin))
                tiles.append(found)
    tiles += [] if case.truth is None else [case.truth]
    return [Crop.around(whole | made, 0.15).cut(tile, _SHEET_SIDE) for tile in tiles]
