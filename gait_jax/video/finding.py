"""Finds the people of a clip frame by frame by BlazePose; difference from the scene helps it."""

import cv2
import numpy as np

from gait_jax.video.background import Scene
from gait_jax.video.blazepose_detector import Tile
from gait_jax.video.blazepose_landmarks import NAMES, Pose
from gait_jax.video.blazepose_region import Region
from gait_jax.video.bodies import Bodies, add, divided, tall_of
from gait_jax.video.clothes import worn
from gait_jax.video.foreground import DifferenceSegmenter
from gait_jax.video.people import HIDDEN, NOT_ONE, Sighting, find, sighted
from gait_jax.video.pieces import pieces
from gait_jax.video.pursuit import Pursuit
from gait_jax.video.support import Support

# Every so many seconds the whole picture is searched, and what differs from the scene and is nobody
# who is known; in between people are followed.
_EVERY = 0.15
# Heights of what differs that a tile shows, and the smallest side of one, pixels.
_TILE, _LEAST = 2.2, 96
# What differs is looked at from so many pixels on, and is nobody new where so much of it is known.
_SPECK, _KNOWN = 20, 0.5
# Pixels around those who are known; and of what is left, in heights of the tallest of them, so much
# may be somebody else.
_RIM, _REST = 3, 0.5
# Pixels: people below are not seen by the detector. In the square around what differs, of so many
# of its heights, the other network is to be so sure; it looks at so many at once: more are leaves.
_SMALL, _AROUND, _CERTAIN, _AT_ONCE = 60, 1.5, 0.8, 3
# What differs this near a body, in its heights, is a part or a shadow of it.
_NEAR = 0.08
# Of the smaller body: they touch.
_TOUCHING = 0.02
# Seen with less, an ankle is behind something, or out of the picture.
_VISIBLE = 0.3
_ANKLES = [NAMES.index("left_ankle"), NAMES.index("right_ankle")]


def around(foreground: np.ndarray, known: np.ndarray | None = None, least: int = 0) -> list[Tile]:
    """Tiles around what differs from the scene.

    Args:
      foreground: [H, W] uint8, 1 where a frame does.
      known: likewise, 1 where it is known why.
      least: rows that it must have.
    """
    height, width = foreground.shape
    found = []
    for x, y, piece in pieces(foreground):
        tall, wide = piece.shape
        if tall < max(_SPECK, least):
            continue
        explained = 0 if known is None else piece & known[y : y + tall, x : x + wide]
        if np.count_nonzero(explained) >= _KNOWN * np.count_nonzero(piece):
            continue
        side = max(_LEAST, int(_TILE * tall), int(1.2 * wide))
        left = int(np.clip(x + (wide - side) // 2, 0, max(width - side, 0)))
        top = int(np.clip(y + (tall - side) // 2, 0, max(height - side, 0)))
        found.append((left, top, min(left + side, width), min(top + side, height)))
    return found


class NetworkFinder:
    """Finds people frame by frame; remembers those of the frame before."""

    def __init__(self, scene: Scene, bodies: Bodies, rate: float = 25.0):
        """Starts without anybody.

        Args:
          scene: that the frames are compared with.
          bodies: the networks.
          rate: frames a second.
        """
        self._scene = scene
        self._difference = DifferenceSegmenter(scene)
        self._bodies = bodies
        self._pursuit = Pursuit(bodies, rate)
        self._every = max(1, round(_EVERY * rate))
        self._frames = 0

    def __call__(self, image: np.ndarray) -> list[Sighting] | None:
        """Finds the people of the next frame: [H, W, 3] uint8 (blue, green, red).

        Returns:
          They; None where it is not known how the camera stood.
        """
        shape = image.shape[:2]
        foreground = self._difference(image)
        if not self._scene.knows(self._frames):
            self._frames += 1
            return None
        if foreground is None:
            foreground = np.zeros(shape, np.uint8)
        scene = self._scene.at(self._frames)
        support = Support(foreground, scene.picture)
        poses = self._pursuit(image, support)
        places = self._pursuit.places(shape)
        everywhere = not self._frames % self._every
        if everywhere:
            places.append((0, 0, shape[1], shape[0]))
        if everywhere or not poses:
            places += self._unexplained(foreground, poses)
        if places:
            new = self._bodies.search(image, dict.fromkeys(places), poses, support)
            self._pursuit.add(new)
            poses += new
        if everywhere:
            new = self._small(image, support, poses)
            self._pursuit.add(new)
            poses += new
        # Where the scene was filled anything differs from it.
        seen = 1 - scene.unseen
        self._frames += 1
        owner = divided(poses, shape)
        found = [one for i, pose in enumerate(poses, 1) if (one := _sighting(owner, i, pose))]
        # What is too small for the networks, and belongs to nobody whom they found.
        tall = max((one.box[3] for one in found), default=0)
        left = foreground & seen & ~_near(owner, round(_NEAR * tall) + 2)
        found += [one for one in find(left) if one.box[3] < _SMALL and one.problem != NOT_ONE]
        for one in found:
            # Of so few pixels the word of the network of landmarks alone is not enough.
            one.by_difference = one.box[3] < _SMALL
            one.clothes = worn(image[one.crop], one.mask)
        return found

    def _small(self, image: np.ndarray, support: Support, poses: list[Pose]) -> list[Pose]:
        """Who is too small for the detector: the other network looks at what differs."""
        rest = support.foreground & ~_near(divided(poses, image.shape[:2]), _RIM)
        squares = []
        for x, y, piece in pieces(rest):
            tall, wide = piece.shape
            if _SPECK <= tall < _SMALL and wide <= tall:
                squares.append(Region(x + wide / 2, y + tall / 2, _AROUND * tall, 0.0))
        new: list[Pose] = []
        for square in sorted(squares, key=lambda one: -one.size)[:_AT_ONCE]:
            pose = self._bodies.look(image, square, support, poses + new)
            if pose and pose.flag >= _CERTAIN and tall_of(pose) < _SMALL:
                add(new, pose)
        return new

    @staticmethod
    def _unexplained(foreground: np.ndarray, poses: list[Pose]) -> list[Tile]:
        """Tiles around what differs from the scene and is nobody who is known."""
        owner = divided(poses, foreground.shape)
        # Of a crowd of whom some are known, those who are left.
        left = foreground & ~_near(owner, _RIM)
        tall = max((tall_of(pose) for pose in poses), default=0)
        known = (owner > 0).astype(np.uint8)
        return around(foreground, known) + around(left, least=round(_REST * tall))


def _near(owner: np.ndarray, reach: int) -> np.ndarray:
    """Where somebody is, or so few pixels away: [H, W] uint8 of 0 and 1."""
    near = np.zeros_like(owner)
    x, y, width, height = cv2.boundingRect(owner)
    box = np.s_[
        max(y - reach, 0) : y + height + reach,
        max(x - reach, 0) : x + width + reach,
    ]
    rim = np.ones((2 * reach + 1,) * 2, np.uint8)
    near[box] = cv2.dilate((owner[box] > 0).astype(np.uint8), rim)
    return near


def _sighting(owner: np.ndarray, number: int, pose: Pose) -> Sighting | None:
    """A body of those that are divided; None where all of its pixels are somebody else's."""
    (left, top), (rows, columns) = pose.corner, pose.mask.shape
    mine = (owner[top : top + rows, left : left + columns] == number).astype(np.uint8)
    x, y, width, height = cv2.boundingRect(mine)
    if not width:
        return None
    mine = mine[y : y + height, x : x + width]
    x, y = left + x, top + y
    found = sighted(mine, (x, y), owner.shape)
    found.limbs = pose.limbs
    around_it = owner[y : y + height, x : x + width]
    rim = cv2.dilate(mine, np.ones((3, 3), np.uint8))
    others = (around_it > 0) & (around_it != number)
    found.touching = np.count_nonzero(rim & others) > _TOUCHING * np.count_nonzero(mine)
    if found.problem is None and (pose.visibility[_ANKLES] < _VISIBLE).all():
        found.problem = HIDDEN
    return found
