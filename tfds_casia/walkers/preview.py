"""Shows walkers: writes a contact sheet and a clip.

    python -m tfds_casia.walkers.preview -o DIR [--subject 1 2 3] [--view 0 54 90] [--seed 0]

DIR/walkers.png has three rows for each walker and condition, in colour and as exact and degraded
silhouettes, and in them some moments of the walk for each view. DIR/walkers.mp4 shows the walkers
one after another, the chosen views side by side, in colour above and in silhouette below.
"""

import argparse
import pathlib

import cv2
import numpy as np

from tfds_casia.walkers import camera, gait, generation
from tfds_casia.walkers.generation import Plan
from tfds_casia.walkers.recording import WalkName

_MOMENTS = (0.3, 0.4, 0.5)
_CROP = 130  # columns of a picture on the sheet


def _decoded(files: list[bytes]) -> list[np.ndarray]:
    return [cv2.imdecode(np.frombuffer(file, np.uint8), cv2.IMREAD_COLOR) for file in files]


def _around(mask: np.ndarray) -> slice:
    """The columns of a picture's crop, around the person."""
    middle = int(np.nonzero(mask.any(axis=(0, 2)))[0].mean())
    left = int(np.clip(middle - _CROP // 2, 0, mask.shape[1] - _CROP))
    return slice(left, left + _CROP)


def _row(recordings: list[generation.Example]) -> np.ndarray:
    """One walk on the sheet: colour above, silhouettes below, view after view."""
    rows: list[list[np.ndarray]] = [[], [], []]
    for recording in recordings:
        pictures = [
            _decoded(recording[key]) for key in ("colour_frames", "frames", "degraded_frames")
        ]
        for moment in _MOMENTS:
            index = int(moment * len(pictures[0]))
            columns = _around(pictures[1][index])
            for row, kind in zip(rows, pictures, strict=True):
                row.append(kind[index][20:230, columns])
    return np.vstack([np.hstack(row) for row in rows])


def _clip(path: pathlib.Path, walks: list[list[generation.Example]]) -> None:
    """Writes the walks one after another as MPEG-4 video."""
    size = camera.WIDTH * len(walks[0]), 2 * camera.HEIGHT
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"mp4v"), gait.FRAME_RATE, size)
    if not writer.isOpened():
        raise OSError(f"{path}: this OpenCV cannot write MPEG-4 video")
    for recordings in walks:
        colour = [_decoded(recording["colour_frames"]) for recording in recordings]
        masks = [_decoded(recording["frames"]) for recording in recordings]
        for above, below in zip(zip(*colour, strict=True), zip(*masks, strict=True), strict=True):
            writer.write(np.vstack([np.hstack(above), np.hstack(below)]))
    writer.release()


def main() -> None:
    """Makes some recordings and shows them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-o", "--output", type=pathlib.Path, required=True, metavar="DIR")
    parser.add_argument("--subject", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--view", type=int, nargs="+", default=[0, 54, 90], choices=camera.VIEWS)
    parser.add_argument("--condition", nargs="+", default=["nm", "bg", "cl"])
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    plan = Plan(seed=args.seed, views=tuple(sorted(args.view)), kind="rgb")
    names = [WalkName(who, what, 1) for who in args.subject for what in args.condition]
    walks = [[found for _, found in generation.examples(plan, name)] for name in names]
    args.output.mkdir(parents=True, exist_ok=True)
    sheet, clip = args.output / "walkers.png", args.output / "walkers.mp4"
    cv2.imwrite(str(sheet), np.vstack([_row(walk) for walk in walks]))
    _clip(clip, walks)
    print(f"{sheet}\n{clip}")


if __name__ == "__main__":
    main()
