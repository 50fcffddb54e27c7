"""How fast walkers are made, how they step, and how they compare with real people.

    python benchmarks/walkers.py [--subjects 8] [--casia-a DIR --sheet OUT.png]

Printed:

  rates      frames a second on one core, all in one process with one thread: silhouettes with
             everything from drawing the person to the PNG files; colour likewise, to the JPEG files
             of the colour frames, with both silhouettes and the background
  cadence    steps a minute over the walks
  slide      how far, in pixels of the side view, the lowest point of a foot's sole moves over the
             ground while it bears the body (8 to 58 % of its cycle), summed over a step
  table      beside CASIA-A, if its folder is given (DIR/NAME/VIEW_SEQ/*.png, seen from the side,
             at 45 degrees and from the front or back): height over width of the bounding box, its
             mean and its 5th and 95th percentile over frames; length of the boundary over the
             height; mean of the gait energy image. The masks of both are cleaned first

OUT.png shows CASIA-A's frames above walkers' for each view. It holds frames of CASIA-A, which must
not be passed on.
"""

import argparse
import pathlib
import time

import cv2
import numpy as np

from gait_jax.gait import contour, gei, silhouette
from tfds_casia.walkers import generation, recording
from tfds_casia.walkers.body import Part
from tfds_casia.walkers.generation import Plan
from tfds_casia.walkers.recording import WalkName

# CASIA-A counts its views from the image plane, CASIA-B from the walk.
VIEWS = {"00": (90,), "45": (36, 54, 126, 144), "90": (0, 180)}
PIXELS_PER_METRE = 500 / 7
SHEET_ROWS, SHEET_FRAMES = 5, 8


def rate(kind: str, walks: list[WalkName]) -> float:
    """Frames a second at which a kind of data set is recorded."""
    plan = Plan(kind=kind)
    generation.examples(plan, walks[0])
    start, frames = time.perf_counter(), 0
    for name in walks:
        frames += sum(len(example["frames"]) for _, example in generation.examples(plan, name))
    return frames / (time.perf_counter() - start)


def slides(moving: recording.Motion) -> list[float]:
    """Pixels by which each foot slides in each of its steps."""
    figure, found = moving.figure, []
    rest = figure.vertices
    soles = (figure.parts == Part.FOOT) & (rest[:, 2] < rest[:, 2].min() + 0.03)
    for side, later in ((-1, 0.0), (1, 0.5)):
        points = moving.vertices[:, soles & (side * rest[:, 1] > 0)]
        height = points[1:, :, 2] + points[:-1, :, 2]
        moved = np.linalg.norm(np.diff(points[..., :2], axis=0), axis=-1)
        lowest = moved[np.arange(len(moved)), height.argmin(axis=1)] * PIXELS_PER_METRE
        phase = moving.phase[:-1] + later
        bearing = (phase % 1 > 0.08) & (phase % 1 < 0.58)
        for step in np.unique(np.floor(phase)):
            chosen = bearing & (np.floor(phase) == step)
            if chosen.sum() >= 8:
                found.append(float(lowest[chosen].sum()))
    return found


def statistics(masks: list[np.ndarray]) -> list[float]:
    """The table's numbers of a sequence's cleaned masks, [H, W] of 0 and 1."""
    shape, outline = [], []
    for mask in masks:
        _, _, width, height = cv2.boundingRect(mask)
        shape.append(height / width)
        outline.append(contour.length(mask) / height)
    image = gei.gait_energy_image(np.stack([gei.align(mask) for mask in masks])) / 255
    low, high = np.percentile(shape, [5, 95])
    return [np.mean(shape), low, high, np.mean(outline), image.mean()]


def people(folder: pathlib.Path, view: str) -> list[list[np.ndarray]]:
    """CASIA-A's sequences of a view: cleaned masks, whole people only."""
    found = []
    for sequence in sorted(folder.glob(f"*/{view}_*")):
        images = [
            cv2.imread(str(path), cv2.IMREAD_GRAYSCALE) for path in sorted(sequence.iterdir())
        ]
        masks = [silhouette.binarize(image) for image in images if image is not None]
        masks = [silhouette.clean(mask) for mask in masks if mask.any()]
        tallest = np.median([cv2.boundingRect(mask)[3] for mask in masks])
        found.append([mask for mask in masks if cv2.boundingRect(mask)[3] > 0.8 * tallest])
    return found


def walkers(subjects: int, view: str) -> list[list[np.ndarray]]:
    """The walkers' masks of normal walks in the views that correspond to one of CASIA-A's."""
    found = []
    for subject in range(1, subjects + 1):
        moving = recording.move(0, WalkName(subject, "nm", 1))
        for angle in VIEWS[view]:
            sight = recording.see(moving, angle)
            whole = sight.window.paste(sight.masks // 255, (240, 320))
            found.append([silhouette.clean(mask) for mask in whole])
    return found


def strip(sequences: list[list[np.ndarray]]) -> np.ndarray:
    """Some frames of some sequences, scaled to one height, [rows * 128, frames * 96]."""
    rows = []
    for index in np.linspace(0, len(sequences) - 1, SHEET_ROWS).round().astype(int):
        masks = sequences[index]
        start = max(len(masks) // 2 - SHEET_FRAMES, 0)
        frames = [gei.align(mask) for mask in masks[start::2][:SHEET_FRAMES]]
        frames += [np.zeros((64, 64), np.uint8)] * (SHEET_FRAMES - len(frames))
        rows.append(np.hstack([cv2.resize(frame, (128, 128)) for frame in frames]))
    return np.vstack(rows)


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--subjects", type=int, default=8)
    parser.add_argument("--casia-a", type=pathlib.Path)
    parser.add_argument("--sheet", type=pathlib.Path)
    args = parser.parse_args()
    cv2.setNumThreads(1)
    walks = [WalkName(subject, what, 1) for subject in (1, 2) for what in ("nm", "bg", "cl")]
    print(f"silhouettes {rate('silhouettes', walks):.0f} frames/s a core")
    print(f"colour      {rate('rgb', walks[:3]):.0f} frames/s a core")
    cadences, slid = [], []
    for subject in range(1, args.subjects + 1):
        moving = recording.move(0, WalkName(subject, "nm", 1))
        cadences.append(moving.cadence)
        slid += slides(moving)
    print(f"cadence     {min(cadences):.0f} to {max(cadences):.0f}, mean {np.mean(cadences):.0f}")
    median, high = np.percentile(slid, [50, 95])
    print(
        f"slide       {median:.2f} px median, {high:.2f} px 95th percentile, {max(slid):.2f} px max"
    )
    if not args.casia_a:
        return
    print("view  of         height/width  (5 % .. 95 %)  outline/height     GEI mean")
    sheets = []
    for view in VIEWS:
        both = {"people": people(args.casia_a, view), "walkers": walkers(args.subjects, view)}
        for whose, sequences in both.items():
            mean, low, high, *rest = np.mean([statistics(masks) for masks in sequences], axis=0)
            print(
                f"{view:4}  {whose:8} {mean:12.2f}   ({low:.2f} .. {high:.2f})"
                f"{rest[0]:14.2f} {rest[1]:12.3f}"
            )
        sheets.append(np.vstack([strip(sequences) for sequences in both.values()]))
    if args.sheet:
        cv2.imwrite(str(args.sheet), np.hstack(sheets))


if __name__ == "__main__":
    main()
