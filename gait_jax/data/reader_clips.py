"""Clips that readers of gaits train on: filmed once, on all cores, read from the disk."""

import functools

import ml_collections
import numpy as np

from gait_jax.data.batches import Batch, TrainingData
from gait_jax.data.filmed_clips import film, packed
from gait_jax.data.made_clips import open_made
from gait_jax.data.scenes import RATE
from gait_jax.gait.glimpses import COLUMNS, ROWS, motion
from gait_jax.runtime.fingerprint import fingerprint

# Part of the key: raise it when the same seed films other clips.
VERSION = 2

# Of each array: what a clip's frame holds.
_ARRAYS = {
    "crops": (np.uint8, (ROWS, COLUMNS)),
    "boxes": (np.float32, (4,)),
    "seen": (np.float32, ()),
    "phase": (np.float32, ()),
    "stepping": (np.float32, ()),
    "azimuth": (np.float32, ()),
    "elevation": (np.float32, ()),
    "speed": (np.float32, ()),
    "kind": (np.float32, ()),
}
# Share of the clips that are shown mirrored, that have gaps, that come at a lower rate.
_MIRRORED, _TORN, _SLOW = 0.5, 0.2, 0.15
# Logarithm of by how much wider or narrower a clip's people are shown: standard deviation.
_WIDER = 0.1


def _made(seed: int, frames: int, index: int) -> dict[str, np.ndarray]:
    return packed(film(seed, index, frames))


class ReaderClips:
    """Made clips of T frames each; random access."""

    def __init__(self, arrays: dict[str, np.ndarray], changed: bool):
        """Takes them.

        Args:
          arrays: by name, [N, T, ...] each.
          changed: whether they are shown in other ways each time: mirrored, wider, with gaps, or as
            a camera of fewer frames a second gives them.
        """
        self._arrays, self._changed = arrays, changed

    def __len__(self) -> int:
        return len(self._arrays["seen"])

    def _clip(self, index: int, seed: int) -> Batch:
        clip = {name: np.array(array[index]) for name, array in self._arrays.items()}
        if self._changed:
            _change(clip, np.random.default_rng(seed))
        return clip | {"motion": motion(clip.pop("boxes"), clip["seen"], RATE)}

    def take(self, indices: np.ndarray, seeds: np.ndarray) -> Batch:
        """Some clips.

        Args:
          indices: [B] int.
          seeds: [B] uint32.

        Returns:
          {"crops": [B, T, ROWS, COLUMNS] uint8, "motion": [B, T, MOTION], "seen": [B, T], and the
          truth of `filmed_clips.Clip`, [B, T] each}, float32.
        """
        clips = [self._clip(i, s) for i, s in zip(indices, seeds, strict=True)]
        return {name: np.stack([clip[name] for clip in clips]) for name in clips[0]}


def _change(clip: Batch, rng: np.random.Generator) -> None:
    """Shows a clip in another way, in place."""
    frames = len(clip["seen"])
    if rng.random() < _MIRRORED:
        clip["crops"] = clip["crops"][..., ::-1]
        clip["boxes"][:, 0] *= -1
        clip["azimuth"] *= -1
    wider = np.exp(rng.normal(0, _WIDER))
    clip["crops"] = stretched(clip["crops"], wider)
    clip["boxes"][:, 2] *= wider
    if rng.random() < _TORN:
        first = rng.integers(frames)
        clip["seen"][first : first + rng.integers(1, 12)] = 0
    if rng.random() < _SLOW:
        every = rng.integers(2, 4)
        held = np.arange(frames) // every * every
        for name in ("crops", "boxes", "seen"):
            clip[name] = clip[name][held]


def stretched(crops: np.ndarray, wider: float) -> np.ndarray:
    """Crops [T, ROWS, COLUMNS] uint8, so many times as wide about their middle."""
    middle = (COLUMNS - 1) / 2
    # Where in the original each column lies, linearly between two of them; beyond is nobody.
    place = (np.arange(COLUMNS) - middle) / wider + middle
    share = np.maximum(1 - np.abs(place - np.arange(COLUMNS)[:, None]), 0)
    return np.rint(crops @ share).astype(np.uint8)


def _open(
    config: ml_collections.ConfigDict, seed: int, count: int, progress: bool
) -> dict[str, np.ndarray]:
    """So many clips of a seed, made first where they are not."""
    frames = config.frames
    return open_made(
        config.data_dir,
        f"reader_clips-{fingerprint(seed, frames, count, VERSION)}",
        {name: (dtype, (frames, *shape)) for name, (dtype, shape) in _ARRAYS.items()},
        count,
        functools.partial(_made, seed, frames),
        progress,
    )


def clip_data(config: ml_collections.ConfigDict, seed: int, progress: bool = True) -> TrainingData:
    """The clips that a configuration asks for.

    Args:
      config: the `data` part: data_dir, clips, held_out and frames.
      seed: of the clips; those that are held out have another one.
      progress: whether to show a progress bar.

    Raises:
      InputError: they cannot be written, or one of the processes that make them was ended.
    """
    train = _open(config, 2 * seed, config.clips, progress)
    held_out = _open(config, 2 * seed + 1, config.held_out, progress)
    description = {"name": "reader clips", "synthetic": True, "clips": config.clips}
    return TrainingData(
        ReaderClips(train, changed=True),
        ReaderClips(held_out, changed=False),
        ("frames", config.frames),
        f"{config.clips} made clips of {config.frames} frames",
        description,
    )
