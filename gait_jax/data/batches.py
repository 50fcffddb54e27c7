"""Windows of frames → batches: shuffled, endless, resumable, shared out among processes."""

from typing import Any, Protocol

import grain
import ml_collections
import numpy as np
from absl import logging

from gait_jax.data import groups, source
from gait_jax.data.contour_store import ContourStore, open_contour_store
from gait_jax.gait.codec import ContourCodec
from gait_jax.gait.silhouette import CleanSettings
from gait_jax.runtime.errors import InputError


class BatchIterator(Protocol):
    """An endless iterator over batches whose place can be kept and found again."""

    def __next__(self) -> dict[str, np.ndarray]:
        """The next batch."""

    def get_state(self) -> dict[str, Any]:
        """Its place, as JSON values."""

    def set_state(self, state: dict[str, Any]) -> None:
        """Goes to a place."""


class Windows:
    """All windows of T consecutive usable frames of some subjects; random access.

    A window never reaches over a missing or unusable frame.
    """

    def __init__(
        self,
        store: ContourStore,
        codec: ContourCodec,
        subjects: list[str],
        frames: int,
        stride: int,
    ):
        """Lists the windows.

        Args:
          store: the traced data set.
          codec: layout of the contour vectors.
          subjects: whose sequences.
          frames: T.
          stride: frames from one window's start to the next one's.
        """
        self._store, self._codec, self._frames = store, codec, frames
        usable, wanted = store.usable(), set(subjects)
        starts = []
        for walk in store.walks:
            if walk.subject not in wanted:
                continue
            frame = np.arange(walk.first, walk.last)
            good = usable[walk.first : walk.last]
            breaks = (
                np.flatnonzero(
                    (np.diff(store.numbers[walk.first : walk.last]) != 1) | ~good[1:] | ~good[:-1]
                )
                + 1
            )
            for run in np.split(frame, breaks):
                if usable[run[0]]:
                    starts += range(run[0], run[-1] + 2 - frames, stride)
        self._starts = np.array(starts, np.int64)

    def __len__(self) -> int:
        return len(self._starts)

    def take(self, indices: np.ndarray) -> dict[str, np.ndarray]:
        """Encodes some windows at once.

        Args:
            indices: [B] int.

        Returns:
            {"contours": [B, T, P, 2] float32 in body heights, "counts": [B, T] int32 valid points}.
        """
        frames = (self._starts[indices][:, None] + np.arange(self._frames)).ravel()
        offsets, points = self._store.offsets, self._store.points
        paths = [points[offsets[f] : offsets[f + 1]] for f in frames]
        ends = np.cumsum([0] + [len(path) for path in paths])
        contours, counts = self._codec.encode_paths(
            np.concatenate(paths), ends, self._store.bodies[frames]
        )
        shape = (len(indices), self._frames)
        return {
            "contours": contours.reshape(*shape, *contours.shape[1:]),
            "counts": counts.reshape(shape),
        }


class GaitData:
    """A run's data: one data set, its contours, its groups of subjects.

    Attributes:
      groups: subjects by group.
      codec: layout of the contour vectors.
      description: what to write down of the data.
    """

    def __init__(self, config: ml_collections.ConfigDict, progress: bool = True):
        """Opens the data set, preparing and tracing it first where that is still to be done.

        Args:
          config: the `data` part of a configuration.
          progress: whether to show progress bars.

        Raises:
          InputError: the data set, its folder or its groups cannot be used.
        """
        builder = source.open_dataset(
            config.name, config.data_dir, config.manual_dir, config.subjects
        )
        self._store = open_contour_store(builder, CleanSettings(), progress)
        self.codec = ContourCodec(config.layout, config.points)
        subjects = [walk.subject for walk in self._store.walks]
        self.groups = groups.assign(config.groups, subjects)
        sizes = {name: len(members) for name, members in self.groups.items()}
        preset = dict(groups.PRESETS[config.groups])
        if sizes != preset:
            logging.warning(
                "%s has %d subjects: the groups of %s are scaled from %s to %s.",
                config.name,
                len(set(subjects)),
                config.groups,
                preset,
                sizes,
            )
        if config.name in source.SYNTHETIC:
            logging.warning(
                "%s is SYNTHETIC data: no real person walks in it. Results on it say nothing of "
                "how real people are protected.",
                config.name,
            )
        self.description = source.describe(builder) | {
            "groups": self.groups,
            "unusable_frames": self._store.unusable,
        }

    def windows(self, group: str, frames: int, stride: int) -> Windows:
        """The windows of a group of subjects.

        Raises:
          InputError: there is no such group, or no window in it.
        """
        if group not in self.groups:
            raise InputError(
                f"group {group!r} is not in data.groups: use one of {', '.join(self.groups)}"
            )
        windows = Windows(self._store, self.codec, self.groups[group], frames, stride)
        if not len(windows):
            raise InputError(
                f"group {group!r} ({', '.join(self.groups[group])}) has no {frames} consecutive "
                "usable frames: check the data set, or set a smaller data.frames"
            )
        return windows


def train_batches(
    windows: Windows, batch: int, seed: int, process: int = 0, processes: int = 1
) -> BatchIterator:
    """An endless iterator over shuffled windows; each epoch shows every window once.

    The order depends on the seed alone. Of every run of `batch · processes` windows each process
    gets every `processes`-th, so that together they see the same global batches as one process.

    Args:
      windows: the windows.
      batch: windows a process takes per step.
      seed: of the order and of the windows' noise seeds.
      process: this process's index.
      processes: how many processes share the data.

    Returns:
      Batches {"contours": [B, T, P, 2], "counts": [B, T], "noise_seed": [B] uint32}.
    """

    def draw_noise_seed(window: int, rng: np.random.Generator) -> dict[str, np.ndarray]:
        # The seed travels with the window: it draws the same noise on every topology.
        return {"window": np.int64(window), "noise_seed": rng.integers(2**32, dtype=np.uint32)}

    def load(batch: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        return windows.take(batch.pop("window")) | batch

    data = grain.MapDataset.range(len(windows)).seed(seed).shuffle().repeat()
    data = data.random_map(draw_noise_seed)[process::processes].batch(batch).map(load)
    # Steps are dispatched without waiting for them, so the next batch is encoded while the device
    # computes. Reading ahead in threads only makes them wait for each other: encoding is Python.
    options = grain.ReadOptions(num_threads=0, prefetch_buffer_size=0)
    return iter(data.to_iter_dataset(options))


def fixed_batch(windows: Windows, batch: int, seed: int) -> dict[str, np.ndarray]:
    """One batch spread evenly over the windows, always the same: for watching a run.

    Args:
      windows: the windows.
      batch: how many; fewer come back where there are fewer.
      seed: of the windows' noise seeds.

    Returns:
      A batch as from `train_batches`.
    """
    chosen = np.unique(np.linspace(0, len(windows) - 1, batch).astype(int))
    seeds = np.random.default_rng(seed).integers(2**32, size=len(chosen), dtype=np.uint32)
    return windows.take(chosen) | {"noise_seed": seeds}
