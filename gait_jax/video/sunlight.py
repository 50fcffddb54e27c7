"""Which way shadows fall in a clip, seen from those that people cast, and casting others so."""

import dataclasses
from collections.abc import Iterable

import cv2
import numpy as np

# Rows of a person that are enough to see their shadow.
_TALL = 100
# A shadow leaves so much of the scene's light, and shifts its hue by so little, of 255.
_DIMMED, _HUE = (0.25, 0.85), 10.0
# Scenes darker than this show no shadows, grey levels.
_LIT = 25
# Pixels around a person that may be theirs, and in statures, the height above their feet in which
# their shadow begins, and specks that are none.
_AROUND, _FEET, _SPECK = 2, 0.12, 0.03
# Of a silhouette's area, the least that a shadow has; the share of frames in which it is seen.
_LEAST, _SEEN = 0.08, 0.5
# In statures: the shortest that is more than what is below the feet, the longest that is believed,
# and how far it falls up or down at least, as a shadow that is a line would be cast by nobody.
_SHORT, _LONG, _FLAT = 0.15, 1.6, 0.08
# In statures: half of a body's depth as the ground shows it, to the side and down; standard
# deviation of a shadow's blur.
_DEEP, _SOFT = (0.05, 0.022), 0.012


@dataclasses.dataclass(frozen=True)
class Sun:
    """How shadows fall.

    Attributes:
      tip: from somebody's feet to where their head's shadow lies, (x, y) in statures.
      dims: share of the light that it takes.
    """

    tip: np.ndarray
    dims: float


@dataclasses.dataclass(frozen=True)
class Glance:
    """What one frame shows of a person's shadow: as `Sun`; `tip` is None where there is none."""

    tip: np.ndarray | None
    dims: float = 0.0


def glance(picture: np.ndarray, scene: np.ndarray, mask: np.ndarray) -> Glance:
    """Looks for somebody's shadow.

    Args:
      picture: [H, W, 3] uint8, any order of channels.
      scene: the same without anybody.
      mask: the person, [H, W] uint8 of 0 and 1.
    """
    if not mask.any():
        return Glance(None)
    scale = min(1.0, _TALL / cv2.boundingRect(mask)[3])
    if scale < 1:
        picture, scene, mask = (
            cv2.resize(each, None, fx=scale, fy=scale, interpolation=how)
            for each, how in (
                (picture, cv2.INTER_AREA),
                (scene, cv2.INTER_AREA),
                (mask, cv2.INTER_NEAREST),
            )
        )
    _, y, _, tall = cv2.boundingRect(mask)
    before, after = scene.astype(np.float32), picture.astype(np.float32)
    light = before.mean(axis=2)
    left = after.mean(axis=2) / np.maximum(light, 1)
    # What is in shadow is darker, and of the same hue.
    hue = np.abs(after - left[..., None] * before).max(axis=2)
    dim = (left > _DIMMED[0]) & (left < _DIMMED[1]) & (hue < _HUE) & (light > _LIT)
    kernel = np.ones((2 * _AROUND + 1,) * 2, np.uint8)
    dim &= cv2.dilate(mask, kernel) == 0
    speck = np.ones((max(2, round(_SPECK * tall)),) * 2, np.uint8)
    shadow = cv2.morphologyEx(dim.astype(np.uint8), cv2.MORPH_OPEN, speck)
    feet = np.zeros_like(mask)
    low = y + tall - round(_FEET * tall)
    feet[low : y + tall] = mask[low : y + tall]
    reach = np.ones((2 * (2 * _AROUND + len(speck)) + 1,) * 2, np.uint8)
    touched = cv2.dilate(feet, reach)
    _, labels = cv2.connectedComponents(shadow, connectivity=8)
    own = np.unique(labels[(touched > 0) & (shadow > 0)])
    whole = np.isin(labels, own[own > 0])
    if not whole.any() or whole.sum() < _LEAST * np.count_nonzero(mask):
        return Glance(None)
    rows, columns = np.nonzero(whole)
    stand = np.nonzero(feet)
    start = np.array([stand[1].mean(), y + tall - 1])
    middle = np.array([columns.mean(), rows.mean()])
    # A body's middle is about half way up.
    return Glance(2 * (middle - start) / tall, 1 - float(np.median(left[whole])))


def sun_of(glances: Iterable[Glance]) -> Sun | None:
    """How shadows fall, by what some frames show; None where too few of them show one."""
    glances = list(glances)
    found = [one for one in glances if one.tip is not None]
    if not found or len(found) < _SEEN * len(glances):
        return None
    tip = np.median([one.tip for one in found], axis=0)
    if not _SHORT <= np.hypot(*tip) <= _LONG:
        return None
    return Sun(tip, float(np.median([one.dims for one in found])))


def cast(scene: np.ndarray, mask: np.ndarray, corner: tuple[int, int], ground: float, sun: Sun):
    """Casts somebody's shadow, in place.

    Args:
      scene: [H, W, 3] uint8, without them.
      mask: who casts it, [h, w] uint8 of 0 and 1, not empty.
      corner: where its upper left pixel lies in the scene, (x, y).
      ground: row of the scene on which they stand.
      sun: how it falls.
    """
    right, down = sun.tip
    if abs(down) < _FLAT:
        down = _FLAT if down > 0 else -_FLAT
    left, top = corner
    # From a pixel of the mask, `rise` above the ground, to the scene.
    base = ground - top
    matrix = np.array([[1, -right, left + right * base], [0, -down, ground + down * base]])
    height, width = scene.shape[:2]
    drawn = cv2.warpAffine(mask, matrix, (width, height), flags=cv2.INTER_NEAREST)
    x, y, wide, tall = cv2.boundingRect(drawn)
    if not wide:
        return
    stature = cv2.boundingRect(mask)[3]
    sigma = max(_SOFT * stature, 0.7)
    room = int(4 * sigma + _DEEP[0] * stature) + 1
    box = np.s_[max(y - room, 0) : y + tall + room, max(x - room, 0) : x + wide + room]
    # A body is no sheet of paper, which a light from its side would not see.
    deep = cv2.getStructuringElement(
        cv2.MORPH_ELLIPSE, tuple(2 * round(share * stature) + 1 for share in _DEEP)
    )
    drawn = cv2.dilate(drawn[box], deep)
    dark = sun.dims * cv2.GaussianBlur(drawn.astype(np.float32), (0, 0), sigma)
    scene[box] = np.rint(scene[box] * (1 - dark[..., None])).astype(np.uint8)
