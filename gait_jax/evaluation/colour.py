"""How true colours are: PSNR and SSIM of the colourisers, beside tables I and II of 2020."""

import math
import pathlib
from typing import Any

import jax
import ml_collections
import numpy as np
import tqdm

from gait_jax import trainer
from gait_jax.anonymizer import Anonymizer
from gait_jax.colour import nearest
from gait_jax.colour.quality import compare
from gait_jax.data import source, twins
from gait_jax.data.dataset import GaitDataset
from gait_jax.evaluation import page, settings
from gait_jax.evaluation.recognisers import with_data
from gait_jax.gait import picture
from gait_jax.gait.crop import Crop
from gait_jax.pretrained import DEFAULT
from gait_jax.runtime import keys, records
from gait_jax.runtime.errors import InputError
from gait_jax.runtime.files import write_bytes

SETS = ("plain", "textural", "complete", "incomplete")
NEAREST = "nearest pixel"
BOX, OVERLAP, TWIN = "box", "overlap", "twin"
_FORMS = {
    TWIN: "The same walk in the same clothes on another body of the same height stands for the "
    "anonymised gait, and what it looks like for the truth; over its pixels. Only synthetic people "
    "have twins.",
    OVERLAP: "The anonymised person on the plate beside the original frame, over the pixels that "
    "show the person in both. Eq 9 copies them wherever the silhouette is complete, and is exact "
    "there.",
    BOX: "The same, over the box around both gaits; the paper does not say over which region it "
    "measures. There is no truth in this: where the gaits differ one picture shows a person and "
    "the other the scene, whatever the colours.",
}
# Tables I and II: PSNR, then SSIM, in the order of `SETS`.
_PAPER = {
    "2020 on CASIA-B, its baseline": (
        (24.2417, 23.6273, 24.1035, 23.9494),
        (0.9062, 0.8970, 0.9042, 0.9047),
    ),
    "2020 on CASIA-B, its network": (
        (24.7302, 24.2822, 24.8346, 24.4664),
        (0.9142, 0.9065, 0.9094, 0.9126),
    ),
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


class _Measures:
    """PSNR and SSIM of single frames, by (form, method, set)."""

    def __init__(self):
        self._values: dict[tuple[str, str, str], list[tuple[float, float]]] = {}

    def add(self, form: str, method: str, sets: tuple[str, ...], value) -> None:
        for name in sets:
            self._values.setdefault((form, method, name), []).append(value)

    def rows(self) -> list[dict[str, Any]]:
        """A row each; PSNR is None where a colouriser was exact in a frame."""
        rows = []
        for (form, method, name), values in self._values.items():
            psnr, ssim = np.mean(values, axis=0)
            rows.append(
                {
                    "form": form,
                    "method": method,
                    "set": name,
                    "frames": len(values),
                    "psnr": float(psnr) if math.isfinite(psnr) else None,
                    "ssim": float(ssim),
                }
            )
        return rows


class _Walks:
    """The frames that are coloured, a walk at a time."""

    def __init__(self, config: ml_collections.ConfigDict, anonymizer: Anonymizer, progress: bool):
        data = config.data
        self._dataset, self._anonymizer = GaitDataset(data, progress), anonymizer
        self._key = keys.stream(config.seed, "colour_quality_gait")
        self._frames = config.frames
        self._members = self._dataset.members(data.group)
        self.synthetic = source.is_synthetic(data.name)
        self.description = self._dataset.description
        walks = [i for i, w in enumerate(self._dataset.walks) if w.subject in self._members]
        # A step that shares no divisor with the views, so that all of them are met.
        self.indices = [
            walks[i]
            for i in np.linspace(0, len(walks) - 1, min(config.walks, len(walks)), dtype=int)
        ]

    def frames(self, index: int):
        """Yields (recording, place in it, S_Or, S_An, twin's mask or None, its picture or None)."""
        walk, recording = self._dataset.walks[index], self._dataset.recording(index)
        kept, others, truths = np.arange(len(recording)), None, None
        if self.synthetic:
            following = (self._members.index(walk.subject) + 1) % len(self._members)
            kept, others, truths = twins.film(walk, self._members[following])
        places = np.unique(np.linspace(0, len(kept) - 1, self._frames, dtype=int))
        complete = [recording.complete(kept[i]) for i in places]
        gait = self._anonymizer(complete, jax.random.fold_in(self._key, index)).masks
        for place, whole, anonymised in zip(places, complete, gait, strict=True):
            if not anonymised.any():
                # Left empty, as nothing could be made of it: there is nothing to colour.
                continue
            other = truth = None
            if self.synthetic:
                other, truth = others[place], truths[place]
            yield recording, kept[place], whole, anonymised, other, truth


def _colourisers(config, workdir: pathlib.Path, progress: bool) -> dict[str, Any]:
    """By title; networks that are not trained yet are trained here."""
    found = {NEAREST: nearest.colourise}
    for name, network in config.networks.items():
        folder = pathlib.Path(network.checkpoint).expanduser()
        if not network.checkpoint:
            folder = workdir / "networks" / name
            train = with_data(network.train, config.data)
            train.anonymizer.checkpoint = config.anonymizer.checkpoint
            trainer.train_and_evaluate(train, folder, progress)
        _, method, state, _ = trainer.load_run(folder)
        if not hasattr(method, "colouriser"):
            raise InputError(f"{folder} (networks.{name}.checkpoint) is no run of colour transfer")
        found[network.label] = method.colouriser(state)
    return found


def _tile(image: np.ndarray, mask: np.ndarray) -> np.ndarray:
    return Crop.around(mask, 0.15).cut(image, _SHEET_SIDE)


def _measure(walks: _Walks, colourisers, progress: bool) -> tuple[list[dict[str, Any]], np.ndarray]:
    """(rows of PSNR and SSIM, a sheet of pictures, blue, green, red)."""
    measures, sheet = _Measures(), []
    every = max(len(walks.indices) // _SHEET_WALKS, 1)
    for number, index in enumerate(tqdm.tqdm(walks.indices, unit="walk", disable=not progress)):
        tiles = []
        for recording, place, whole, anonymised, other, truth in walks.frames(index):
            frame, torn = recording.frame(place), recording.incomplete(place)
            box = np.zeros_like(whole)
            box[Crop.around(whole | anonymised, 0.0).box] = 1
            tiles = [frame, recording.plate]
            silhouettes = [(whole, False)] + ([] if torn is None else [(torn, True)])
            for title, colourise in colourisers.items():
                # All see the same anonymised gait, that of the complete silhouette: the anonymiser
                # of 2020 gives a whole person for either.
                for original, incomplete in silhouettes:
                    sets = sets_of(recording.clothing, incomplete)
                    found = colourise(frame, recording.plate, original, anonymised)
                    measures.add(BOX, title, sets, compare(found, frame, box))
                    shared = whole & anonymised
                    if shared.any():
                        measures.add(OVERLAP, title, sets, compare(found, frame, shared))
                    tiles.append(found)
                    if other is not None:
                        found = colourise(frame, recording.plate, original, other)
                        measures.add(TWIN, title, sets, compare(found, truth, other))
                        tiles.append(found)
            tiles += [] if truth is None else [truth]
            tiles = [_tile(tile, whole | anonymised) for tile in tiles]
        # The walk's last frame.
        if tiles and number % every == 0:
            sheet.append(np.hstack(tiles))
    if not sheet:
        raise InputError(
            "no frame could be anonymised: check the data set and anonymizer.checkpoint"
        )
    return measures.rows(), np.vstack(sheet)[..., ::-1]


def _table(results: dict[str, Any], form: str) -> str:
    found = {(r["method"], r["set"]): r for r in results["rows"] if r["form"] == form}
    body = []
    for method in results["methods"]:
        line = [method]
        for name in SETS:
            row = found.get((method, name))
            if row is None:
                line.append("–")
            else:
                psnr = "exact" if row["psnr"] is None else f"{row['psnr']:.2f}"
                line.append(f"{psnr}, {row['ssim']:.3f}")
        body.append(line)
    if form == BOX:
        body += [
            [name, *(f"{p:.2f}, {s:.3f}" for p, s in zip(psnr, ssim, strict=True))]
            for name, (psnr, ssim) in _PAPER.items()
        ]
    frames = [str(found[NEAREST, s]["frames"]) if (NEAREST, s) in found else "0" for s in SETS]
    return page.table(["", *SETS], [*body, ["frames", *frames]])


def _report(path: pathlib.Path, results: dict[str, Any], sheet: pathlib.Path) -> None:
    parts = [
        "<p>PSNR in dB and SSIM, means over frames; larger is better. Sets: plain and textural "
        "clothing, by complete silhouettes; complete and incomplete silhouettes, by all clothing. "
        "Only eq 9 looks at the original's silhouette.</p>"
    ]
    for form, declared in _FORMS.items():
        if any(row["form"] == form for row in results["rows"]):
            parts += [f"<h2>{form}</h2><p>{declared}</p>", _table(results, form)]
    columns = "original, plate, then for each colouriser by complete and by incomplete silhouette: "
    columns += "the anonymised gait" + (", the twin; the twin's truth" if results["twins"] else "")
    parts += [
        "<h2>What it looks like</h2>",
        f"<p class='note'>A walk a row: {columns}.</p>",
        page.image(sheet.read_bytes(), "coloured frames"),
    ]
    title = f"colour on {results['data']['name']}"
    page.write(path, title, f"How true are the colours? {title}", results, parts)


def evaluate(
    config: ml_collections.ConfigDict, workdir: pathlib.Path, progress: bool = True
) -> dict[str, Any]:
    """Measures how true to the original the colourisers' colours are (2020 §IV-B).

    Colours frames of people outside the training by nearest pixel (2019 eq 9) and by each network.
    Everything stands in the folder: networks/ (training runs), sheet.png, results.json and
    report.html.

    Args:
      config: the configuration (see `configs/colour_quality.py`).
      workdir: the folder, made where it is missing.
      progress: whether to show progress bars.

    Returns:
      What also stands in results.json.

    Raises:
      InputError: the configuration, the data or the folder cannot be used.
      DivergedError: a training's loss became NaN or infinite.
    """
    workdir = pathlib.Path(workdir)
    settings.check_colour(config)
    given = config.anonymizer.checkpoint
    anonymizer = Anonymizer(pathlib.Path(given).expanduser() if given else DEFAULT)
    walks = _Walks(config, anonymizer, progress)
    records.make_workdir(workdir)
    colourisers = _colourisers(config, workdir, progress)
    rows, drawn = _measure(walks, colourisers, progress)
    sheet = workdir / "sheet.png"
    write_bytes(sheet, picture.png(drawn))
    results = {
        "methods": list(colourisers),
        "twins": walks.synthetic,
        "forms": _FORMS,
        "paper": {name: {"psnr": p, "ssim": s} for name, (p, s) in _PAPER.items()},
        "seed": config.seed,
        "data": walks.description,
        "software": records.software(),
        "rows": rows,
    }
    records.write_json(workdir / "results.json", results)
    _report(workdir / "report.html", results, sheet)
    return results
