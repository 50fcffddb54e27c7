"""How fast stand-ins are drawn and rendered, whether their feet slide, and whom they resemble.

    python benchmarks/standins.py [--people 100] [--casia-a DIR] [--sheet OUT.png]

Printed:

  set-up     seconds to draw and dress a person
  rate       silhouettes a second on one core, 130 and 180 pixels tall, clips of 100 frames
  slide      centimetres by which the part of a sole that bears the body slips in a step (8 to 55 %
             of its cycle): median and 95th percentile over people, at several speeds, where they
             start and stop within 0.6 s, and where they turn by 90 degrees a second
  table      beside CASIA-A, if its folder is given (DIR/NAME/VIEW_SEQ/*.png): over all frames, 5th
             percentile, median and 95th percentile of the bounding box's width over its height, and
             of the silhouette's area over the height's square. The masks are cleaned first

OUT.png shows 24 people from the front, obliquely, from the side and from behind, twice each: a
sheet for each speed and height of the camera.
"""

import argparse
import os
import pathlib
import time

# One core, before NumPy is there.
os.environ["OPENBLAS_NUM_THREADS"] = "1"

import cv2
import numpy as np

from gait_jax.gait import silhouette
from tfds_casia.walkers import rhythm, standin

# View of CASIA-A, which counts from the image plane: azimuths.
VIEWS = {"00": (90, -90), "45": (45, -45, 135, -135), "90": (0, 180)}
ELEVATION = 5.0  # about as high as CASIA-A's camera
CELL = 200, 120
SHEETS = ((None, 0), (0.0, 15), (0.5, 30), (1.9, 0))


def at_usual_pace(someone: standin.Standin, frames: int) -> rhythm.Steps:
    """Steps of a person at the pace that they prefer."""
    own = someone.pace.preference
    return rhythm.own(np.full(frames, own.frequency * own.stride), own, 0.0)


def rate(someone: standin.Standin, pixels: float, frames: int = 100, rounds: int = 8) -> float:
    """Silhouettes a second."""
    one, best = np.ones(frames), np.inf
    for _ in range(rounds):
        start = time.process_time()
        steps = rhythm.own(1.2 * one, someone.pace.preference, 0.0)
        someone.see(steps, np.linspace(-90, 90, frames), 10 * one, pixels * one)
        best = min(best, time.process_time() - start)
    return frames / best


def slides(someone: standin.Standin, steps: rhythm.Steps) -> list[float]:
    """Centimetres by which each foot slips in each of its steps."""
    turn, found = np.radians(steps.heading), []
    forth = np.stack([np.cos(turn), np.sin(turn)], axis=-1)
    axes = np.stack([forth, np.stack([-forth[:, 1], forth[:, 0]], axis=-1)], axis=1)
    for side, points in enumerate(someone.pace.footprints(someone.pose(steps))):
        world = points[..., :2] @ axes + steps.path()[:, None]
        lowest = (points[1:, :, 2] + points[:-1, :, 2]).argmin(axis=1)
        moved = np.diff(world, axis=0)[np.arange(len(lowest)), lowest]
        own = steps.phase[:-1] + side / 2
        bearing = (own % 1 > 0.08) & (own % 1 < 0.55)
        for step in np.unique(np.floor(own)):
            chosen = bearing & (np.floor(own) == step)
            if chosen.sum() >= 6:
                found.append(100 * float(np.linalg.norm(moved[chosen], axis=1).sum()))
    return found


def shape(mask: np.ndarray) -> tuple[float, float]:
    """Width over height and area over the height's square of a mask of 0 and more."""
    _, _, width, height = cv2.boundingRect(mask)
    return width / height, np.count_nonzero(mask) / height**2


def real(folder: pathlib.Path, view: str) -> np.ndarray:
    """Shapes of CASIA-A's people who are whole and inside the picture, [N, 2]."""
    found = []
    for path in sorted(folder.glob(f"*/{view}_*/*.png"))[::3]:
        mask = silhouette.binarize(cv2.imread(str(path), cv2.IMREAD_GRAYSCALE))
        mask = silhouette.clean(mask)
        if not mask.any() or silhouette.flaw(mask) is not None:
            continue
        left, top, width, height = cv2.boundingRect(mask)
        inside = left > 0 and top > 0
        inside &= left + width < mask.shape[1] and top + height < mask.shape[0]
        if inside and height >= 60:
            found.append(shape(mask))
    return np.array(found)


def drawn(people: list[standin.Standin], view: str) -> np.ndarray:
    """Shapes of stand-ins, likewise."""
    found, one = [], np.ones(24)
    for index, someone in enumerate(people):
        azimuth = VIEWS[view][index % len(VIEWS[view])]
        steps = at_usual_pace(someone, 24)
        sight = someone.see(steps, azimuth * one, ELEVATION * one, 140 * one)
        found += [shape(mask) for mask in sight.masks[::3]]
    return np.array(found)


def strip(someone: standin.Standin, speed: float | None, elevation: float) -> np.ndarray:
    """A person from four sides, twice each, [200, 960]."""
    height, width = CELL
    one, cells = np.ones(26), []
    usual = at_usual_pace(someone, 26)
    steps = usual if speed is None else rhythm.own(speed * one, someone.pace.preference, 0.3)
    place = np.tile([width / 2, height - 20 - elevation / 2], (26, 1))
    for azimuth in (0, 45, 90, -150):
        tall = (165 - elevation / 2) * one
        sight = someone.see(steps, azimuth * one, elevation * one, tall, place)
        whole = sight.window.paste(sight.masks, CELL)
        cells += [255 - whole[8], 255 - whole[18]]
    return np.hstack(cells)


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--people", type=int, default=100)
    parser.add_argument("--casia-a", type=pathlib.Path)
    parser.add_argument("--sheet", type=pathlib.Path)
    args = parser.parse_args()
    cv2.setNumThreads(1)
    start = time.process_time()
    people = [standin.draw(seed) for seed in range(args.people)]
    print(f"set-up  {(time.process_time() - start) / args.people:.3f} s a person")
    print(f"rate    {rate(people[0], 130):.0f} and {rate(people[0], 180):.0f} silhouettes/s a core")
    moments = np.arange(150) / 25
    stopping = np.interp(moments, [0, 1, 1.6, 3.5, 4.1, 6], [0, 0, 1.3, 1.3, 0, 0])
    cases = {f"{speed} m/s": (np.full(75, speed), None) for speed in (0.3, 0.6, 1.0, 1.4, 2.0)}
    cases["starting, stopping"] = stopping, None
    cases["turning"] = np.full(75, 0.8), 90 * np.arange(75) / 25
    for name, (speed, heading) in cases.items():
        found = []
        for someone in people[:20]:
            steps = rhythm.own(speed, someone.pace.preference, 0.3, heading=heading)
            found += slides(someone, steps)
        median, high = np.percentile(found, [50, 95])
        print(f"slide   {name:18} {median:.1f} cm median, {high:.1f} cm 95th percentile")
    if args.casia_a:
        print("view  of          width/height        area/height²    5 %, median, 95 %")
        for view in VIEWS:
            for whose, shapes in (
                ("people", real(args.casia_a, view)),
                ("stand-ins", drawn(people, view)),
            ):
                low, middle, high = np.percentile(shapes, [5, 50, 95], axis=0)
                print(
                    f"{view:4}  {whose:9}   {low[0]:.3f} {middle[0]:.3f} {high[0]:.3f}"
                    f"   {low[1]:.3f} {middle[1]:.3f} {high[1]:.3f}"
                )
    if args.sheet:
        rows = [
            np.vstack([strip(someone, speed, elevation) for someone in people[part::2][:12]])
            for speed, elevation in SHEETS
            for part in (0, 1)
        ]
        pairs = [np.hstack(rows[k : k + 2]) for k in range(0, len(rows), 2)]
        cv2.imwrite(str(args.sheet), np.vstack(pairs))


if __name__ == "__main__":
    main()
