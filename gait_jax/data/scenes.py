"""People who move before a camera, anywhere and anyhow, with the truth of it."""

import dataclasses
from collections.abc import Callable

import numpy as np

from tfds_casia.walkers import camera, rhythm, segmentation, standin
from tfds_casia.walkers.body import Pose
from tfds_casia.walkers.rhythm import Steps
from tfds_casia.walkers.standin import Sight, Standin

RATE = 25.0
# Pixels around a silhouette, so that none is taken for one that leaves the picture.
_ROOM = 4


@dataclasses.dataclass(frozen=True)
class Scene:
    """How a person moves before a camera, and what it sees of them."""

    someone: Standin
    steps: Steps
    azimuth: np.ndarray
    elevation: np.ndarray
    speed: np.ndarray
    sight: Sight


def walking(rng: np.random.Generator, frames: int) -> np.ndarray:
    """Metres a second [T]: an even pace, with slow changes."""
    pace = np.clip(rng.normal(1.3, 0.28), 0.5, 2.0)
    slow = np.interp(np.arange(frames), [0, frames / 2, frames], rng.normal(0, 0.05, 3))
    return np.clip(pace * (1 + slow), 0.45, 2.0)


def halting(rng: np.random.Generator, frames: int) -> np.ndarray:
    """Metres a second [T]: standing, or starting or stopping within a second."""
    pace = rng.uniform(0.6, 1.6)
    kind = rng.integers(3)
    if kind == 0:
        return np.zeros(frames)
    middle, over = rng.uniform(0.2, 0.8) * frames, rng.uniform(8, 25)
    ramp = np.clip((np.arange(frames) - middle) / over + 0.5, 0, 1)
    return pace * (ramp if kind == 1 else 1 - ramp)


def move(
    rng: np.random.Generator,
    frames: int,
    speed: np.ndarray,
    steps: Callable[[Standin, np.ndarray, np.ndarray], Steps] | None = None,
    pose: Callable[[Standin, Pose], Pose] = lambda _, pose: pose,
) -> Scene:
    """Lets somebody move before a camera that stands somewhere, at any angle and distance."""
    someone = standin.draw(int(rng.integers(2**31)))
    heading = np.zeros(frames)
    if rng.random() < 0.35:
        turn = rng.normal(0, 35) / RATE
        begin, end = np.sort(rng.uniform(0, frames, 2))
        heading = turn * np.clip(np.arange(frames) - begin, 0, end - begin)
        heading -= heading[frames // 2]
    if steps:
        taken = steps(someone, speed, heading)
    else:
        preference = someone.pace.preference
        taken = rhythm.own(speed, preference, rng.random(), RATE, heading)
    towards = np.radians(heading)
    way = np.stack([np.cos(towards), np.sin(towards)], axis=-1) * speed[:, None] / RATE
    path = np.cumsum(way, axis=0)
    path -= path[frames // 2]
    elevation = rng.uniform(0, 15) if rng.random() < 0.6 else rng.uniform(0, 60)
    azimuth = rng.uniform(-180, 180)
    # Far enough that nobody walks into the camera.
    nearest = 2.2 * someone.stature + np.linalg.norm(path, axis=1).max()
    distance = np.exp(rng.uniform(np.log(nearest), np.log(max(nearest, 16 * someone.stature) + 1)))
    aim = 0.52 * someone.stature
    position, axes = camera.around(np.array([azimuth]), np.array([elevation]), distance, aim)
    seen = (np.pad(path, ((0, 0), (0, 1))) - position) @ axes[0].T
    middle = seen[frames // 2, 2]
    tall = np.exp(rng.uniform(np.log(36), np.log(230)))
    focal = tall * middle / someone.stature
    away = position[0, :2] - path
    turned = np.degrees(np.arctan2(away[:, 1], away[:, 0])) - heading
    height = np.hypot(*away.T)
    risen = np.degrees(np.arctan2(position[0, 2] - aim, height))
    sight = someone.film(
        pose(someone, someone.pose(taken)),
        turned,
        risen,
        tall * middle / seen[:, 2],
        focal * seen[:, :2] / seen[:, 2:],
    )
    return Scene(someone, taken, turned, risen, speed, sight)


def segmented(scene: Scene, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """([T, h, w] uint8 of 0 and 1 as segmentation gives them, [T, 2] corners), room around."""
    masks, window = scene.sight.masks, scene.sight.window
    if rng.random() < 0.5:
        masks, window = segmentation.degrade(scene.someone.figure, scene.sight, rng)
    masks = np.pad((masks > 0).astype(np.uint8), ((0, 0), (_ROOM, _ROOM), (_ROOM, _ROOM)))
    return masks, np.stack([window.left, window.top], axis=1) - _ROOM
