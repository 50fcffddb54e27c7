"""Windows of consecutive frames as contour vectors: what anonymisers train on."""

import math
from collections.abc import Collection, Iterable

import ml_collections
import numpy as np

from gait_jax.data.batches import Batch, TrainingData
from gait_jax.data.contour_store import ContourStore, open_contours
from gait_jax.data.dataset import GaitDataset
from gait_jax.data.gait_store import GaitStore
from gait_jax.gait.codec import ContourCodec
from gait_jax.runtime.errors import InputError

# Bytes of contour vectors that a process keeps of each group.
_ROOM = 1 << 30


def window_starts(
    gaits: GaitStore,
    subjects: Iterable[str],
    frames: int,
    stride: int,
    sequences: Collection[int] = (),
    usable: np.ndarray | None = None,
) -> np.ndarray:
    """Where windows of consecutive usable frames begin.

    Args:
      gaits: the store.
      subjects: whose sequences.
      frames: of a window.
      stride: frames from one window's start to the next one's.
      sequences: numbers of the sequences; all where there is none.
      usable: [F] bool, which frames may stand in a window; those with a usable person if None.

    Returns:
      [N] int64 indices of the store's frames, which rise. A window never reaches over a missing or
      unusable frame.
    """
    usable = gaits.usable() if usable is None else usable
    numbers, wanted = gaits.numbers, set(subjects)
    starts = []
    for sequence in gaits.sequences:
        if sequence.subject not in wanted or not len(sequence):
            continue
        if sequences and sequence.number not in sequences:
            continue
        here = slice(sequence.first, sequence.last)
        good = usable[here]
        breaks = np.flatnonzero((np.diff(numbers[here]) != 1) | ~good[1:] | ~good[:-1]) + 1
        for run in np.split(np.arange(sequence.first, sequence.last), breaks):
            if usable[run[0]]:
                starts.append(np.arange(run[0], run[-1] + 2 - frames, stride))
    return np.concatenate(starts or [np.empty(0, np.int64)])


def encode(
    store: ContourStore, codec: ContourCodec, frames: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The contours of some usable frames.

    Args:
      store: the traced gaits.
      codec: layout of the contour vectors.
      frames: [...] the store's indices.

    Returns:
      ([..., P, 2] float32 in body heights, [...] int32 valid points).
    """
    flat = frames.ravel()
    paths = [store.points[store.offsets[f] : store.offsets[f + 1]] for f in flat]
    ends = np.cumsum([0] + [len(path) for path in paths])
    contours, counts = codec.encode_paths(np.concatenate(paths), ends, store.bodies[flat])
    return contours.reshape(*frames.shape, *contours.shape[1:]), counts.reshape(frames.shape)


class EncodedFrames:
    """Contour vectors of some frames, made when they are first asked for.

    A frame stands in many windows, and is shown anew in every epoch: where there is room in memory
    for all of them, each is made once.
    """

    def __init__(self, store: ContourStore, codec: ContourCodec, shown: np.ndarray, room: int):
        """Makes none yet.

        Args:
          store: the traced gaits.
          codec: layout of the contour vectors.
          shown: [F] bool, which of the store's frames will be asked for.
          room: bytes that the vectors may take; where they would take more none is kept.
        """
        self._store, self._codec = store, codec
        count = np.count_nonzero(shown)
        shape = (count, codec.points, 2)
        self._kept = math.prod(shape) * np.dtype(np.float32).itemsize <= room
        if self._kept:
            self._frames = np.flatnonzero(shown)
            # Memory that nothing is written to is not taken.
            self._vectors = np.empty(shape, np.float32)
            self._counts = np.empty(count, np.int32)
            self._made = np.zeros(count, bool)

    def take(self, frames: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Their vectors and numbers of valid points, as `encode` gives them.

        Args:
          frames: [...] the store's indices.
        """
        if not self._kept:
            return encode(self._store, self._codec, frames)
        rows = np.searchsorted(self._frames, frames)
        if not self._made[rows].all():
            new = np.unique(rows[~self._made[rows]])
            made = encode(self._store, self._codec, self._frames[new])
            self._vectors[new], self._counts[new] = made
            self._made[new] = True
        # Clipped, which changes nothing, as all are there: what is taken is then copied once.
        return self._vectors.take(rows, axis=0, mode="clip"), self._counts[rows]


class Windows:
    """All windows of T consecutive usable frames of some subjects; random access.

    A window never reaches over a missing or unusable frame.

    Attributes:
      starts: [N] int64 the store's indices of the frames with which they begin.
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
          codec: layout of the contour vectors, and the most points that they may have: all windows'
            have as many as the longest contour in any of them needs.
          subjects: whose sequences.
          frames: T.
          stride: frames from one window's start to the next one's.
        """
        self._frames = frames
        self.starts = window_starts(store.gaits, subjects, frames, stride)
        shown = np.zeros(len(store.gaits.numbers), bool)
        for after in range(frames):
            shown[self.starts + after] = True
        longest = np.diff(store.offsets)[shown].max(initial=0)
        self._encoded = EncodedFrames(store, codec.fitting(int(longest)), shown, _ROOM)

    def __len__(self) -> int:
        return len(self.starts)

    def take(self, indices: np.ndarray, seeds: np.ndarray) -> Batch:
        """Encodes some windows at once.

        Args:
            indices: [B] int.
            seeds: [B] uint32.

        Returns:
            {"contours": [B, T, Q, 2] float32 in body heights, the first Q points of P, beyond which
            no contour of the windows reaches; "counts": [B, T] int32 valid points; "noise_seed":
            [B] uint32, the seeds}.
        """
        frames = self.starts[indices][:, None] + np.arange(self._frames)
        contours, counts = self._encoded.take(frames)
        return {"contours": contours, "counts": counts, "noise_seed": seeds}


def windows_of(
    dataset: GaitDataset,
    contours: ContourStore,
    group: str,
    codec: ContourCodec,
    frames: int,
    stride: int,
) -> Windows:
    """The windows of a group of subjects.

    Args:
      dataset: the data set.
      contours: of its gaits.
      group: of its groups.
      codec: layout of the contour vectors.
      frames: T.
      stride: frames from one window's start to the next one's.

    Raises:
      InputError: there is no such group, or no window in it.
    """
    members = dataset.members(group)
    windows = Windows(contours, codec, members, frames, stride)
    if not len(windows):
        raise InputError(
            f"group {group!r} ({', '.join(members)}) has no {frames} consecutive "
            "usable frames: check the data set, or set a smaller data.frames"
        )
    return windows


def window_data(
    dataset: GaitDataset, config: ml_collections.ConfigDict, progress: bool = True
) -> TrainingData:
    """The windows that a configuration asks for.

    Args:
      dataset: the data set.
      config: the `data` part: layout, points, frames, stride, group and validation_group.
      progress: whether to show progress bars.

    Raises:
      InputError: its groups cannot be used, or a group has no window.
    """
    contours = open_contours(dataset.gaits, progress)
    codec = ContourCodec(config.layout, config.points)
    train, held_out = (
        windows_of(dataset, contours, group, codec, config.frames, config.stride)
        for group in (config.group, config.validation_group)
    )
    return TrainingData(
        train,
        held_out,
        ("frames", config.frames),
        f"{len(train)} windows of {config.frames} frames from "
        f"{', '.join(dataset.members(config.group))}",
        dataset.description,
    )
