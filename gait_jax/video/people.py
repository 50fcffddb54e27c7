"""Where in a frame each person is: foreground taken apart."""

import dataclasses
import functools
import math
from typing import Any

import cv2
import numpy as np

from gait_jax.gait import silhouette
from gait_jax.gait.limbs import Limbs
from gait_jax.video.foreground import SPECK
from gait_jax.video.heads import heads
from gait_jax.video.pieces import pieces

NOT_ONE = "not the shape of one walking person"
OVERLAP = "overlaps another person"
HIDDEN = "partly hidden"
UNCLEAR = "one of several people who met, and it is not clear which"

Box = tuple[int, int, int, int]

# Gaps that are bridged within a person, as shares of the frame's height: down, and across.
_GAP_DOWN, _GAP_ACROSS = 0.02, 0.008
# Room around a body for the outline that it is to get, in body heights: beside, above and below.
_BESIDE, _ABOVE = 0.9, 0.5
# One person's width over height at the widest step, with a bag or a coat.
_WIDEST = 0.72

# Raggedness finer than this is smoothed, and holes above this are filled, in body heights.
_SMOOTH, _HIPS = 0.01, 0.5


@dataclasses.dataclass(eq=False)
class Sighting:
    """Somebody in a frame.

    Attributes:
      window: the crop of the frame (x, y, width, height) that holds the body with room around it.
      mask: the cleaned silhouette in the window, [h, w] uint8 of 0 and 1.
      box: the body's bounding box in the frame (x, y, width, height).
      problem: why it cannot be anonymised; None where it can.
      track: whom it belongs to (see `tracking`); None before that is known.
      lost: frames just before this one in which the track was not seen.
      touching: whether somebody else's pixels begin at its own.
      clothes: what it wears (see `clothes.worn`), where pictures were looked at.
      by_difference: whether only a difference from the scene says that it is somebody, where a
        network could have said it.
      limbs: where its joints are in the frame, where a network saw them.
      apart: whether its silhouette shows the person alone and whole; else gait is not read from it.
    """

    window: Box
    mask: np.ndarray
    box: Box
    problem: str | None
    track: Any = None
    lost: int = 0
    touching: bool = False
    clothes: np.ndarray | None = None
    by_difference: bool = False
    limbs: Limbs | None = None
    apart: bool = True

    @property
    def area(self) -> int:
        """The silhouette's pixels."""
        return cv2.countNonZero(self.mask)

    @property
    def crop(self) -> tuple[slice, slice]:
        """The window as an index into a frame."""
        x, y, width, height = self.window
        return slice(y, y + height), slice(x, x + width)

    @functools.cached_property
    def middle(self) -> np.ndarray:
        """The silhouette's centre of mass (x, y) in the window, in pixels."""
        return middle(self.mask)


def middle(mask: np.ndarray) -> np.ndarray:
    """A silhouette's centre of mass (x, y), in pixels."""
    x, y, width, height = cv2.boundingRect(mask)
    # Windows are much larger than bodies.
    moments = cv2.moments(mask[y : y + height, x : x + width], binaryImage=True)
    count = moments["m00"]
    return np.array([moments["m10"] + x * count, moments["m01"] + y * count]) / max(count, 1)


def _whole(mask: np.ndarray) -> np.ndarray:
    """A cleaned silhouette without holes above the hips and without ragged edges.

    Segmentation is ragged where a person looks like the scene, and a hole or a gap by an arm makes
    an outline that the methods have hardly seen.
    """
    x, y, wide, tall = cv2.boundingRect(mask)
    blur = max(_SMOOTH * tall, 0.3)
    # Around the body, as far as it is blurred: windows are much larger.
    room = math.ceil(5 * blur) + 1
    around = np.s_[max(y - room, 0) : y + tall + room, max(x - room, 0) : x + wide + room]
    whole = np.zeros_like(mask)
    whole[around] = _filled(mask[around], blur)
    return whole


def _filled(mask: np.ndarray, blur: float) -> np.ndarray:
    """A silhouette smoothed by a blur of so many pixels, its holes above the hips filled."""
    smooth = cv2.GaussianBlur(mask.astype(np.float32), (0, 0), blur) > 0.5
    mask = smooth.astype(np.uint8)
    _, top, _, tall = cv2.boundingRect(mask)
    hips = top + _HIPS * tall
    # Label 0 is the mask; what surrounds it lies around the window's corner or beyond its border.
    _, labels, stats, middles = cv2.connectedComponentsWithStats(1 - mask, connectivity=4)
    hole = middles[:, 1] < hips
    hole[0] = False
    hole &= (stats[:, :2] > 0).all(axis=1)
    hole &= (stats[:, :2] + stats[:, 2:4] < mask.shape[::-1]).all(axis=1)
    return mask | hole[labels].astype(np.uint8) if hole.any() else mask


def find(foreground: np.ndarray) -> list[Sighting]:
    """Takes a frame's foreground apart into bodies.

    Args:
      foreground: [H, W] uint8 of 0 and 1.

    Returns:
      Everything large enough to be a part of a person.
    """
    height, width = foreground.shape
    kernel = np.ones(
        (2 * int(_GAP_DOWN * height / 2) + 1, 2 * int(_GAP_ACROSS * height / 2) + 1), np.uint8
    )
    found = []
    for x, y, piece in pieces(cv2.dilate(foreground, kernel)):
        tall, wide = piece.shape
        inside = foreground[y : y + tall, x : x + wide] & piece
        if cv2.countNonZero(inside) >= SPECK * foreground.size:
            found.append(sighted(inside, (x, y), (height, width)))
    return found


def sighted(inside: np.ndarray, corner: tuple[int, int], shape: tuple[int, int]) -> Sighting:
    """A body of which it is known which pixels show it.

    Args:
      inside: [h, w] uint8 of 0 and 1, not empty in any outermost row or column.
      corner: where its upper left pixel lies in the frame (x, y).
      shape: rows and columns of the frame.
    """
    (x, y), (tall, wide), (height, width) = corner, inside.shape, shape
    beside, above = int(_BESIDE * tall) + 2, int(_ABOVE * tall) + 2
    left, top = max(x - beside, 0), max(y - above, 0)
    window = (left, top, min(x + wide + beside, width) - left, min(y + tall + above, height) - top)
    mine = np.zeros((window[3], window[2]), np.uint8)
    mine[y - top : y - top + tall, x - left : x - left + wide] = inside
    mask = _whole(silhouette.clean(mine))
    bx, by, bw, bh = cv2.boundingRect(mask)
    problem = silhouette.flaw(mask)
    if not problem and len(heads(mask)) > 1:
        problem = OVERLAP
    elif not problem and bw > _WIDEST * bh:
        problem = NOT_ONE
    return Sighting(window, mask, (left + bx, top + by, bw, bh), problem)


def mend(before: Sighting, now: Sighting, after: Sighting) -> np.ndarray:
    """Fills what one frame's segmentation lost of a body and both neighbours' found.

    Nothing is taken away: a limb that swings fast lies elsewhere in each frame.

    Args:
      before: the same person in the frame before.
      now: in the frame whose silhouette is wanted.
      after: in the frame after it.

    Returns:
      [h, w] uint8, the cleaned silhouette in `now`'s window.
    """
    both = _laid_over(before, now) & _laid_over(after, now)
    return _whole(silhouette.clean(now.mask | both))


def _laid_over(other: Sighting, now: Sighting) -> np.ndarray:
    """Another frame's silhouette in this one's window, moved to its centre of mass."""
    right, down = (int(each) for each in np.rint(now.middle - other.middle))
    return shifted(other.mask, right, down, now.mask.shape)


def shifted(
    image: np.ndarray, right: int, down: int, shape: tuple[int, int] | None = None
) -> np.ndarray:
    """A mask or picture moved by whole pixels; 0 where nothing comes to lie.

    Args:
      image: [h, w] or [h, w, C].
      right: pixels.
      down: pixels.
      shape: rows and columns of the result; as before where None.
    """
    rows, columns = shape or image.shape[:2]
    result = np.zeros((rows, columns, *image.shape[2:]), image.dtype)
    top, left = max(down, 0), max(right, 0)
    bottom, end = min(image.shape[0] + down, rows), min(image.shape[1] + right, columns)
    if bottom > top and end > left:
        result[top:bottom, left:end] = image[top - down : bottom - down, left - right : end - right]
    return result
