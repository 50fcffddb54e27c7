"""Where in a frame each person is: foreground taken apart, and followed from frame to frame."""

import collections
import dataclasses
import functools
from collections.abc import Sequence

import cv2
import numpy as np

from gait_jax.gait import silhouette
from gait_jax.video.foreground import SPECK
from gait_jax.video.matching import matched
from gait_jax.video.pieces import pieces

OVERLAP = "overlaps another person"
HIDDEN = "partly hidden"
NOT_ONE = "not the shape of one walking person"

Box = tuple[int, int, int, int]

# Gaps that are bridged within a person, as shares of the frame's height: down, and across.
_GAP_DOWN, _GAP_ACROSS = 0.02, 0.008
# Room around a body for the outline that it is to get, in body heights: beside, above and below.
_BESIDE, _ABOVE = 0.9, 0.5
# One person's width over height at the widest step, with a bag or a coat.
_WIDEST = 0.72

# Raggedness finer than this is smoothed, and holes above this are filled, in body heights.
_SMOOTH, _HIPS = 0.01, 0.5

# How many of a track's last sightings its usual height and area come from.
_REMEMBERED = 15
# Beside the usual height: lower is partly hidden, higher is more than one person.
_LOWER, _HIGHER = 0.82, 1.22
# Sightings that make a track a person, and frames without one that end it, in the open and within
# somebody else's body.
_CONFIRMED, _FORGOTTEN, _FORGOTTEN_INSIDE = 3, 12, 100


@dataclasses.dataclass(eq=False)
class Track:
    """One person over time.

    Attributes:
      number: from 1.
      box: where they were last seen (x, y, width, height), in pixels.
      velocity: of the box's middle in pixels a frame (x, y).
      sightings: in how many frames they were seen.
      unseen: since how many frames they are not.
      inside: since how many frames they are behind or before somebody else.
      heights: of the last sightings, pixels.
    """

    number: int
    box: np.ndarray
    velocity: np.ndarray = dataclasses.field(default_factory=lambda: np.zeros(2))
    sightings: int = 1
    unseen: int = 0
    inside: int = 0
    heights: collections.deque = dataclasses.field(
        default_factory=lambda: collections.deque(maxlen=_REMEMBERED)
    )

    @property
    def is_person(self) -> bool:
        """Whether it was seen often enough, and large enough, to be no flicker."""
        return (
            self.sightings >= _CONFIRMED
            and np.median(self.heights) >= silhouette.CleanSettings.min_height
        )

    @property
    def expected(self) -> np.ndarray:
        """Where its box should be now."""
        moved = self.box.astype(float)
        moved[:2] += self.velocity * (self.unseen + 1 - self.inside)
        return moved


@dataclasses.dataclass(eq=False)
class Sighting:
    """Somebody in a frame.

    Attributes:
      window: the crop of the frame (x, y, width, height) that holds the body with room around it.
      mask: the cleaned silhouette in the window, [h, w] uint8 of 0 and 1.
      box: the body's bounding box in the frame (x, y, width, height).
      problem: why it cannot be anonymised; None where it can.
      track: whom it belongs to; None before `Tracker.update`.
      lost: frames just before this one in which the track was not seen.
    """

    window: Box
    mask: np.ndarray
    box: Box
    problem: str | None
    track: Track | None = None
    lost: int = 0

    @property
    def crop(self) -> tuple[slice, slice]:
        """The window as an index into a frame."""
        x, y, width, height = self.window
        return slice(y, y + height), slice(x, x + width)

    @functools.cached_property
    def middle(self) -> np.ndarray:
        """The silhouette's centre of mass (x, y) in the window, in pixels."""
        moments = cv2.moments(self.mask, binaryImage=True)
        return np.array([moments["m10"], moments["m01"]]) / max(moments["m00"], 1)


def _whole(mask: np.ndarray) -> np.ndarray:
    """A cleaned silhouette without holes above the hips and without ragged edges.

    Segmentation is ragged where a person looks like the scene, and a hole or a gap by an arm makes
    an outline that the methods have hardly seen.
    """
    tall = cv2.boundingRect(mask)[3]
    smooth = cv2.GaussianBlur(mask.astype(np.float32), (0, 0), max(_SMOOTH * tall, 0.3)) > 0.5
    mask = smooth.astype(np.uint8)
    hips = cv2.boundingRect(mask)[1] + _HIPS * tall
    # Label 0 is the mask; what surrounds it lies around the window's corner or beyond its border.
    _, labels, stats, middles = cv2.connectedComponentsWithStats(1 - mask, connectivity=4)
    hole = middles[:, 1] < hips
    hole[0] = False
    hole &= (stats[:, :2] > 0).all(axis=1)
    hole &= (stats[:, :2] + stats[:, 2:4] < mask.shape[::-1]).all(axis=1)
    return mask | hole[labels].astype(np.uint8)


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
        if cv2.countNonZero(inside) < SPECK * foreground.size:
            continue
        beside, above = int(_BESIDE * tall) + 2, int(_ABOVE * tall) + 2
        left, top = max(x - beside, 0), max(y - above, 0)
        window = (
            left,
            top,
            min(x + wide + beside, width) - left,
            min(y + tall + above, height) - top,
        )
        mine = np.zeros((window[3], window[2]), np.uint8)
        mine[y - top : y - top + tall, x - left : x - left + wide] = inside
        mask = _whole(silhouette.clean(mine))
        bx, by, bw, bh = cv2.boundingRect(mask)
        problem = silhouette.flaw(mask) or (NOT_ONE if bw > _WIDEST * bh else None)
        found.append(Sighting(window, mask, (left + bx, top + by, bw, bh), problem))
    return found


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
    right, down = np.rint(now.middle - other.middle)
    return cv2.warpAffine(
        other.mask,
        np.array([[1, 0, right], [0, 1, down]]),
        now.mask.shape[::-1],
        flags=cv2.INTER_NEAREST,
    )


def _overlap(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Areas that boxes [N, 4] and [M, 4] share: [N, M]."""
    low = np.maximum(a[:, None, :2], b[None, :, :2])
    high = np.minimum((a[:, :2] + a[:, 2:])[:, None], (b[:, :2] + b[:, 2:])[None])
    return np.prod(np.maximum(high - low, 0), axis=-1)


class Tracker:
    """Follows people from frame to frame by where their boxes are."""

    def __init__(self):
        """Starts without anybody."""
        self._tracks: list[Track] = []
        self.count = 0

    @property
    def tracks(self) -> set[Track]:
        """Everybody who is still followed."""
        return set(self._tracks)

    def update(self, sightings: Sequence[Sighting]) -> None:
        """Says of each sighting of the next frame whose it is.

        Sets `track` and `lost` of each, and `problem` where the track shows that the body is not
        seen whole, or not alone.
        """
        boxes = np.array([sighting.box for sighting in sightings], float).reshape(-1, 4)
        expected = np.array([track.expected for track in self._tracks]).reshape(-1, 4)
        shared = _overlap(expected, boxes)
        area = np.prod(expected[:, 2:], axis=1)[:, None]
        union = area + np.prod(boxes[:, 2:], axis=1)[None] - shared
        away = (expected[:, :2] + expected[:, 2:] / 2)[:, None]
        away = np.linalg.norm(away - (boxes[:, :2] + boxes[:, 2:] / 2)[None], axis=-1)
        tall = np.maximum(expected[:, 3:], 1)
        # By overlap, and by distance in body heights where nothing overlaps.
        cost = 1 - shared / np.maximum(union, 1) + away / tall
        possible = (shared > 0) | (away < 0.5 * tall)
        pairs = matched(cost, possible)
        inside = set()
        for row, track in enumerate(self._tracks):
            if row in pairs or not track.is_person:
                continue
            # Whoever vanishes into somebody else's body is behind or before them.
            for column, sighting in enumerate(sightings):
                if shared[row, column] > 0.4 * area[row, 0]:
                    sighting.problem = OVERLAP
                    track.box = boxes[column]
                    inside.add(row)
        for row, track in enumerate(self._tracks):
            if row in pairs:
                self._see(track, sightings[pairs[row]])
            else:
                track.unseen += 1
                track.inside = track.inside + 1 if row in inside else 0
        for column, sighting in enumerate(sightings):
            if column not in pairs.values():
                self.count += 1
                sighting.track = Track(self.count, boxes[column])
                sighting.track.heights.append(sighting.box[3])
                self._tracks.append(sighting.track)
        self._tracks = [
            track
            for track in self._tracks
            if track.unseen <= (_FORGOTTEN_INSIDE if track.inside else _FORGOTTEN)
        ]

    @staticmethod
    def _see(track: Track, sighting: Sighting) -> None:
        usual = float(np.median(track.heights))
        ratio = sighting.box[3] / usual
        if sighting.problem is None and track.is_person and not _LOWER <= ratio <= _HIGHER:
            sighting.problem = HIDDEN if ratio < 1 else NOT_ONE
        sighting.track, sighting.lost = track, track.unseen
        box = np.array(sighting.box, float)
        moved = (box[:2] + box[2:] / 2) - (track.box[:2] + track.box[2:] / 2)
        if sighting.problem != OVERLAP:
            # Of two people's common body nothing is learned about either.
            track.velocity = 0.7 * track.velocity + 0.3 * moved / (track.unseen + 1)
            track.heights.append(sighting.box[3])
        track.box, track.unseen, track.inside = box, 0, 0
        track.sightings += 1
