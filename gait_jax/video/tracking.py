"""Who is who from frame to frame."""

import collections
import dataclasses
from collections.abc import Sequence

import numpy as np

from gait_jax.gait import silhouette
from gait_jax.video.matching import matched
from gait_jax.video.people import NOT_ONE, Sighting

OVERLAP = "overlaps another person"
HIDDEN = "partly hidden"

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
