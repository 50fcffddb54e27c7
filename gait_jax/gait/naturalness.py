"""How natural anonymised silhouettes look beside their originals: shape, movement, outline."""

from collections.abc import Iterable, Mapping

import cv2
import numpy as np

from gait_jax.gait import contour, footing, silhouette

# What anonymisers that draw outlines say of them: the share of frames that are person-like (see
# `is_person_like`) before what is filled is mended.
RAW = "one_region_raw"

_MEASURES = (
    "one_region",
    "outline",
    "turning",
    "overlap",
    "movement",
    "movement_original",
    "slide",
    "slide_original",
    "way",
)


def _centred(mask: np.ndarray) -> np.ndarray:
    """The mask moved so that its centre of mass lies in the middle of a canvas twice the size."""
    height, width = mask.shape
    rows, columns = np.nonzero(mask)
    canvas = np.zeros((2 * height, 2 * width), np.uint8)
    # Not `round`, which goes to even numbers: a body of constant shape would seem to jump.
    middle_row, middle_column = (int(np.floor(x.mean() + 0.5)) for x in (rows, columns))
    canvas[rows - middle_row + height, columns - middle_column + width] = 1
    return canvas


def _iou(a: np.ndarray, b: np.ndarray) -> float:
    return np.count_nonzero(a & b) / max(np.count_nonzero(a | b), 1)


def _hole_share(mask: np.ndarray) -> float:
    outer, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    filled = cv2.drawContours(np.zeros_like(mask), outer, -1, 1, cv2.FILLED)
    return 1 - cv2.countNonZero(mask) / max(cv2.countNonZero(filled), 1)


def is_one_region(mask: np.ndarray) -> bool:
    """Whether a mask is one 8-connected region but for 1 % of its pixels; there are some.

    Args:
      mask: [H, W] uint8 of 0 and 1, not empty.
    """
    _, _, stats, _ = cv2.connectedComponentsWithStats(silhouette.boxed(mask), connectivity=8)
    areas = stats[1:, cv2.CC_STAT_AREA]
    return bool(areas.max() >= 0.99 * areas.sum())


def is_person_like(mask: np.ndarray, original: np.ndarray) -> bool:
    """Whether an anonymised mask is one simple region of its original's extent.

    Its largest 8-connected region holds at least 99 % of the pixels, its holes take at most 2 % of
    it more than in the original, and it is as tall as the original (0.85 to 1.15) and as large (0.7
    to 1.4).

    Args:
      mask: [H, W] uint8 of 0 and 1, not empty.
      original: [H, W] uint8 of 0 and 1, not empty, cleaned.
    """
    mask, original = silhouette.boxed(mask), silhouette.boxed(original)
    return bool(
        is_one_region(mask)
        and _hole_share(mask) <= _hole_share(original) + 0.02
        and 0.85 <= len(mask) / len(original) <= 1.15
        and 0.7 <= cv2.countNonZero(mask) / cv2.countNonZero(original) <= 1.4
    )


def measure(originals: list[np.ndarray], anonymized: list[np.ndarray]) -> dict[str, list[float]]:
    """Measures one sequence.

    Args:
      originals: cleaned masks [H, W] uint8 of 0 and 1.
      anonymized: masks of the same sizes; an empty one is not measured.

    Returns:
      By name, a value for each frame (or pair of neighbouring frames):
      one_region: whether the frame is a person (see `is_person_like`).
      outline: boundary length over the original's.
      turning: total turning of the outline over the original's (see `contour.turning`).
      overlap: IoU with the original.
      movement, movement_original: IoU of neighbouring frames, each moved to its own centre of mass.
      slide, slide_original, way: by how many columns the standing foot moves within some frames,
        the original's does, and the original's body (see `footing.slide`); the walk's own sums,
        one value each, where it crosses the picture.
    """
    values = {k: [] for k in _MEASURES}
    before = None
    for original, mask in zip(originals, anonymized, strict=True):
        if not mask.any():
            before = None
            continue
        values["one_region"].append(is_person_like(mask, original))
        values["outline"].append(contour.length(mask) / contour.length(original))
        values["turning"].append(contour.turning(mask) / contour.turning(original))
        values["overlap"].append(_iou(mask, original))
        pair = _centred(original), _centred(mask)
        if before:
            values["movement_original"].append(_iou(pair[0], before[0]))
            values["movement"].append(_iou(pair[1], before[1]))
        before = pair
    whole = [mask if mask.any() else None for mask in anonymized]
    known = [
        original if mask is not None else None
        for original, mask in zip(originals, whole, strict=True)
    ]
    slid, own = footing.slide(whole, known), footing.slide(known, known)
    if slid and own:
        for name, value in zip(("slide", "slide_original", "way"), (slid[0], *own), strict=True):
            values[name].append(value)
    return values


def summarize(values: dict[str, list[float]]) -> dict[str, float]:
    """What `measure` found over many frames, in one number each.

    Args:
      values: lists by name, of all sequences together.

    Returns:
      frames, one_region (share), outline (median), turning (median), overlap (mean), movement (mean
      over the original's mean), foot_slide and foot_slide_original (of the way that bodies go, what
      standing feet go with them); without movement where no two neighbouring frames were measured,
      without slide where nobody crosses the picture.
    """
    summary = {
        "frames": len(values["one_region"]),
        "one_region": float(np.mean(values["one_region"])),
        "outline": float(np.median(values["outline"])),
        "turning": float(np.median(values["turning"])),
        "overlap": float(np.mean(values["overlap"])),
    }
    if values["movement"]:
        ratio = np.mean(values["movement"]) / np.mean(values["movement_original"])
        summary["movement"] = float(ratio)
    if values["way"]:
        way = sum(values["way"])
        summary["foot_slide"] = float(sum(values["slide"]) / way)
        summary["foot_slide_original"] = float(sum(values["slide_original"]) / way)
    return summary


def mean_measures(measured: Iterable[Mapping[str, float]]) -> dict[str, float]:
    """The mean of each measure over whatever has it, by name.

    Args:
      measured: measures by name, of bodies or of sequences.
    """
    values: dict[str, list[float]] = {}
    for measures in measured:
        for name, value in measures.items():
            values.setdefault(name, []).append(value)
    return {name: float(np.mean(found)) for name, found in values.items()}
