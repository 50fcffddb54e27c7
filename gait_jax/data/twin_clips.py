"""Walks and their twins: what an anonymiser learns from that shall take nothing of the body over.

A twin takes the same steps on another body and is seen from the same side. Contours are in heights
of their own bodies, from their own middles.
"""

import functools

import ml_collections
import numpy as np

from gait_jax.data.batches import Batch, TrainingData
from gait_jax.data.made_clips import open_made
from gait_jax.data.scenes import RATE, Scene, move, segmented, walking
from gait_jax.gait import silhouette
from gait_jax.gait.codec import RESAMPLED, ContourCodec
from gait_jax.runtime.fingerprint import fingerprint
from tfds_casia.walkers import recording, rhythm
from tfds_casia.walkers.portrait import portrait
from tfds_casia.walkers.standin import Sight, Standin, draw

# Part of the key: raise it when the same seed makes other clips.
VERSION = 2

# Pixels that twins measure: contours are in body heights, so that the larger, the smoother.
_TALL = 200.0


def portrayed(someone: Standin, points: int) -> np.ndarray:
    """The contour of somebody's portrait: [points, 2] float32, body heights.

    Args:
      someone: whose body.
      points: P.
    """
    return _encoded([silhouette.clean((portrait(someone) > 0).astype(np.uint8))], points)[0]


def twin_of(scene: Scene, seed: int) -> tuple[Standin, Sight]:
    """Lets somebody else take a scene's steps.

    They have the phase, but body, clothes and style of their own, and go as many of their own
    statures a second.

    Args:
      scene: what they repeat.
      seed: who they are.

    Returns:
      (who they are, what the scene's camera sees of them).
    """
    twin = draw(seed)
    steps = rhythm.kept(
        scene.steps.phase,
        scene.speed * twin.stature / scene.someone.stature,
        twin.pace.preference,
        RATE,
        scene.steps.heading,
    )
    height = np.full(len(scene.azimuth), _TALL)
    return twin, twin.film(twin.pose(steps), scene.azimuth, scene.elevation, height)


def _cleaned(masks: np.ndarray) -> list[np.ndarray]:
    """Silhouettes as they are used, [h, w] of 0 and 1 with room around."""
    padded = np.pad((masks > 0).astype(np.uint8), ((0, 0), (4, 4), (4, 4)))
    return [silhouette.clean(mask) for mask in padded]


def _encoded(masks: list[np.ndarray], points: int) -> np.ndarray:
    codec = ContourCodec(RESAMPLED, points)
    return np.stack([codec.encode(mask)[0] for mask in masks])


def film(seed: int, frames: int, points: int, index: int) -> dict[str, np.ndarray]:
    """Films a walk and its twin; the same numbers give the same.

    Args:
      seed: of all clips.
      frames: T.
      points: P.
      index: of the clip.

    Returns:
      {"contours": [T, P, 2], "twins": likewise, "noise": [P, 2], the twin's portrait}, float32 in
      body heights.
    """
    rng = recording.stream("twins", seed, index)
    scene = move(rng, frames, walking(rng, frames))
    twin, sight = twin_of(scene, int(rng.integers(2**31)))
    whole, torn = _cleaned(scene.sight.masks), _cleaned(segmented(scene, rng)[0])
    # What segmentation leaves too little of has no outline.
    shown = [b if silhouette.flaw(a) else a for a, b in zip(torn, whole, strict=True)]
    return {
        "contours": _encoded(shown, points),
        "twins": _encoded(_cleaned(sight.masks), points),
        "noise": portrayed(twin, points),
    }


class TwinClips:
    """Clips of T frames with their twins; random access."""

    def __init__(self, arrays: dict[str, np.ndarray]):
        """Takes what `film` gives, by name, [N, ...] each."""
        self._arrays = arrays

    def __len__(self) -> int:
        return len(self._arrays["contours"])

    def take(self, indices: np.ndarray, seeds: np.ndarray) -> Batch:
        """Some clips.

        Args:
          indices: [B] int.
          seeds: nothing here is random.

        Returns:
          {"contours": [B, T, P, 2], "twins": likewise, "noise": [B, P, 2], float32 in body heights;
          "counts": [B, T] int32 valid points, all of them}.
        """
        del seeds
        batch = {
            name: np.asarray(array[indices], np.float32) for name, array in self._arrays.items()
        }
        frames, points = batch["contours"].shape[1:3]
        return batch | {"counts": np.full((len(indices), frames), points, np.int32)}


def twin_data(config: ml_collections.ConfigDict, seed: int, progress: bool = True) -> TrainingData:
    """The clips that a configuration asks for.

    Args:
      config: the `data` part: data_dir, clips, held_out, frames and points.
      seed: of the clips; those that are held out have another one.
      progress: whether to show a progress bar.

    Raises:
      InputError: they cannot be written, or one of the processes that make them was ended.
    """
    frames, points = config.frames, config.points
    kinds = {
        # A pixel is 16 steps of these.
        "contours": (np.float16, (frames, points, 2)),
        "twins": (np.float16, (frames, points, 2)),
        "noise": (np.float16, (points, 2)),
    }

    def clips(own: int, count: int) -> TwinClips:
        key = fingerprint(own, frames, points, count, VERSION)
        make = functools.partial(film, own, frames, points)
        return TwinClips(
            open_made(config.data_dir, f"twin_clips-{key}", kinds, count, make, progress)
        )

    return TrainingData(
        clips(2 * seed, config.clips),
        clips(2 * seed + 1, config.held_out),
        ("frames", frames),
        f"{config.clips} made walks of {frames} frames, each with its twin",
        {"name": "twin clips", "synthetic": True, "clips": config.clips},
    )
