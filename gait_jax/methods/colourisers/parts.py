"""Colours by part of the body: a sleeve from the sleeve, also where it hangs elsewhere.

What a person wears is learnt into a texture, a place for each place of each part, from some frames
at once and those before; the anonymised person wears it. So what the original hides in a frame
comes from others, colours are steady, and how the original moves is in none of them.
"""

import dataclasses
from collections.abc import Sequence

import cv2
import numpy as np

from gait_jax.gait import body_parts
from gait_jax.gait.body_parts import Body
from gait_jax.methods.contracts import Colouriser, Shot

# Rows of every part's texture, and columns of each.
_ROWS = 64
_COLUMNS = {"torso": 48, "head": 64, "thigh": 24, "shank": 24, "upper_arm": 16, "forearm": 16}
_COLUMNS |= {"foot": 16}
# Frames whose colours weigh as much as all that was known before.
_KNOWN = 4.0
# Share of the frames that show the most of a part, below which a place in it is not sure.
_RARE = 0.25
# Pixels: how soft outlines are.
_SOFT = 0.7
_RIM = 2


def _atlas() -> tuple[np.ndarray, np.ndarray]:
    """Where each part's texture begins and how wide it is, columns, [P] each."""
    names = (name.removeprefix("left_").removeprefix("right_") for name in body_parts.NAMES)
    wide = np.array([_COLUMNS[name] for name in names])
    return np.cumsum(wide) - wide, wide


_FIRST, _WIDE = _atlas()
# Of each texel: its part, and its place there.
_PART = np.repeat(np.arange(len(_WIDE)), _WIDE)[None].repeat(_ROWS, axis=0)
_DOWN = (np.arange(_ROWS) / (_ROWS - 1))[:, None].repeat(_WIDE.sum(), axis=1)
_ACROSS = np.concatenate([np.arange(wide) / (wide - 1) for wide in _WIDE])[None].repeat(_ROWS, 0)


@dataclasses.dataclass(frozen=True)
class _Texture:
    """What somebody wears.

    Attributes:
      colours: of each texel, float32 [R, C, 3].
      weights: in how many frames, about, it was seen, float32 [R, C].
    """

    colours: np.ndarray
    weights: np.ndarray


@dataclasses.dataclass(frozen=True)
class _Known:
    """What is known of somebody.

    Attributes:
      seen: what they wore so far.
      worn: without gaps, before `first` and from `last` on; frames between are between both.
      first: frame.
      last: frame.
    """

    seen: _Texture
    worn: tuple[np.ndarray, np.ndarray]
    first: int
    last: int

    def at(self, frame: int) -> np.ndarray:
        """What they wear in a frame: uint8 [R, C, 3]."""
        before, after = self.worn
        share = np.clip((frame - self.first + 1) / (self.last - self.first + 1), 0, 1)
        return cv2.addWeighted(before, 1 - share, after, share, 0)


class PartsColouriser(Colouriser):
    """Colours people of whom the joints are known, before and after."""

    def remember(self, known: _Known | None, shots: Sequence[Shot]) -> _Known | None:
        looked = [_looked(shot) for shot in shots if shot.limbs and shot.original.any()]
        if not looked:
            return known
        seen = _merged(known and known.seen, *map(np.stack, zip(*looked, strict=True)))
        worn = _filled(seen)
        before = known.worn[1] if known else worn
        return _Known(seen, (before, worn), shots[0].frame, shots[-1].frame)

    def knows(self, known: _Known | None, shot: Shot) -> bool:
        return known is not None and shot.anonymized_limbs is not None

    def __call__(self, shot: Shot, background: np.ndarray, known: _Known) -> np.ndarray:
        x, y, width, height = cv2.boundingRect(shot.anonymized)
        if not width:
            return background.copy()
        rows, columns = shot.anonymized.shape
        left, top = max(x - _RIM, 0), max(y - _RIM, 0)
        box = np.s_[top : min(y + height + _RIM, rows), left : min(x + width + _RIM, columns)]
        mask = np.ascontiguousarray(shot.anonymized[box])
        body = Body.of(shot.anonymized_limbs.moved(-left, -top), mask)
        alpha = cv2.GaussianBlur(mask.astype(np.float32), (0, 0), _SOFT)
        rows, columns = np.nonzero(alpha > 0.01)
        parts = body.labels[rows, columns].astype(int)
        down, across = body.places(rows, columns)
        where = _FIRST[parts] + across * (_WIDE[parts] - 1), down * (_ROWS - 1)
        maps = (each.astype(np.float32)[:, None] for each in where)
        colours = _sampled(known.at(shot.frame), *maps)
        result = background.copy()
        share = alpha[rows, columns][:, None]
        mixed = share * colours + (1 - share) * result[box][rows, columns]
        result[box][rows, columns] = np.rint(mixed).astype(np.uint8)
        return result


def _sampled(picture: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Colours [N, 3] at (x, y), float32 [N, 1], of any N."""
    most = 30_000
    found = [
        cv2.remap(
            picture,
            x[first : first + most],
            y[first : first + most],
            cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REPLICATE,
        )
        for first in range(0, len(x), most)
    ]
    return np.concatenate(found)[:, 0]


def _looked(shot: Shot) -> tuple[np.ndarray, np.ndarray]:
    """What a frame shows of each texel, and whether it does: uint8 [R, C, 3] and bool [R, C]."""
    x, y, width, height = cv2.boundingRect(shot.original)
    box = np.s_[y : y + height, x : x + width]
    mask = np.ascontiguousarray(shot.original[box])
    body = Body.of(shot.limbs.moved(-x, -y), mask)
    maps = body.pixels(_PART.ravel(), _DOWN.ravel(), _ACROSS.ravel())
    across, down = (each.reshape(_PART.shape).astype(np.float32) for each in maps)
    colours = cv2.remap(
        np.ascontiguousarray(shot.picture[box]),
        across,
        down,
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )
    # A place at the rim is mixed from pixels beyond it.
    inside = cv2.erode(mask, np.ones((3, 3), np.uint8), borderValue=1)
    shown = np.where(inside > 0, body.labels + 1, 0).astype(np.uint8)
    shown = cv2.remap(shown, across, down, cv2.INTER_NEAREST, borderValue=0)
    return colours, shown == _PART + 1


def _merged(before: _Texture | None, colours: np.ndarray, shown: np.ndarray) -> _Texture:
    """The medians of some frames, [F, R, C, 3] and [F, R, C], with what was known before."""
    counts = shown.sum(axis=0)
    # What is not shown is sorted behind all else.
    ordered = np.sort(np.where(shown[..., None], colours, 255), axis=0)
    middle = np.maximum(counts - 1, 0) // 2
    now = np.take_along_axis(ordered, middle[None, ..., None], axis=0)[0].astype(np.float32)
    counts = counts.astype(np.float32)
    if before is None:
        return _Texture(now, counts)
    old = np.minimum(before.weights, _KNOWN)
    total = np.maximum(old + counts, 1)[..., None]
    mixed = (old[..., None] * before.colours + counts[..., None] * now) / total
    return _Texture(mixed, old + counts)


def _filled(seen: _Texture) -> np.ndarray:
    """What somebody wears, uint8 [R, C, 3]: what was never seen is as the other side, or near."""
    colours, sure = seen.colours.copy(), np.zeros(seen.weights.shape, bool)
    bands = [np.s_[:, first : first + wide] for first, wide in zip(_FIRST, _WIDE, strict=True)]
    for band in bands:
        # What a silhouette rarely holds lies at its rim, and may be the scene's.
        sure[band] = seen.weights[band] > _RARE * seen.weights[band].max()
    known = sure.copy()
    for part, band in enumerate(bands):
        other = bands[body_parts.mirrored(part)]
        gap = ~known[band] & sure[other]
        colours[band][gap] = seen.colours[other][gap]
        known[band] |= gap
    whole = np.median(colours[known], axis=0) if known.any() else np.zeros(3)
    for band in bands:
        if not known[band].any():
            colours[band] = whole
            continue
        _, nearest = cv2.distanceTransformWithLabels(
            (~known[band]).astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
        )
        table = np.zeros((nearest.max() + 1, 3), np.float32)
        table[nearest[known[band]]] = colours[band][known[band]]
        colours[band] = table[nearest]
    return np.clip(np.rint(colours), 0, 255).astype(np.uint8)
