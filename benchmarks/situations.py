"""What becomes of people in ordinary and awkward clips, filmed with their truth.

    python benchmarks/situations.py [--only NAME,NAME] [--out DIR] [--seed N] [--segmenter NAME]

Films made people in made places (`situation_list.py` has the situations), anonymises each clip with
this project's functions, and prints, for each:

  shown     % of the frames with a body wholly in the picture, and no more than half of it behind
            something, in which somebody is painted there, of a third of its area or more
  blinks    changes between shown and hidden in 100 such frames
  unsaid    such frames in which nobody is, and which the report does not list as hidden for them
  unlisted  frames, of each person, in which more than 2 % of their visible pixels are as they were
            outside the painted body, and which the report does not list as hidden for them
  false     people in the report who overlap nobody in any frame, of how many there are
  ghosts    the largest share of a person in a frame that the result's scene shows
  found     % of such frames in which a silhouette has an IoU of 0.5 or more with the true one
  IoU       the mean of those
  outline   % of the true outline that lies on the painted one, within a pixel

`--out` keeps clips, results, a sheet of pictures each (what was filmed, found and true outlines,
result), `situations.md` and `situations.json`, written anew after each situation.
"""

import argparse
import contextlib
import json
import pathlib
import sys
import tempfile
import time
import zlib
from fractions import Fraction

import av
import cv2
import filming
import numpy as np
import situation_counts
from filming import Filmed, Take
from situation_counts import Sight
from situation_list import SITUATIONS

from gait_jax import runs
from gait_jax.anonymization.following import Following
from gait_jax.anonymization.looking import look
from gait_jax.anonymization.options import Options
from gait_jax.anonymization.videos import anonymize_video
from gait_jax.methods.contracts import Anonymizer
from gait_jax.pretrained import DEFAULT_METHOD, MODELS
from gait_jax.runtime import keys
from gait_jax.runtime.errors import InputError
from gait_jax.video import planes, segmenters
from gait_jax.video.bodies import Bodies
from gait_jax.video.clip import Clip

# Grey levels that compression changes, and standard deviations of the sensor's noise that count as
# no difference.
_LEAST, _SIGMAS = 8.0, 2.5
_SHEET = 4
_COLUMNS = {
    "shown": ("shown", "%"), "blinks": ("blinks", ".1f"),
    "unsaid": ("unsaid", "d"), "unlisted": ("unlisted", "d"),
    "false_people": ("false", "d"), "people": ("people", "d"), "ghosts": ("ghosts", "%"),
    "found": ("found", "%"), "iou": ("IoU", ".3f"), "outline_kept": ("outline", "%"),
    "seconds": ("s", ".0f"),
}  # fmt: skip


def write(path: pathlib.Path, frames: np.ndarray, rate: int, crf: int) -> None:
    """Writes an H.264 clip of frames [T, H, W, 3] uint8, H and W even."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=Fraction(rate), options={"crf": str(crf)})
        stream.width, stream.height = frames.shape[2], frames.shape[1]
        stream.pix_fmt = "yuv420p"
        for image in frames:
            container.mux(stream.encode(planes.encode(image, bt709=False)))
        container.mux(stream.encode(None))


def read(path: pathlib.Path) -> np.ndarray:
    """A clip's frames, [T, H, W, 3] uint8."""
    return np.stack([frame.image for frame in Clip.open(path).frames()])


def follow(
    path: pathlib.Path, anonymizer: Anonymizer, options: Options
) -> tuple[np.ndarray, list[list[Sight]], list[int]]:
    """Finds and follows the people of a clip as `anonymize_video` does.

    Returns:
      (the scene in each frame, [T, H, W, 3]; who is in it; the numbers there of the report's
      people).
    """
    looked = look(Clip.open(path), options)
    clip = looked.clip
    frames = (looked.find(frame.image) for frame in clip.frames())
    seen = []
    with Following(frames, anonymizer.glimpse, float(clip.rate)) as found:
        for sights in found:
            kept = []
            for one in sights:
                mask = np.zeros((clip.height, clip.width), bool)
                mask[one.crop] = found.mask(one)
                kept.append(Sight(one.whose.number, mask))
            seen.append(kept)
        numbers = [one.number for one in found.people.values()]
    scenes = np.stack([looked.scene.at(i).picture for i in range(len(seen))])
    return scenes, seen, numbers


def sheet(
    frames: np.ndarray, truth: Filmed, seen: list[list[Sight]], result: np.ndarray
) -> np.ndarray:
    """Some frames, with true outlines in green and found ones in red, and what became of them."""
    rows = []
    for t in np.linspace(0, len(frames) - 1, _SHEET).astype(int):
        drawn = frames[t].copy()
        true = [(mask, (0, 255, 0)) for mask in truth.visible[:, t]]
        for mask, colour in true + [(sight.mask, (0, 0, 255)) for sight in seen[t]]:
            lines, _ = cv2.findContours(
                mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE
            )
            cv2.drawContours(drawn, lines, -1, colour, 1)
        rows.append(np.hstack([frames[t], drawn, result[t]]))
    return np.vstack(rows)


def measure(
    name: str,
    take: Take,
    folder: pathlib.Path,
    anonymizer: Anonymizer,
    options: Options,
    seed: int,
) -> dict:
    """Films a situation, anonymises it, and counts; what is refused says why."""
    truth = filming.film(take, np.random.default_rng([seed, zlib.crc32(name.encode())]))
    source, out = folder / f"{name}.mp4", folder / f"{name}_anonymized.mp4"
    write(source, truth.frames, take.rate, take.crf)
    row = {"situation": name, "size": list(take.size), "frames": take.frames}
    start = time.perf_counter()
    try:
        key = keys.named_key(keys.random_key(seed), source.name)
        entry = anonymize_video(anonymizer, look(Clip.open(source), options), out, key, options)
    except InputError as error:
        return row | {"refused": str(error)}
    row |= {"seconds": time.perf_counter() - start}
    scenes, seen, numbers = follow(source, anonymizer, options)
    if len(numbers) != len(entry["people"]):
        raise RuntimeError(f"{name}: the report has other people than were followed")
    people = dict(zip(numbers, entry["people"], strict=True))
    frames, result = read(source), read(out)
    cv2.imwrite(str(folder / f"{name}.png"), sheet(frames, truth, seen, result))
    cv2.imwrite(str(folder / f"{name}_scene.png"), scenes[len(scenes) // 2])
    limit = max(_LEAST, _SIGMAS * take.noise)
    counted = situation_counts.count(frames, result, scenes, truth, seen, people, limit)
    return row | counted | {"summary": entry["summary"], "warnings": entry["warnings"]}


def _cell(value: float | None, form: str) -> str:
    if value is None:
        return "–"
    return f"{100 * value:.1f} %" if form == "%" else format(value, form)


def table(rows: list[dict]) -> str:
    """What was counted, as Markdown."""
    lines = [
        "| situation | " + " | ".join(title for title, _ in _COLUMNS.values()) + " |",
        "|---" * (len(_COLUMNS) + 1) + "|",
    ]
    for row in rows:
        cells = [_cell(row[key], form) for key, (_, form) in _COLUMNS.items() if key in row]
        if "refused" in row:
            cells = [f"refused: {row['refused']}"] + [""] * (len(_COLUMNS) - 1)
        lines.append(f"| {row['situation']} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def chosen(given: str | None) -> dict[str, Take]:
    """The situations of a list of names between commas; all of them without."""
    names = given.split(",") if given else list(SITUATIONS)
    unknown = [name for name in names if name not in SITUATIONS]
    if unknown:
        sys.exit(f"situations.py: no situation {', '.join(unknown)}; there are "
                 f"{', '.join(SITUATIONS)}")  # fmt: skip
    return {name: SITUATIONS[name] for name in names}


def main() -> None:
    """Runs what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", metavar="NAME,NAME", help="these situations alone")
    parser.add_argument("--out", type=pathlib.Path, metavar="DIR", help="keeps everything there")
    parser.add_argument("--seed", type=int, default=0, help="other people, in other places")
    parser.add_argument("--segmenter", default=segmenters.PEOPLE, help="as of gait_jax.anonymize")
    parser.add_argument("--method", choices=MODELS, default=DEFAULT_METHOD, help="our model")
    args = parser.parse_args()
    takes = chosen(args.only)
    with contextlib.ExitStack() as stack:
        folder = args.out or pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory()))
        folder.mkdir(parents=True, exist_ok=True)
        try:
            options = Options(segmenter=args.segmenter, progress=False)
            if options.looks_for_people:
                Bodies()  # Says at once where the networks are missing.
            anonymizer = runs.open_run(MODELS[args.method]).anonymizer()
        except InputError as error:
            sys.exit(f"situations.py: {error}")
        rows: list[dict] = []
        for name, take in takes.items():
            print(f"{name} …", file=sys.stderr, flush=True)
            rows.append(measure(name, take, folder, anonymizer, options, args.seed))
            (folder / "situations.json").write_text(json.dumps(rows, indent=1))
            (folder / "situations.md").write_text(table(rows) + "\n")
    print(table(rows))


if __name__ == "__main__":
    main()
