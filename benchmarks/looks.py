"""How stand-ins look beside who was filmed, by what colours them.

    python benchmarks/looks.py [--only NAME,NAME] [--clip FILE] [--colour parts,nearest]
        [--out DIR] [--seed N] [--others N] [--speed N]

Films situations of `situation_list.py`, or takes a clip of your own, anonymises each, and measures
over all frames in which somebody is shown. Of the bodies, whatever colours them:

  kept      % of the true visible outline (of a clip of your own: the found one) that lies within 2
            pixels of an outline of the result, of people of 150 pixels and more
  tall      rows of the stand-in over the original's
  turning   total turning of the outline over the original's
  length    length of the outline over the original's
  flicker   of the outline from frame to frame, over the original's

and for each colouriser:

  score     the detector's score in a square around the person: of the original; of the result;
            the same with --faces keep
  flag      of the network of landmarks: likewise
  flicker   of colour from frame to frame, over the original's
  angles    correlation of the angles of hips and knees over time, as the landmarks have them,
            between the result and the original, and between the result and `--others` other people
            who are filmed in the same situation; and the largest at any lag of up to 0.6 seconds

`--speed N` times the whole command N times with each colouriser in turn on the clip of `side`.
`--out` keeps clips, results, a sheet of pictures each (the original, and below it what each
colouriser made), `looks.md` and `looks.json`.
"""

import argparse
import contextlib
import json
import pathlib
import resource
import subprocess
import sys
import tempfile
import time
import zlib
from collections.abc import Iterator, Sequence

import cv2
import filming
import look_counts
import look_tables
import numpy as np
import situation_counts
import situations
from filming import Filmed
from look_painters import COLOURISERS, Painters, Shown, anonymize
from situation_list import SITUATIONS

from gait_jax import runs
from gait_jax.anonymization import choices
from gait_jax.methods.contracts import Anonymizer
from gait_jax.pretrained import DEFAULT_METHOD, MODELS
from gait_jax.runtime.errors import InputError
from gait_jax.video.clip import Clip

DEFAULT = ("side", "oblique", "towards", "away", "crossing", "beside", "sun", "like_wall",
           "slow_rate", "1280x720")  # fmt: skip
# Seconds by which walks are moved against each other to lie best.
_LAG = 0.6
# Of a sheet: frames, and the rows and columns of a picture.
_SHEET, _CELL = 8, (300, 220)


def true_of(found: np.ndarray, truth: Filmed | None, index: int) -> tuple[int, np.ndarray]:
    """(who is found, their true mask); without truth, (0, the found mask)."""
    if truth is None:
        return 0, found
    masks = truth.visible[:, index]
    best = int(np.argmax([situation_counts.overlap(found, mask) for mask in masks]))
    return (best, masks[best]) if masks[best].any() else (best, found)


def walks(frames: Sequence[np.ndarray], truth: Filmed, eyes: look_counts.Eyes) -> np.ndarray:
    """The angles over time of people who were filmed, [P, T, 4]."""
    found = np.full((*truth.visible.shape[:2], len(look_counts.ANGLES)), np.nan)
    for person, masks in enumerate(truth.visible):
        for t, mask in enumerate(masks):
            if mask.any():
                found[person, t] = eyes.see(frames[t], mask).angles
    return found


def _pictures(paths: Sequence[pathlib.Path]) -> Iterator[tuple[np.ndarray, ...]]:
    """The frames of several clips of one length, side by side."""
    clips = [(frame.image for frame in Clip.open(path).frames()) for path in paths]
    return zip(*clips, strict=True)


def _sheet(cells: list[list[np.ndarray]]) -> np.ndarray:
    chosen = [cells[i] for i in np.linspace(0, len(cells) - 1, _SHEET).astype(int)]
    size = _CELL[::-1]
    return np.hstack([np.vstack([cv2.resize(one, size) for one in each]) for each in chosen])


def _cell(picture: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """What a sheet shows of somebody: a part of the picture of the cells' proportions."""
    x, y, width, height = cv2.boundingRect(mask.astype(np.uint8))
    tall = 1.25 * max(height, width * _CELL[0] / _CELL[1])
    centre = (x + width / 2, y + height / 2)
    patch = (int(tall * _CELL[1] / _CELL[0]), int(tall))
    return cv2.getRectSubPix(picture, patch, centre)


def measure(
    source: pathlib.Path,
    truth: Filmed | None,
    others: Sequence[np.ndarray],
    folder: pathlib.Path,
    painters: Painters,
    eyes: look_counts.Eyes,
) -> dict:
    """Measures a clip and its results, and writes its sheet.

    Args:
      source: the clip.
      truth: of it, where it was filmed.
      others: the angles of other people in the same situation, each [P, T, 4].
      folder: holds the results, and gets the sheet.
      painters: what `anonymize` gave.
      eyes: look at everybody.

    Returns:
      Lists of values by name, in "bodies" and by variant.
    """
    names = list(painters.each)
    shown: dict[int, list[Shown]] = {}
    for one in painters.shown:
        shown.setdefault(one.index, []).append(one)
    length = 1 + max(shown, default=0)
    bodies: list[dict] = []
    seen: dict[str, list[dict]] = {name: [] for name in names}
    # By person and variant ("" for the original): angles over time. Who each person truly is.
    series: dict[tuple[int, str], np.ndarray] = {}
    who: dict[int, int] = {}
    cells = []
    paths = [source, *(folder / f"{source.stem}_{name}.mp4" for name in names)]
    for t, (frame, *results) in enumerate(_pictures(paths)):
        here = shown.get(t, [])
        masks = [one.placed(one.body, frame.shape) for one in here]
        for one, body in zip(here, masks, strict=True):
            person, original = true_of(one.placed(one.original, frame.shape), truth, t)
            who.setdefault(one.number, person)
            bodies.append(look_counts.compared(original, body, look_counts.outlines(masks)))
            before = eyes.see(frame, original)
            looks = {"": before} | {
                name: eyes.see(picture, body) for name, picture in zip(names, results, strict=True)
            }
            for name, after in looks.items():
                unknown = np.full((length, len(look_counts.ANGLES)), np.nan)
                series.setdefault((one.number, name), unknown)[t] = after.angles
                if name:
                    seen[name].append(
                        {"score": after.score, "flag": after.flag,
                         "score_before": before.score, "flag_before": before.flag}
                    )  # fmt: skip
            chosen = [frame, *(p for n, p in zip(names, results, strict=True)
                               if n.endswith(choices.BLUR))]  # fmt: skip
            cells.append([_cell(picture, original | body) for picture in chosen])
    lag = round(_LAG * float(Clip.open(source).rate))
    variants = {}
    for name in names:
        walks_of = [
            look_counts.likeness(
                series[number, name],
                series[number, ""],
                [walk[person, :length] for walk in others],
                lag,
            )
            for number, person in who.items()
        ]
        flicker = {key: mean.value for key, mean in painters.each[name].flicker.items()}
        variants[name] = look_tables.listed(seen[name]) | {
            key: [value for one in walks_of for value in one[key]] for key in look_counts.LIKENESSES
        }
        variants[name] |= {"flicker": flicker}
    if cells:
        cv2.imwrite(str(folder / f"{source.stem}.png"), _sheet(cells))
    return {"bodies": look_tables.listed(bodies), "variants": variants}


def look_at(
    source: pathlib.Path,
    truth: Filmed | None,
    others: Sequence[np.ndarray],
    folder: pathlib.Path,
    anonymizer: Anonymizer,
    colours: Sequence[str],
    seed: int,
    eyes: look_counts.Eyes,
) -> dict:
    """Anonymises a clip, and measures it; what is refused says why."""
    row = {"situation": source.stem}
    try:
        painters = anonymize(source, folder, anonymizer, colours, seed)
    except InputError as error:
        return row | {"refused": str(error)}
    return row | measure(source, truth, others, folder, painters, eyes)


def filmed(
    name: str, folder: pathlib.Path, seed: int, others: int, eyes: look_counts.Eyes
) -> tuple[pathlib.Path, Filmed, list[np.ndarray]]:
    """Films a situation as `situations.py` does: (clip, truth, walks of others in the same)."""
    take, films = SITUATIONS[name], []
    for number in range(seed, seed + 1 + others):
        rng = np.random.default_rng([number, zlib.crc32(name.encode())])
        films.append(filming.film(take, rng))
    source = folder / f"{name}.mp4"
    situations.write(source, films[0].frames, take.rate, take.crf)
    return source, films[0], [walks(film.frames, film, eyes) for film in films[1:]]


def timed(
    source: pathlib.Path, folder: pathlib.Path, colours: Sequence[str], repeats: int
) -> dict[str, list[tuple[float, float]]]:
    """Seconds of the whole command, and of processors in it, by colouriser; in turn."""
    found: dict[str, list[tuple[float, float]]] = {colour: [] for colour in colours}
    for _ in range(repeats):
        for colour in colours:
            command = [sys.executable, "-m", "gait_jax.anonymize", source, "-o", folder / "t.mp4",
                       "--overwrite", "--no-progress", "--seed", 0, "--colour", colour]  # fmt: skip
            start, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
            done = subprocess.run([*map(str, command)], capture_output=True, text=True)
            if done.returncode not in (0, 3):
                sys.exit(f"looks.py: {done.stderr.strip()}")
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            work = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
            found[colour].append((time.perf_counter() - start, work))
    return found


def colours_of(given: str) -> list[str]:
    """The colourisers of a list of names between commas."""
    names = given.split(",")
    if unknown := [name for name in names if name not in COLOURISERS]:
        sys.exit(f"looks.py: no colouriser {', '.join(unknown)}; there are "
                 f"{', '.join(COLOURISERS)}")  # fmt: skip
    return names


def main() -> None:
    """Runs what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("--only", metavar="NAME,NAME", help="these situations alone")
    add("--clip", type=pathlib.Path, help="in place of situations")
    add("--colour", default=",".join(COLOURISERS), help="default: %(default)s")
    add("--out", type=pathlib.Path, metavar="DIR", help="keeps everything there")
    add("--seed", type=int, default=0, help="other people, in other places")
    add("--others", type=int, default=2, help="so many other people are compared with")
    add("--speed", type=int, default=0, metavar="N", help="times the command so often")
    add("--method", choices=MODELS, default=DEFAULT_METHOD, help="our model")
    args = parser.parse_args()
    colours = colours_of(args.colour)
    names = [] if args.clip else list(situations.chosen(args.only or ",".join(DEFAULT)))
    with contextlib.ExitStack() as stack:
        folder = args.out or pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory()))
        folder.mkdir(parents=True, exist_ok=True)
        try:
            eyes = look_counts.Eyes()
            anonymizer = runs.open_run(MODELS[args.method]).anonymizer()
        except InputError as error:
            sys.exit(f"looks.py: {error}")
        rows: list[dict] = []
        for name in names or [args.clip.stem]:
            print(f"{name} …", file=sys.stderr, flush=True)
            if args.clip:
                given = args.clip, None, []
            else:
                given = filmed(name, folder, args.seed, args.others, eyes)
            rows.append(look_at(*given, folder, anonymizer, colours, args.seed, eyes))
            text = look_tables.report(rows, colours)
            (folder / "looks.json").write_text(json.dumps(rows, indent=1))
            (folder / "looks.md").write_text(text + "\n")
        if args.speed:
            clip = folder / "side.mp4"
            if not clip.exists():
                filmed("side", folder, args.seed, 0, eyes)
            seconds = timed(clip, folder, colours, args.speed)
            text += "\n" + look_tables.speed(seconds)
            (folder / "speed.json").write_text(json.dumps(seconds))
            (folder / "looks.md").write_text(text + "\n")
    print(text)


if __name__ == "__main__":
    main()
