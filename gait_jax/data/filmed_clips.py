"""Made clips whose truth is exact: what a reader of gaits learns from."""

import dataclasses

import numpy as np

from gait_jax.data.no_walks import no_walk
from gait_jax.data.scenes import Scene, halting, move, segmented, walking
from gait_jax.gait import glimpses, silhouette
from gait_jax.gait.glimpses import NEITHER, STANDING, WALKING
from tfds_casia.walkers import recording

# Statures a second below which somebody stands.
_STANDS = 0.08
# Cycles whose legs hardly part show no phase: of stride over stature.
_SHORT = 0.25


@dataclasses.dataclass(frozen=True)
class Clip:
    """One person's silhouettes with their truth, T frames.

    Attributes:
      masks: [h, w] uint8 of 0 and 1 each, cleaned; empty where nobody can be seen.
      corners: [T, 2] where they lie in the picture, (x, y) pixels.
      phase: [T] of the gait in cycles.
      stepping: [T] bool, whether there is a phase to see.
      azimuth: [T] from where the person faces to the camera, degrees.
      elevation: [T] by how many degrees the camera looks down.
      speed: [T] statures a second.
      kind: [T] int, see `gait.glimpses`.
    """

    masks: list[np.ndarray]
    corners: np.ndarray
    phase: np.ndarray
    stepping: np.ndarray
    azimuth: np.ndarray
    elevation: np.ndarray
    speed: np.ndarray
    kind: np.ndarray


def film(seed: int, index: int, frames: int) -> Clip:
    """Films a clip; the same numbers give the same one.

    Of ten clips six show somebody who walks, one who stands, starts or stops, and three what is
    neither: frozen in mid-stride, half a body, two people in one, a pram, a box, running, sitting.

    Args:
      seed: of all clips.
      index: of the clip.
      frames: T.
    """
    rng = recording.stream("reader", seed, index)
    draw = rng.random()
    if draw < 0.6:
        scene = move(rng, frames, walking(rng, frames))
    elif draw < 0.72:
        scene = move(rng, frames, halting(rng, frames))
    else:
        return _clip(*no_walk(rng, frames), NEITHER)
    return _clip(scene, *segmented(scene, rng), WALKING)


def _clip(scene: Scene, masks: np.ndarray, corners: np.ndarray, kind: int) -> Clip:
    cleaned = [silhouette.clean(mask) for mask in masks]
    usable = [mask if silhouette.flaw(mask) is None else np.zeros_like(mask) for mask in cleaned]
    speed = scene.speed / scene.someone.stature
    kinds = np.full(len(masks), kind)
    if kind == WALKING:
        kinds[speed < _STANDS] = STANDING
    stepping = (kinds == WALKING) & (scene.steps.stride > _SHORT * scene.someone.stature)
    azimuth = (scene.azimuth + 180) % 360 - 180
    return Clip(
        usable, corners, scene.steps.phase, stepping, azimuth, scene.elevation, speed, kinds
    )


def packed(clip: Clip) -> dict[str, np.ndarray]:
    """A clip as the reader learns from it.

    Returns:
      As `glimpses.stacked`, and "phase", "stepping", "azimuth", "elevation", "speed", "kind", each
      [T] float32.
    """
    seen = [
        glimpses.glimpse(mask, tuple(corner)) if mask.any() else None
        for mask, corner in zip(clip.masks, clip.corners, strict=True)
    ]
    truth = ("phase", "stepping", "azimuth", "elevation", "speed", "kind")
    return glimpses.stacked(seen) | {
        name: np.asarray(getattr(clip, name), np.float32) for name in truth
    }
