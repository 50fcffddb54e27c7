"""Finds people in a picture by BlazePose's detector: all of them, and in tiles also small ones."""

import dataclasses
from collections.abc import Iterable

import cv2
import numpy as np

from gait_jax.video import blazepose_files
from gait_jax.video.blazepose_network import Network
from gait_jax.video.blazepose_region import Region

# Left, top, right and bottom of a part of a picture, pixels.
Tile = tuple[int, int, int, int]

# Rows and columns of what the network sees.
SIDE = 224
# Pixels between neighbouring anchors, and how many of them are in one place.
_GRIDS = ((8, 2), (16, 2), (32, 6))
# Logits beyond are no surer.
_SUREST = 50.0
# Of the larger one's radius: shoulders that are closer belong to one person. The same person's, as
# several anchors and tiles see them, are within 0.1; those of two who walk arm in arm 0.35 apart.
_SAME = 0.25


@dataclasses.dataclass(frozen=True)
class Detection:
    """A person, in pixels (x, y) of the picture, whose first one's middle is (0.5, 0.5).

    Attributes:
      score: how sure the network is, 0 to 1.
      hips: the middle between them, [2].
      shoulders: likewise, [2].
      edge: of the person's circle, where their upright leaves it above the head, [2].
    """

    score: float
    hips: np.ndarray
    shoulders: np.ndarray
    edge: np.ndarray

    @property
    def radius(self) -> float:
        """Of the circle around the hips that holds the person, pixels."""
        return float(np.linalg.norm(self.edge - self.hips))

    @property
    def box(self) -> np.ndarray:
        """Left, top, right and bottom of the square around that circle, [4]."""
        return np.concatenate([self.hips - self.radius, self.hips + self.radius])

    @property
    def region(self) -> Region:
        """Where to look for the person's landmarks and mask."""
        return Region.around(self.hips, self.edge)


class Detector:
    """The network that finds people. Not for two threads at once."""

    def __init__(self, threads: int = 1):
        """Loads it.

        Args:
          threads: how many it may compute with.

        Raises:
          InputError: its file is missing or damaged.
        """
        self._network = Network(blazepose_files.DETECTOR, threads)
        self._anchors = anchors()

    def detect(self, picture: np.ndarray, threshold: float = 0.5) -> list[Detection]:
        """Finds people who are not small in the picture: from a quarter of its longer side.

        Args:
          picture: [H, W, 3] uint8 (blue, green, red).
          threshold: the least score, above 0.

        Returns:
          The people, the surest first.
        """
        height, width = picture.shape[:2]
        return self.detect_tiles(picture, [(0, 0, width, height)], threshold)

    def detect_tiles(
        self, picture: np.ndarray, tiles: Iterable[Tile], threshold: float = 0.5
    ) -> list[Detection]:
        """Finds people in parts of a picture.

        Args:
          picture: [H, W, 3] uint8 (blue, green, red).
          tiles: within the picture; whom several of them show is found once.
          threshold: the least score, above 0.

        Returns:
          The people, the surest first.
        """
        scores, points = [], []
        for left, top, right, bottom in tiles:
            given, scale, shift = letterboxed(picture[top:bottom, left:right])
            raw, logits = self._network(given)
            score = 1 / (1 + np.exp(-np.clip(logits[:, 0], -_SUREST, _SUREST)))
            sure = score >= threshold
            scores.append(score[sure])
            seen = decode(raw[sure], self._anchors[sure])
            points.append((seen - shift) / scale + [left, top])
        if not scores:
            return []
        return suppress(np.concatenate(scores), np.concatenate(points))


def tiles(shape: tuple[int, ...], side: int, step: int) -> list[Tile]:
    """Squares that cover a picture.

    People of a quarter to three quarters of a square's side are found in it. Where there is more in
    the scene, that changes with their place in it: steps of a quarter find more than those of half.

    Args:
      shape: of the picture, [H, W, ...].
      side: of the squares, pixels. A picture that is narrower or lower gets oblongs.
      step: pixels from one to the next; the last ones end at the border.
    """
    height, width = shape[:2]

    def starts(length: int) -> list[int]:
        last = max(length - side, 0)
        return [*range(0, last, step), last]

    return [
        (left, top, min(left + side, width), min(top + side, height))
        for top in starts(height)
        for left in starts(width)
    ]


def anchors() -> np.ndarray:
    """The places that the network's outputs refer to, in its pixels (x, y), [2254, 2]."""
    found = []
    for stride, count in _GRIDS:
        line = np.arange(stride / 2, SIDE, stride)
        x, y = np.meshgrid(line, line)
        found.append(np.stack([x, y], axis=-1).reshape(-1, 2).repeat(count, axis=0))
    return np.concatenate(found)


def decode(raw: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Points that the network found.

    Args:
      raw: [N, 12]: a box around the face (middle, size), which is the same for all small people,
        and four points, all as (x, y) in the network's pixels from the anchor.
      places: the anchors, [N, 2].

    Returns:
      Hips, edge and shoulders (see `Detection`) in the network's pixels, [N, 3, 2].
    """
    return raw.reshape(-1, 6, 2)[:, 2:5] + places[:, None]


def letterboxed(part: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A picture as the network wants it.

    Args:
      part: [h, w, 3] uint8 (blue, green, red).

    Returns:
      The picture amid black, [224, 224, 3] float32 (red, green, blue) from -1 to 1; the network's
      pixels for one of the picture's in x and y, [2]; and where the picture begins in them, [2].
    """
    before = np.array(part.shape[1::-1])
    after = np.maximum(np.rint(before * SIDE / before.max()).astype(int), 1)
    shrinks = before.max() > SIDE
    small = cv2.resize(
        part, after.tolist(), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    )
    shift = (SIDE - after) // 2
    whole = np.zeros((SIDE, SIDE, 3), np.uint8)
    whole[shift[1] : shift[1] + after[1], shift[0] : shift[0] + after[0]] = small[..., ::-1]
    return whole.astype(np.float32) / 127.5 - 1, after / before, shift


def suppress(scores: np.ndarray, points: np.ndarray) -> list[Detection]:
    """Makes one person of all detections of the same.

    Small people are at times taken to stand on their heads. Whoever is seen upright, too, is taken
    for upright; whoever is not is turned, since the hips are about right.

    Args:
      scores: [N].
      points: hips, edge and shoulders, pixels of the picture, [N, 3, 2].

    Returns:
      The people, the surest first: the best score, and the points' means weighted by the scores.
    """
    hips, edges, shoulders = points[:, 0], points[:, 1], points[:, 2]
    radii = np.linalg.norm(edges - hips, axis=-1)
    inverted = edges[:, 1] > hips[:, 1]
    left = np.lexsort((-scores, inverted))
    people = []
    while len(left):
        best = left[0]
        limit = _SAME * np.maximum(radii[left], radii[best])
        same = np.where(
            inverted[left],
            np.linalg.norm(hips[left] - hips[best], axis=-1) < radii[left],
            np.linalg.norm(shoulders[left] - shoulders[best], axis=-1) < limit,
        )
        same[0] = True
        mine = left[same & (inverted[left] == inverted[best])]
        hip, edge, shoulder = np.average(points[mine], axis=0, weights=scores[mine])
        if inverted[best]:
            edge, shoulder = 2 * hip - edge, 2 * hip - shoulder
        people.append(Detection(float(scores[best]), hip, shoulder, edge))
        left = left[~same]
    return sorted(people, key=lambda person: -person.score)
