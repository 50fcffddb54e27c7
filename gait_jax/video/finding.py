"""Finds the people of a clip frame by frame by BlazePose; difference from the scene helps it."""

import cv2
import numpy as np

from gait_jax.video.background import Scene
from gait_jax.video.blazepose_detector import Tile
from gait_jax.video.blazepose_landmarks import NAMES, Pose
from gait_jax.video.bodies import Bodies, divided
from gait_jax.video.foreground import DifferenceSegmenter
from gait_jax.video.people import NOT_ONE, Sighting, find, sighted
from gait_jax.video.pieces import pieces
from gait_jax.video.tracking import HIDDEN, OVERLAP

# Every so many frames the whole picture is searched, and what differs from the scene and is nobody
# who is known; in between people are followed.
_EVERY = 4
# Heights of what differs that a tile shows, and the smallest side of one, pixels.
_TILE, _LEAST = 2.2, 96
# What differs is looked at from so many pixels on, and is nobody new where so much of it is known.
_SPECK, _KNOWN = 20, 0.5
# Pixels: people below are seen better by what differs from the scene.
_SMALL = 60
# What differs this near a body, in its heights, is a part or a shadow of it.
_NEAR = 0.08
# Of the smaller body: they touch.
_TOUCHING = 0.02
# Seen with less, an ankle is behind something, or out of the picture.
_VISIBLE = 0.3
_ANKLES = [NAMES.index("left_ankle"), NAMES.index("right_ankle")]


def around(foreground: np.ndarray, known: np.ndarray | None = None) -> list[Tile]:
    """Tiles around what differs from the scene.

    Args:
      foreground: [H, W] uint8, 1 where a frame does.
      known: likewise, 1 where it is known why.
    """
    height, width = foreground.shape
    found = []
    for x, y, piece in pieces(foreground):
        tall, wide = piece.shape
        if tall < _SPECK:
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

    def __init__(self, scene: Scene, bodies: Bodies):
        """Takes the scene that the frames are compared with, and the networks."""
        self._scene = scene
        self._difference = DifferenceSegmenter(scene)
        self._bodies = bodies
        self._poses: list[Pose] = []
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
        poses = self._bodies.follow(image, self._poses)
        if not self._frames % _EVERY or not poses:
            known = (divided(poses, shape) > 0).astype(np.uint8)
            whole = [(0, 0, shape[1], shape[0])] if not self._frames % _EVERY else []
            poses += self._bodies.search(image, whole + around(foreground, known), poses)
        # Where the scene was filled anything differs from it.
        seen = 1 - self._scene.at(self._frames).unseen
        self._frames += 1
        self._poses = poses
        owner = divided(poses, shape)
        found = [one for i, pose in enumerate(poses, 1) if (one := _sighting(owner, i, pose))]
        # What is too small for the networks, and belongs to nobody whom they found.
        tall = max((one.box[3] for one in found), default=0)
        rim = np.ones((2 * round(_NEAR * tall) + 5,) * 2, np.uint8)
        left = foreground & seen & (cv2.dilate((owner > 0).astype(np.uint8), rim) == 0)
        small = [one for one in find(left) if one.box[3] < _SMALL and one.problem != NOT_ONE]
        return found + small


def _sighting(owner: np.ndarray, number: int, pose: Pose) -> Sighting | None:
    """A body of those that are divided; None where all of its pixels are somebody else's."""
    mine = (owner == number).astype(np.uint8)
    x, y, width, height = cv2.boundingRect(mine)
    if not width:
        return None
    box = np.s_[y : y + height, x : x + width]
    found = sighted(mine[box], (x, y), owner.shape)
    if found.problem is None:
        rim = cv2.dilate(mine[box], np.ones((3, 3), np.uint8))
        others = (owner[box] > 0) & (owner[box] != number)
        if np.count_nonzero(rim & others) > _TOUCHING * np.count_nonzero(mine[box]):
            found.problem = OVERLAP
        elif (pose.visibility[_ANKLES] < _VISIBLE).all():
            found.problem = HIDDEN
    return found
