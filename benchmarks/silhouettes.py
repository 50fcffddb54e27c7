"""How anonymised silhouettes compare with their originals: shape, movement, outline.

    python benchmarks/silhouettes.py DIR OUT [--only SUBJECT ...]

DIR is the tree given to `python -m gait_jax.anonymize`, OUT what it wrote. Originals are cleaned
first, as the anonymiser does. Printed over all frames that were anonymised:

  one region       share of frames whose largest 8-connected region holds at least 99 % of the
                   pixels, whose holes take at most 2 % of it more than in the original, and that
                   is as tall as the original (0.85 to 1.15) and as large (0.7 to 1.4): a person
  movement         IoU of neighbouring frames, each moved to its own centre of mass; mean, and its
                   ratio to the original's
  outline          boundary length over the original's: 5th percentile, median, 95th percentile
  overlap          IoU of an anonymised frame with its original; mean
"""

import argparse
import json
import pathlib

import cv2
import numpy as np

from gait_jax.gait import contour, silhouette


def _read(path: pathlib.Path) -> np.ndarray:
    return silhouette.binarize(cv2.imread(str(path), cv2.IMREAD_GRAYSCALE))


def _centred(mask: np.ndarray) -> np.ndarray:
    """The mask moved so that its centre of mass lies in the middle of a canvas twice the size."""
    height, width = mask.shape
    rows, columns = np.nonzero(mask)
    canvas = np.zeros((2 * height, 2 * width), np.uint8)
    canvas[rows - round(rows.mean()) + height, columns - round(columns.mean()) + width] = 1
    return canvas


def _iou(a: np.ndarray, b: np.ndarray) -> float:
    return np.count_nonzero(a & b) / max(np.count_nonzero(a | b), 1)


def _hole_share(mask: np.ndarray) -> float:
    outer, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    filled = cv2.drawContours(np.zeros_like(mask), outer, -1, 1, cv2.FILLED)
    return 1 - mask.sum() / max(filled.sum(), 1)


def is_person_like(mask: np.ndarray, original: np.ndarray) -> bool:
    """Whether an anonymised mask is one simple region of its original's extent."""
    _, _, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    tall = cv2.boundingRect(mask)[3] / cv2.boundingRect(original)[3]
    return bool(
        stats[1:, cv2.CC_STAT_AREA].max() >= 0.99 * mask.sum()
        and _hole_share(mask) <= _hole_share(original) + 0.02
        and 0.85 <= tall <= 1.15
        and 0.7 <= mask.sum() / original.sum() <= 1.4
    )


def measure(originals: list[np.ndarray], anonymized: list[np.ndarray]) -> dict[str, list[float]]:
    """Measures one sequence: cleaned originals beside anonymised masks, both [H, W]."""
    values = {k: [] for k in ("one region", "movement", "movement original", "outline", "overlap")}
    before = None
    for original, mask in zip(originals, anonymized, strict=True):
        if not mask.any():
            before = None
            continue
        values["one region"].append(is_person_like(mask, original))
        values["outline"].append(contour.length(mask) / contour.length(original))
        values["overlap"].append(_iou(mask, original))
        pair = _centred(original), _centred(mask)
        if before:
            values["movement original"].append(_iou(pair[0], before[0]))
            values["movement"].append(_iou(pair[1], before[1]))
        before = pair
    return values


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("directory", type=pathlib.Path)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--only", nargs="*", help="only sequences with one of these in their path")
    args = parser.parse_args()
    report = json.loads((args.out / "report.json").read_text())
    total: dict[str, list[float]] = {}
    distances = []
    for entry in report["sequences"]:
        name = entry["name"]
        if args.only and not set(args.only) & set(pathlib.Path(name).parts):
            continue
        files = sorted((args.out / name).glob("*.png"))
        originals = [silhouette.clean(_read(args.directory / name / f.name)) for f in files]
        for key, values in measure(originals, [_read(f) for f in files]).items():
            total.setdefault(key, []).extend(values)
        if entry["distance"] is not None:
            distances.append(entry["distance"])
    movement, original = np.mean(total["movement"]), np.mean(total["movement original"])
    low, median, high = np.percentile(total["outline"], [5, 50, 95])
    print(
        f"frames      {len(total['outline'])} of {len(distances)} sequences, "
        f"α {report['alpha']}, step {report['checkpoint_step']}"
    )
    print(f"one region  {100 * np.mean(total['one region']):.2f} %")
    print(f"movement    {movement:.4f}, original {original:.4f}, ratio {movement / original:.4f}")
    print(f"outline     {low:.3f} {median:.3f} {high:.3f}")
    print(f"overlap     {np.mean(total['overlap']):.4f}")
    print(f"‖Ŷ-Y‖₁      {np.mean(distances):.4f} body heights a point")


if __name__ == "__main__":
    main()
