"""Learns a clip's scene without the people whom BlazePose finds in it."""

import dataclasses
from concurrent.futures import Future

import cv2
import numpy as np

from gait_jax.video.background import Background, estimate, largest_channel
from gait_jax.video.blazepose_detector import Tile, tiles
from gait_jax.video.blazepose_landmarks import Pose
from gait_jax.video.bodies import divided
from gait_jax.video.crew import Crew
from gait_jax.video.finding import around
from gait_jax.video.foreground import DifferenceSegmenter

# Around a body, in its heights: soft outlines, and shadows at its feet.
_RIM = 0.04
# Sides of the tiles by which a whole picture is searched, in its heights, and the smallest: pixels.
_SIDES, _LEAST = (1.0, 0.5, 0.3), 96
# Grey levels: a picture that is closer to another one shows the same people.
_CLOSE = 12
# Pixels around that what is painted out is filled from.
_AROUND = 5


def learn(
    samples: np.ndarray,
    given: np.ndarray | None,
    crew: Crew,
    outside: np.ndarray | None = None,
) -> tuple[Background, int]:
    """Learns the static scene from frames of the clip.

    Args:
      samples: [N, H, W, 3] uint8 frames from all of the clip, N below 256; changed where they are
        outside.
      given: the scene without anybody where it is known, [H, W, 3] uint8.
      crew: the networks.
      outside: [N, H, W] uint8, 1 where a sample shows nothing; None where all show everything.

    Returns:
      (the scene, how many people were found in it after all, and painted out of it).
    """
    plain = estimate(samples, hidden=outside)
    standing = crew.search(plain.picture, everywhere(plain.picture))
    scene = estimate(samples, given, _hiding(samples, plain, standing, crew, outside))
    # Where it looks as it did nobody is seen who was not before.
    empty = None if standing.result() else plain.picture
    left = crew.search(scene.picture, everywhere(scene.picture, empty)).result()
    if not left:
        return scene, 0
    # Whoever is still there was found in too few frames, or is a picture of somebody.
    mask = covered(left, scene.picture.shape[:2])
    filled = cv2.inpaint(scene.picture, mask, _AROUND, cv2.INPAINT_TELEA)
    return dataclasses.replace(scene, picture=filled, unseen=scene.unseen | mask), len(left)


def _hiding(
    samples: np.ndarray,
    plain: Background,
    standing: Future[list[Pose]],
    crew: Crew,
    outside: np.ndarray | None,
) -> np.ndarray:
    """Where samples do not show the scene, for people or (see `learn`) else: [N, H, W] uint8.

    Args:
      samples: see `learn`.
      plain: their median, whoever is in it.
      standing: who is, since they stand there most of the time: they differ from nothing.
      crew: the networks.
      outside: see `learn`.
    """
    differ = DifferenceSegmenter(plain)
    shape = samples.shape[1:3]
    hidden = np.zeros(samples.shape[:3], np.uint8)
    if outside is not None:
        hidden |= outside
        # Nobody stands where nothing is.
        for sample, mask in zip(samples, outside, strict=True):
            cv2.copyTo(plain.picture, mask, sample)
    searches = []
    for sample in samples:
        foreground = differ(sample)
        whole = [(0, 0, shape[1], shape[0])]
        # Tiles around all that differs, also around whom the whole picture shows: nearer by they
        # are seen better.
        parts = whole + (around(foreground) if foreground is not None else [])
        searches.append(crew.search(sample, parts))
    places = [covered([one], shape) for one in standing.result()]
    for mask, sample, search in zip(hidden, samples, searches, strict=True):
        mask |= covered(search.result(), shape)
        off = largest_channel(cv2.absdiff(sample, plain.picture))
        for inside in places:
            if np.median(off[inside > 0]) < _CLOSE:
                mask |= inside
    return hidden


def everywhere(picture: np.ndarray, empty: np.ndarray | None = None) -> list[Tile]:
    """Where to look for everybody in a picture, large or small.

    Args:
      picture: [H, W, 3] uint8.
      empty: likewise, of the same scene, in which nobody was found: who is in the picture is where
        it differs.
    """
    sides = sorted({max(_LEAST, int(share * picture.shape[0])) for share in _SIDES})
    places = [tile for side in sides for tile in tiles(picture.shape, side, side // 2)]
    if empty is None:
        return places
    other = largest_channel(cv2.absdiff(picture, empty)) > _CLOSE
    return [(x, y, end, low) for x, y, end, low in places if other[y:low, x:end].any()]


def covered(poses: list[Pose], shape: tuple[int, int]) -> np.ndarray:
    """Where bodies hide the scene, with their rims: [H, W] uint8."""
    owner, found = divided(poses, shape), np.zeros(shape, np.uint8)
    for number in range(1, len(poses) + 1):
        mine = (owner == number).astype(np.uint8)
        rim = 2 * max(1, round(_RIM * cv2.boundingRect(mine)[3])) + 1
        found |= cv2.dilate(mine, np.ones((rim, rim), np.uint8))
    return found
