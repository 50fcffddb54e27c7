"""Windows of consecutive aligned silhouettes: what is looked at without asking whose they are."""

import dataclasses

import ml_collections
import numpy as np

from gait_jax.data.batches import Batch, TrainingData
from gait_jax.data.dataset import GaitDataset
from gait_jax.data.gait_store import GaitStore
from gait_jax.data.silhouette_store import open_silhouettes
from gait_jax.data.windows import window_starts
from gait_jax.gait import warp
from gait_jax.runtime.errors import InputError


@dataclasses.dataclass(frozen=True)
class Windows:
    """Windows of a store's aligned silhouettes.

    Attributes:
      images: [F, H, W] uint8 of 0..255, all usable frames of the store (see `SilhouetteStore`).
      first: [N] int64, where among them each window begins.
      frames: T.
    """

    images: np.ndarray
    first: np.ndarray
    frames: int

    def __len__(self) -> int:
        return len(self.first)

    def of(self, indices: np.ndarray) -> np.ndarray:
        """Some of them: [N] int → [N, T, H, W] uint8."""
        return self.images[self.first[indices][:, None] + np.arange(self.frames)]


def open_windows(
    gaits: GaitStore, starts: np.ndarray, frames: int, shape: tuple[int, int], progress: bool = True
) -> Windows:
    """Windows of aligned silhouettes, which are made first where that is still to be done.

    Args:
      gaits: the store.
      starts: [N] the store's indices of the frames with which they begin; T usable ones follow.
      frames: T.
      shape: rows and columns.
      progress: whether to show a progress bar.

    Raises:
      InputError: what is kept is damaged (see `open_silhouettes`).
    """
    images = open_silhouettes(gaits, shape, progress).images
    return Windows(images, np.cumsum(gaits.usable())[starts] - 1, frames)


class BentWindows:
    """Windows, some of them bent, with frames to hide and to ask for; random access.

    Bent gaits teach an embedding that there are other ones than those of people who walk: it would
    take a dent for nothing if it had never seen any.
    """

    def __init__(self, windows: Windows, bent: float, hidden: float, asked: int):
        """Takes windows.

        Args:
          windows: of clean gaits.
          bent: the share of windows whose silhouettes are bent.
          hidden: the share of frames that a window is told without.
          asked: K, frames that it is asked for.
        """
        self._windows, self._bent, self._hidden, self._asked = windows, bent, hidden, asked

    def __len__(self) -> int:
        return len(self._windows)

    def take(self, indices: np.ndarray, seeds: np.ndarray) -> Batch:
        """Draws what becomes of some windows.

        Args:
          indices: [B] int.
          seeds: [B] uint32.

        Returns:
          {"silhouettes": [B, T, H, W] uint8 of 0..255, "hidden": [B, T] uint8 of 0 and 1,
          "asked": [B, K] int32 of 0..T - 1}.
        """
        images, hidden, asked = self._windows.of(np.asarray(indices)), [], []
        for place, seed in enumerate(seeds):
            rng = np.random.default_rng(seed)
            if rng.random() < self._bent:
                images[place] = warp.bend(images[place], rng)
            hidden.append(rng.random(images.shape[1]) < self._hidden)
            asked.append(rng.integers(images.shape[1], size=self._asked))
        return {
            "silhouettes": images,
            "hidden": np.array(hidden, np.uint8),
            "asked": np.array(asked, np.int32),
        }


def window_data(
    dataset: GaitDataset,
    config: ml_collections.ConfigDict,
    shape: tuple[int, int],
    progress: bool = True,
) -> TrainingData:
    """The windows that a configuration asks for.

    Args:
      dataset: the data set.
      config: the `data` part: frames, stride, bent, hidden, asked, group, validation_group and
        sequences (numbers of those to train on; all where there is none).
      shape: rows and columns of the silhouettes.
      progress: whether to show progress bars.

    Raises:
      InputError: its groups cannot be used, or a group has no window.
    """

    def of(group: str, numbers: tuple[int, ...]) -> BentWindows:
        members = dataset.members(group)
        starts = window_starts(dataset.gaits, members, config.frames, config.stride, numbers)
        if not len(starts):
            raise InputError(
                f"group {group!r} ({', '.join(members)}) has no {config.frames} consecutive "
                "usable frames: check the data set, or set a smaller data.frames"
            )
        windows = open_windows(dataset.gaits, starts, config.frames, shape, progress)
        return BentWindows(windows, config.bent, config.hidden, config.asked)

    train = of(config.group, tuple(config.sequences))
    return TrainingData(
        train,
        of(config.validation_group, ()),
        ("frames", config.frames),
        f"{len(train)} windows of {config.frames} frames from "
        f"{', '.join(dataset.members(config.group))}",
        dataset.description,
    )
