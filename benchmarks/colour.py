r"""PSNR and SSIM of the colourisers on walkers, beside the tables of Tieu et al. (2020).

    python benchmarks/colour.py --anonymizer runs/stgan_resampled_walkers \
        --checkpoint network=runs/colour [--checkpoint NAME=WORKDIR ...] [--sheet PNG]

Colours frames of the test subjects, by nearest pixel (2019 eq 9) and by each network given, and
prints both measures, means over frames, in three forms:

  box      as in the paper: the anonymised person on the plate beside the original frame, over the
           box around both. There is no ground truth in this: where the gaits differ one picture
           shows a person and the other the scene, whatever the colours.
  overlap  likewise, over the pixels that show the person in both: eq 9 copies them wherever the
           silhouette is complete, and is exact there.
  twin     the same walk in the same clothes on another body of the same height stands for the
           anonymised gait, and what it looks like for the truth; over its pixels. Only synthetic
           people have twins.

Sets: plain and textural clothing, by complete silhouettes; complete and incomplete silhouettes, by
all clothing. The anonymised gait is the same for both: that of the complete silhouette, as the
anonymiser of 2020 gives a whole person for either. Only eq 9 looks at the original's silhouette.
"""

import argparse
import math
import pathlib

import cv2
import jax
import numpy as np
import tqdm

from gait_jax import trainer
from gait_jax.anonymizer import Anonymizer
from gait_jax.colour import nearest
from gait_jax.colour.quality import compare
from gait_jax.data.dataset import GaitDataset
from gait_jax.gait import picture
from gait_jax.gait.crop import Crop
from tfds_casia.walkers import twin
from tfds_casia.walkers.recording import WalkName

SETS = ("plain", "textural", "complete", "incomplete")
FORMS = ("box", "overlap", "twin")
# Tables I and II: PSNR, then SSIM, in the order of `SETS`.
PAPER = {
    "2020, baseline": ((24.2417, 23.6273, 24.1035, 23.9494), (0.9062, 0.8970, 0.9042, 0.9047)),
    "2020, proposed": ((24.7302, 24.2822, 24.8346, 24.4664), (0.9142, 0.9065, 0.9094, 0.9126)),
}


class Measures:
    """What was measured: values by (form, method, set)."""

    def __init__(self):
        self._values: dict[tuple[str, str, str], list[tuple[float, float]]] = {}

    def add(self, form: str, method: str, clothing: str, incomplete: bool, value) -> None:
        """Adds a frame's (PSNR, SSIM) to the sets that it belongs to."""
        for name in ("incomplete",) if incomplete else ("complete", clothing):
            self._values.setdefault((form, method, name), []).append(value)

    def show(self, form: str, methods: list[str]) -> None:
        """Prints a table."""
        frames = {name: len(self._values[form, methods[0], name]) for name in SETS}
        print(f"\n{form} ({', '.join(f'{name} {n}' for name, n in frames.items())} frames)")
        header = "".join(f"{name:>11}" for name in SETS)
        print(f"{'':18}{'PSNR, dB':<44}{'SSIM':<44}\n{'':18}{header}{header}")
        for method in methods:
            means = [np.mean(self._values[form, method, name], axis=0) for name in SETS]
            psnr = "".join(
                f"{m[0]:11.2f}" if math.isfinite(m[0]) else f"{'exact':>11}" for m in means
            )
            print(f"{method:18}{psnr}{''.join(f'{m[1]:11.4f}' for m in means)}")
        if form == "box":
            for method, (psnr, ssim) in PAPER.items():
                print(
                    f"{method:18}{''.join(f'{v:11.2f}' for v in psnr)}"
                    f"{''.join(f'{v:11.4f}' for v in ssim)}"
                )


def _tile(image: np.ndarray, mask: np.ndarray) -> np.ndarray:
    return Crop.around(mask, 0.15).cut(image, 192)


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--anonymizer", type=pathlib.Path, required=True)
    parser.add_argument("--checkpoint", action="append", default=[], metavar="NAME=WORKDIR")
    parser.add_argument("--walks", type=int, default=60, help="how many, spread over the group")
    parser.add_argument("--frames", type=int, default=6, help="how many of each walk")
    parser.add_argument("--group", default="test")
    parser.add_argument("--data-dir", help="where walkers/rgb stands; the first run's by default")
    parser.add_argument("--sheet", type=pathlib.Path, help="a picture of some frames")
    args = parser.parse_args()

    colourisers = {"nearest pixel": nearest.colourise}
    config = None
    for given in args.checkpoint:
        name, workdir = given.split("=", 1)
        config, method, state, _ = trainer.load_run(pathlib.Path(workdir))
        colourisers[name] = method.colouriser(state)
    if config is None or config.data.name != "walkers":
        parser.error("give at least one --checkpoint NAME=WORKDIR of colour transfer on walkers")
    if args.data_dir:
        config.data.data_dir = args.data_dir
    dataset = GaitDataset(config.data)
    anonymizer = Anonymizer(args.anonymizer)
    members = dataset.members(args.group)
    walks = [i for i, walk in enumerate(dataset.walks) if walk.subject in members]
    # A step that shares no divisor with the views, so that all of them are met.
    chosen = [walks[i] for i in np.linspace(0, len(walks) - 1, args.walks).astype(int)]
    measures, rows = Measures(), []

    for number, index in enumerate(tqdm.tqdm(chosen, unit="walk")):
        walk, recording = dataset.walks[index], dataset.recording(index)
        name = WalkName(int(walk.subject), walk.condition, walk.sequence)
        body_of = int(members[(members.index(walk.subject) + 1) % len(members)])
        with_twin, twins, truths = twin.film(0, name, walk.view, body_of)
        places = np.linspace(0, len(with_twin) - 1, args.frames).astype(int)
        complete = [recording.complete(with_twin[i]) for i in places]
        gait = anonymizer(complete, jax.random.fold_in(jax.random.key(0), index)).masks
        for place, whole, anonymised in zip(places, complete, gait, strict=True):
            frame, torn = (
                recording.frame(with_twin[place]),
                recording.incomplete(with_twin[place]),
            )
            other, truth = twins[place] // 255, cv2.cvtColor(truths[place], cv2.COLOR_BGR2RGB)
            box = np.zeros_like(whole)
            box[Crop.around(whole | anonymised, 0.0).box] = 1
            tiles = [frame, recording.plate]
            for title, colourise in colourisers.items():
                for original, incomplete in ((whole, False), (torn, True)):
                    found = colourise(frame, recording.plate, original, anonymised)
                    on_twin = colourise(frame, recording.plate, original, other)
                    for form, value in (
                        ("box", compare(found, frame, box)),
                        ("overlap", compare(found, frame, whole & anonymised)),
                        ("twin", compare(on_twin, truth, other)),
                    ):
                        measures.add(form, title, recording.clothing, incomplete, value)
                    tiles += [found, on_twin]
            tiles.append(truth)
            if number % (len(chosen) // 8 or 1) == 0 and place == places[len(places) // 2]:
                rows.append(np.hstack([_tile(tile, whole | anonymised) for tile in tiles]))
    for form in FORMS:
        measures.show(form, list(colourisers))
    if args.sheet:
        picture.save_png(args.sheet, np.vstack(rows)[..., ::-1])


if __name__ == "__main__":
    main()
