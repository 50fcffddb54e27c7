"""Walks and their twins: what an anonymiser learns from that shall take nothing of the body over.

A twin takes the same steps on another body and is seen from the same side. Contours are in heights
of their own bodies, from their own middles.
"""

import functools

import ml_collections
import numpy as np

from gait_jax.data.batches import Batch, TrainingData
from gait_jax.data.made_clips import open_made
from gait_jax.data.scenes import RATE, walking
from gait_jax.gait import silhouette
from gait_jax.gait.codec import RESAMPLED, ContourCodec
from gait_jax.runtime.fingerprint import fingerprint
from tfds_casia.walkers import recording, rhythm, segmentation
from tfds_casia.walkers.rhythm import Steps
from tfds_casia.walkers.standin import Sight, Standin, draw

# Part of the key: raise it when the same seed makes other clips.
VERSION = 1

# Pixels that people measure, about as data sets have them.
_TALL = 128.0
# Degrees: highest camera. That of the contour that stands for a body, from its left side.
_ELEVATION, _CANONICAL = 15.0, (90.0, 5.0)
# Share of the originals that come as segmentation gives them.
_SEGMENTED = 0.5


def canonical(someone: Standin, phase: float, points: int) -> np.ndarray:
    """A body's contour from its left side in the middle of a stride: [points, 2], body heights.

    Args:
      someone: whose body.
      phase: of the gait, cycles.
      points: P.
    """
    one, usual = np.ones(3), someone.pace.preference
    speed = usual.frequency * usual.stride
    azimuth, elevation = _CANONICAL
    steps = rhythm.own(speed * one, usual, phase, RATE)
    sight = someone.see(steps, azimuth * one, elevation * one, _TALL * one)
    return _encoded(_bodies(sight)[1:2], points)[0]


def _bodies(sight: Sight) -> list[np.ndarray]:
    """Silhouettes as they are used: cleaned, [h, w] of 0 and 1 with room around."""
    padded = np.pad((sight.masks > 0).astype(np.uint8), ((0, 0), (4, 4), (4, 4)))
    return [silhouette.clean(mask) for mask in padded]


def _encoded(masks: list[np.ndarray], points: int) -> np.ndarray:
    codec = ContourCodec(RESAMPLED, points)
    return np.stack([codec.encode(mask)[0] for mask in masks])


def _segmented(someone: Standin, sight: Sight, rng: np.random.Generator) -> list[np.ndarray]:
    """Silhouettes as segmentation gives them; whole ones where one of them could not be used."""
    masks, _ = segmentation.degrade(someone.figure, sight, rng)
    padded = np.pad((masks > 0).astype(np.uint8), ((0, 0), (4, 4), (4, 4)))
    cleaned = [silhouette.clean(mask) for mask in padded]
    usable = all(silhouette.flaw(mask) is None for mask in cleaned)
    return cleaned if usable else _bodies(sight)


def film(seed: int, frames: int, points: int, index: int) -> dict[str, np.ndarray]:
    """Films a walk and its twin; the same numbers give the same.

    Args:
      seed: of all clips.
      frames: T.
      points: P.
      index: of the clip.

    Returns:
      {"contours": [T, P, 2], "twins": likewise, "noise": [P, 2], the twin's body in one view},
      float32 in body heights.
    """
    rng = recording.stream("twins", seed, index)
    someone, twin = (draw(int(rng.integers(2**31))) for _ in range(2))
    one = np.ones(frames)
    azimuth, elevation = rng.uniform(-180, 180) * one, rng.uniform(0, _ELEVATION) * one
    speed = walking(rng, frames)
    steps = rhythm.own(speed, someone.pace.preference, rng.random(), RATE)
    # As many of its own statures a second.
    scaled = speed * twin.stature / someone.stature
    same: Steps = rhythm.kept(steps.phase, scaled, twin.pace.preference, RATE)
    walk = someone.see(steps, azimuth, elevation, _TALL * one)
    masks = _segmented(someone, walk, rng) if rng.random() < _SEGMENTED else _bodies(walk)
    other = _bodies(twin.see(same, azimuth, elevation, _TALL * one))
    return {
        "contours": _encoded(masks, points),
        "twins": _encoded(other, points),
        "noise": canonical(twin, rng.random(), points),
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
