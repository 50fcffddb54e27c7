"""People in a picture by BlazePose: found, looked at, and each pixel given to one of them."""

import dataclasses
from collections.abc import Iterable, Sequence

import cv2
import numpy as np

from gait_jax.video.blazepose_detector import Detection, Detector, Tile
from gait_jax.video.blazepose_landmarks import INSIDE, SURE, Landmarks, Pose
from gait_jax.video.blazepose_region import Region
from gait_jax.video.heads import heads
from gait_jax.video.leaving_out import without
from gait_jax.video.support import Support, is_cut, lowest

# From this score on what the detector finds is looked at; who is new is somebody where it and the
# network of landmarks are so sure together, as a jacket on a lawn deceives each of them alone; and
# who is known stays somebody from the second one's word.
_DETECTED, _BOTH = 0.5, 0.68
# Two poses of which one shows so much of the other's pixels are of the same person.
_SAME = 0.6
# Beside those who are found others are looked for so many times; so far, in their heights.
_ROUNDS, _REACH = 3, 1.1
# Pixels: in squares of a shorter side little of somebody is seen where they do not stand out.
_SMALL = 80
# Side of the square in which somebody is looked at, in their heights.
_SQUARE = 1.3


class Bodies:
    """Both networks. Not for two threads at once."""

    def __init__(self, threads: int = 1):
        """Loads them.

        Args:
          threads: how many they may compute with.

        Raises:
          InputError: one of their files is missing or damaged.
        """
        self._detector, self._landmarks = Detector(threads), Landmarks(threads)

    def look(
        self,
        picture: np.ndarray,
        region: Region,
        support: Support | None = None,
        others: Sequence[Pose] = (),
    ) -> Pose | None:
        """Whom a square in a picture shows; None where the network says that it is nobody.

        Args:
          picture: [H, W, 3] uint8 (blue, green, red).
          region: where somebody should be.
          support: the picture beside its scene, where that is known.
          others: who was found in it already.
        """
        pose = self._seen(picture, region, support, others)
        return pose if pose.flag >= SURE else None

    def _seen(
        self,
        picture: np.ndarray,
        region: Region,
        support: Support | None,
        others: Sequence[Pose],
    ) -> Pose:
        """What the network says of a square, or of what differs there where that is better."""
        if support and region.size < _SMALL:
            return self._small(picture, region, support, others)
        pose = self._landmarks(picture, region)
        square = support.square(region, others) if support else None
        sure = pose.flag >= SURE
        if square is None or (sure and not is_cut(pose, square)):
            return pose
        again = self._landmarks(support.clear(picture, square), square)
        if sure:
            more = again.flag >= SURE and lowest(again) > lowest(pose)
        else:
            more = again.flag > pose.flag
        return again if more else pose

    def _small(
        self, picture: np.ndarray, region: Region, support: Support, others: Sequence[Pose]
    ) -> Pose:
        """What the network says of so few pixels that they have to stand out from the scene."""
        pose = self._landmarks(support.clear(picture, region), region)
        square = support.square(region, others)
        # Of a part of somebody it is less than what differs is.
        return dataclasses.replace(pose, flag=0.0) if square and is_cut(pose, square) else pose

    def search(
        self,
        picture: np.ndarray,
        tiles: Iterable[Tile],
        known: Sequence[Pose] = (),
        support: Support | None = None,
    ) -> list[Pose]:
        """Who is in parts of a picture, besides those who are known.

        Args:
          picture: [H, W, 3] uint8 (blue, green, red).
          tiles: within the picture.
          known: who was found in it already.
          support: the picture beside its scene, where that is known.
        """
        found = list(known)
        rest = without(picture, known) if known else picture
        for _ in range(_ROUNDS):
            new: list[Pose] = []
            for detection in self._detector.detect_tiles(rest, tiles, _DETECTED):
                if any(_holds(pose, detection) for pose in found):
                    continue
                pose = self._seen(rest, detection.region, support, found)
                if detection.score * pose.flag >= _BOTH:
                    new += [one for one in self.told_apart(rest, pose) if add(found, one)]
            if not new:
                break
            # Of two who touch the detector sees one: the other one without them.
            rest = without(rest, new)
            tiles = [_beside(pose, picture.shape) for pose in new]
        return found[len(known) :]

    def told_apart(self, picture: np.ndarray, pose: Pose) -> list[Pose]:
        """The people of whom one silhouette was made; itself where it shows one.

        Args:
          picture: [H, W, 3] uint8 (blue, green, red).
          pose: somebody in it, or several.
        """
        mask = pose.silhouette
        if not mask.any() or len(above := heads(mask)) < 2:
            return [pose]
        _, top, _, tall = cv2.boundingRect(mask)
        left, upper = pose.corner
        found: list[Pose] = []
        for x, _ in above:
            square = Region(left + x, upper + top + tall / 2, _SQUARE * tall, 0.0)
            one = self.look(picture, square)
            if one and (alone := one.silhouette).any():
                if len(heads(alone)) == 1:
                    add(found, one)
        return found or [pose]


def tall_of(pose: Pose) -> int:
    """Rows of the picture that somebody covers."""
    return cv2.boundingRect(pose.silhouette)[3]


def add(found: list[Pose], pose: Pose) -> bool:
    """Keeps somebody who is there, and nobody of them all; says whether it was kept."""
    kept = pose.silhouette.any() and all(shared(pose, one) < _SAME for one in found)
    if kept:
        found.append(pose)
    return bool(kept)


def _beside(pose: Pose, shape: tuple[int, ...]) -> Tile:
    """The part of a picture [H, W, ...] that shows somebody, and who stands beside them."""
    x, y, width, tall = cv2.boundingRect(pose.silhouette)
    x, y = pose.corner[0] + x + width // 2, pose.corner[1] + y + tall // 2
    reach = int(_REACH * tall) + 1
    return (
        max(x - reach, 0),
        max(y - reach, 0),
        min(x + reach, shape[1]),
        min(y + reach, shape[0]),
    )


def _holds(pose: Pose, detection: Detection) -> bool:
    """Whether a detection's trunk lies in a pose's silhouette."""
    hips, shoulders = detection.hips, detection.shoulders
    points = np.stack([hips, shoulders, (hips + shoulders) / 2])
    x, y = np.floor(points - pose.corner).astype(int).T
    rows, columns = pose.mask.shape
    inside = (x >= 0) & (x < columns) & (y >= 0) & (y < rows)
    return bool(pose.silhouette[y[inside], x[inside]].sum() == 3)


def shared(one: Pose, other: Pose) -> float:
    """Share of the smaller silhouette that the larger one shows, too."""
    a, b = _placed(one), _placed(other)
    top, left = max(a[0], b[0]), max(a[1], b[1])
    bottom = min(a[0] + len(one.mask), b[0] + len(other.mask))
    right = min(a[1] + one.mask.shape[1], b[1] + other.mask.shape[1])
    if top >= bottom or left >= right:
        return 0.0
    parts = [
        pose.silhouette[top - y : bottom - y, left - x : right - x]
        for pose, (y, x) in ((one, a), (other, b))
    ]
    least = min(np.count_nonzero(pose.silhouette) for pose in (one, other))
    return np.count_nonzero(parts[0] & parts[1]) / max(least, 1)


def _placed(pose: Pose) -> tuple[int, int]:
    """Row and column of a pose's mask in the picture."""
    return pose.corner[1], pose.corner[0]


def divided(poses: Sequence[Pose], shape: tuple[int, int]) -> np.ndarray:
    """Whom each pixel shows: [H, W] uint8, 0 nobody and k the k-th of the poses.

    Args:
      poses: fewer than 255.
      shape: rows and columns of the picture.
    """
    owner, surest = np.zeros(shape, np.uint8), np.full(shape, INSIDE, np.float32)
    for number, pose in enumerate(poses, 1):
        y, x = _placed(pose)
        rows, columns = pose.mask.shape
        view = np.s_[y : y + rows, x : x + columns]
        more = pose.mask >= surest[view]
        owner[view][more], surest[view][more] = number, pose.mask[more]
    return owner
