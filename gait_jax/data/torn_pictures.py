"""Pictures of silhouettes, torn and whole, with noise: what the DCGAN anonymiser trains on."""

import cv2
import ml_collections
import numpy as np

from gait_jax.data.batches import Batch, TrainingData
from gait_jax.data.dataset import GaitDataset
from gait_jax.data.gait_store import GaitStore
from gait_jax.data.windows import window_starts
from gait_jax.gait import silhouette, tearing, warp
from gait_jax.gait.framing import Framing
from gait_jax.runtime.errors import InputError

# How well the height of somebody whose silhouettes are torn is known, and where their feet are:
# standard deviations, as shares of their height.
_HEIGHT_ERROR, _FEET_ERROR = 0.05, 0.04


class TornPictures:
    """Single silhouettes of some people, each beside itself torn and beside itself bent by noise.

    The random vector is a field that pushes outlines to and fro, smoothly: what it makes of the
    whole silhouette stands for Ẑ of 2019's eq 7. Half of the pictures are mirrored. Random access.
    """

    def __init__(self, gaits: GaitStore, frames: np.ndarray, config: ml_collections.ConfigDict):
        """Takes frames.

        Args:
          gaits: the store.
          frames: [N] its indices of usable frames.
          config: the `data` part: size, columns, torn, and of `noise` grid and reach.
        """
        self._gaits, self._frames = gaits, frames
        self._shape, self._torn = (config.size, config.columns), config.torn
        self._grid, self._reach = tuple(config.noise.grid), config.noise.reach

    def __len__(self) -> int:
        return len(self._frames)

    def take(self, indices: np.ndarray, seeds: np.ndarray) -> Batch:
        """Draws what becomes of some silhouettes.

        Args:
          indices: [B] int.
          seeds: [B] uint32.

        Returns:
          {"seen", "whole" and "bent": [B, H, W] uint8 of 0..255, what G is shown, the silhouette as
          it is, and as the noise bends it, all framed by what is seen; "noise": z [B, Z] float32}.
        """
        drawn = [self._one(*one) for one in zip(self._frames[indices], seeds, strict=True)]
        return {name: np.stack([one[name] for one in drawn]) for name in drawn[0]}

    def _one(self, frame: int, seed: int) -> Batch:
        rng = np.random.default_rng(seed)
        body = self._gaits.body(frame)
        if rng.random() < 0.5:
            body = body[:, ::-1]
        height = len(body)
        whole = np.pad(body, round(tearing.ROOM * height))
        seen = whole
        # All numbers are drawn, whatever the share: what it changes leaves the noise alone.
        noise = rng.standard_normal((2, *self._grid)).astype(np.float32)
        known = height * (1 + _HEIGHT_ERROR * rng.standard_normal())
        _, y, _, tall = cv2.boundingRect(whole)
        feet = y + tall + height * _FEET_ERROR * rng.standard_normal()
        if rng.random() < self._torn:
            torn = silhouette.clean(tearing.tear(whole, rng))
            # What is hardly there is not anonymised later either.
            seen = torn if silhouette.flaw(torn) is None else whole
        framing, rows = Framing.of(seen, known, feet), self._shape[0]
        pictures = [framing.cut(mask, *self._shape) for mask in (seen, whole)]
        bent = warp.push(pictures[1], self._reach * rows * noise)
        return {"seen": pictures[0], "whole": pictures[1], "bent": bent, "noise": noise.ravel()}


def torn_data(
    dataset: GaitDataset, config: ml_collections.ConfigDict, progress: bool = True
) -> TrainingData:
    """The pictures that a configuration asks for.

    Args:
      dataset: the data set.
      config: the `data` part: size, columns, torn, noise, stride, group and validation_group.
      progress: nothing has to be made first.

    Raises:
      InputError: its groups cannot be used, or a group has no usable frame.
    """
    del progress

    def of(group: str) -> TornPictures:
        members = dataset.members(group)
        frames = window_starts(dataset.gaits, members, 1, config.stride)
        if not len(frames):
            raise InputError(
                f"group {group!r} ({', '.join(members)}) has no usable frame: check the data set"
            )
        return TornPictures(dataset.gaits, frames, config)

    train = of(config.group)
    return TrainingData(
        train,
        of(config.validation_group),
        ("frames", 1),
        f"{len(train)} silhouettes of {', '.join(dataset.members(config.group))}",
        dataset.description,
    )
