"""Silhouettes: binary masks of one walking person, cleaned of what segmentation left behind."""

import dataclasses

import cv2
import numpy as np

NO_PERSON = "no person"
TOO_SMALL = "person too small"
CUT_OFF = "person cut off by the border"


@dataclasses.dataclass(frozen=True)
class CleanSettings:
    """How a raw mask is cleaned and when a frame counts as usable.

    Lengths are in units of the height of the largest component, so that one setting serves every
    resolution; only `min_height` is in pixels.

    Attributes:
      min_area: components below this share of the largest one's area are specks.
      max_gap: a further component belongs to the body while the gap to it is at most this long
        times the square root of its share of the largest one's area: what a large piece is lost by
        may be a whole torso, what a speck is lost by is a crack.
      max_aside: how far a component may stick out beside the largest one.
      closing: width of the closing that mends cracks between and inside the body's parts.
      hole: holes of at most this side length squared are filled; larger ones (between the legs,
        inside a missing torso) are kept.
      min_height: a person below this many pixels has no outline to speak of.
      max_border: the share of the body's height (left and right borders) or width (top and bottom)
        that may lie on the frame's border before the person counts as cut off.
    """

    min_area: float = 0.004
    max_gap: float = 0.7
    max_aside: float = 0.25
    closing: float = 0.04
    hole: float = 0.04
    min_height: int = 24
    max_border: float = 0.12


def binarize(image: np.ndarray) -> np.ndarray:
    """Thresholds a grey image at half of its full scale.

    Args:
        image: [H, W] bool, or uint8 of 0..255; one without a value above 1 is a mask of 0 and 1.

    Returns:
        [H, W] uint8 mask, 0 or 1.
    """
    if image.dtype == bool or image.max(initial=0) <= 1:
        return image.astype(np.uint8)
    return cv2.threshold(image, 127, 1, cv2.THRESH_BINARY)[1]


def decode(file: bytes) -> np.ndarray:
    """An image file's silhouette: [H, W] uint8 mask, 0 or 1."""
    return binarize(cv2.imdecode(np.frombuffer(file, np.uint8), cv2.IMREAD_GRAYSCALE))


def boxed(mask: np.ndarray) -> np.ndarray:
    """The part of a mask [H, W] uint8 that lies within its bounding box; a view."""
    x, y, width, height = cv2.boundingRect(mask)
    return mask[y : y + height, x : x + width]


def _gap(a: np.ndarray, b: np.ndarray) -> float:
    """Distance between two boxes (x, y, width, height, ...); 0 where they overlap."""
    dx = max(a[0], b[0]) - min(a[0] + a[2], b[0] + b[2])
    dy = max(a[1], b[1]) - min(a[1] + a[3], b[1] + b[3])
    return float(np.hypot(max(dx, 0), max(dy, 0)))


def _body_components(stats: np.ndarray, settings: CleanSettings) -> list[int]:
    """Grows the body from the largest component over gaps that a lost limb would leave."""
    order = 1 + np.argsort(-stats[1:, cv2.CC_STAT_AREA], kind="stable")
    largest = stats[order[0]]
    height = largest[cv2.CC_STAT_HEIGHT]
    share = stats[:, cv2.CC_STAT_AREA] / largest[cv2.CC_STAT_AREA]
    left = largest[0] - settings.max_aside * height
    right = largest[0] + largest[2] + settings.max_aside * height
    body = [int(order[0])]
    waiting = [
        int(i)
        for i in order[1:]
        if share[i] >= settings.min_area
        and stats[i, 0] >= left
        and stats[i, 0] + stats[i, 2] <= right
    ]
    grown = True
    while grown:
        grown = False
        for i in list(waiting):
            reach = settings.max_gap * height * np.sqrt(share[i])
            if any(_gap(stats[i], stats[j]) <= reach for j in body):
                body.append(i)
                waiting.remove(i)
                grown = True
    return body


def _body(crop: np.ndarray, height: int, settings: CleanSettings) -> tuple[np.ndarray, int]:
    """What of a crop [H, W] is the body, of 0 and 1, and how tall its tallest component is.

    Args:
      crop: not empty.
      height: of all that is seen in it.
      settings: thresholds.
    """
    # Most frames have one component: its measures need not be taken.
    if cv2.connectedComponents(crop, connectivity=8)[0] == 2:
        return (crop > 0).astype(np.uint8), height
    count, labels, stats, _ = cv2.connectedComponentsWithStats(crop, connectivity=8)
    body = np.zeros(count, np.uint8)
    body[_body_components(stats, settings)] = 1
    return body[labels], stats[np.flatnonzero(body), cv2.CC_STAT_HEIGHT].max()


def clean(mask: np.ndarray, settings: CleanSettings = CleanSettings()) -> np.ndarray:
    """Keeps the body: drops specks and ghosts, mends cracks, fills small holes.

    A mask that is cleaned already comes back as it is, up to what the closing still rounds off.

    Args:
      mask: [H, W] uint8, non-zero where segmentation saw a person.
      settings: thresholds, in units of the person's height.

    Returns:
      [H, W] uint8 mask, 0 or 1; all zero where nothing was seen.
    """
    mask = np.ascontiguousarray(mask, np.uint8)
    cleaned = np.zeros_like(mask)
    x0, y0, width, height = cv2.boundingRect(mask)
    if not width:
        return cleaned
    # Room around the crop lets the closing work at its edges as it does inside.
    crop = cv2.copyMakeBorder(
        mask[y0 : y0 + height, x0 : x0 + width], *(4 * [1]), cv2.BORDER_CONSTANT
    )
    crop, tall = _body(crop, height, settings)

    radius = int(round(settings.closing * tall / 2))
    if radius:
        kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1,) * 2)
        padded = cv2.copyMakeBorder(crop, *(4 * [radius]), cv2.BORDER_CONSTANT)
        closed = cv2.morphologyEx(padded, cv2.MORPH_CLOSE, kernel)
        crop = closed[radius:-radius, radius:-radius]

    holes, labels = cv2.connectedComponents(1 - crop, connectivity=4)
    if holes > 2:
        small = np.bincount(labels.ravel()) <= (settings.hole * tall) ** 2
        # The body itself, and what is around it.
        small[[0, labels[0, 0]]] = False
        crop = crop | small.astype(np.uint8)[labels]
    cleaned[y0 : y0 + height, x0 : x0 + width] = crop[1:-1, 1:-1]
    return cleaned


def largest(mask: np.ndarray) -> np.ndarray:
    """The largest of a mask's 8-connected regions alone: [H, W] uint8 of 0 and 1."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    if count <= 2:
        return mask
    return (labels == 1 + stats[1:, cv2.CC_STAT_AREA].argmax()).astype(np.uint8)


def fill_folds(mask: np.ndarray, body: np.ndarray) -> np.ndarray:
    """Fills the holes that an outline leaves where it folds over itself.

    Filled with the even-odd rule, a fold is a hole in the middle of the body; a true gap (between
    the legs, under an arm) is one in the body that the outline was made from, too.

    Args:
        mask: [H, W] uint8 of 0 and 1, filled from an outline.
        body: [H, W] uint8 of 0 and 1, the mask that the outline was made from.

    Returns:
        [H, W] uint8: `mask` with those holes filled of which most lies within `body`.
    """
    x, y, width, height = cv2.boundingRect(mask)
    box = np.s_[y : y + height, x : x + width]
    # Ringed by what is outside: all that reaches the ring is no hole.
    around = cv2.copyMakeBorder(1 - mask[box], *(4 * [1]), cv2.BORDER_CONSTANT, value=1)
    count, labels = cv2.connectedComponents(around, connectivity=4)
    if count < 3:
        return mask
    outside, labels = labels[0, 0], labels[1:-1, 1:-1].ravel()
    size = np.bincount(labels, minlength=count)
    within = np.bincount(labels, weights=body[box].ravel(), minlength=count)
    folds = within > 0.5 * size
    # Label 0 is the mask itself.
    folds[[0, outside]] = False
    filled = mask.copy()
    filled[box] |= folds[labels].reshape(height, width).astype(np.uint8)
    return filled


def flaw(mask: np.ndarray, settings: CleanSettings = CleanSettings()) -> str | None:
    """Says why a cleaned mask cannot stand for a whole person.

    Args:
      mask: [H, W] uint8 cleaned mask.
      settings: thresholds.

    Returns:
      `NO_PERSON`, `TOO_SMALL`, `CUT_OFF`, or None where the frame is usable.
    """
    x0, y0, width, height = cv2.boundingRect(mask)
    if not width:
        return NO_PERSON
    if height < settings.min_height:
        return TOO_SMALL
    sides = max(np.count_nonzero(mask[:, 0]), np.count_nonzero(mask[:, -1])) / height
    ends = max(np.count_nonzero(mask[0]), np.count_nonzero(mask[-1])) / width
    # Feet may stand on the lower edge; a body that leaves the frame shows a long cut there.
    if sides > settings.max_border or ends > max(settings.max_border, 0.5 * (height > width)):
        return CUT_OFF
    return None
