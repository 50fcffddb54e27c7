"""Windows of anonymised contours, each with the originals': what inversion learns from."""

from collections.abc import Collection

import ml_collections
import numpy as np

from gait_jax.data.batches import Batch, TrainingData
from gait_jax.data.contour_store import ContourStore, open_contours
from gait_jax.data.dataset import GaitDataset
from gait_jax.data.gait_store import GaitStore
from gait_jax.data.windows import encode, window_starts
from gait_jax.gait.codec import RESAMPLED, ContourCodec
from gait_jax.runtime.errors import InputError


def partners(gaits: GaitStore, originals: GaitStore) -> np.ndarray:
    """What each frame was made of.

    Args:
      gaits: anonymised ones, frame by frame.
      originals: the store that they were made of, with all of their sequences.

    Returns:
      [F] int64 indices of frames in `originals`.
    """
    first = {sequence.name: sequence.first for sequence in originals.sequences}
    made_of = np.empty(len(gaits.numbers), np.int64)
    for sequence in gaits.sequences:
        start = first[sequence.name]
        made_of[sequence.first : sequence.last] = np.arange(start, start + len(sequence))
    return made_of


class WindowPairs:
    """All windows of T consecutive frames that are usable before and after; random access.

    Each contour is in the heights of its own body, from its own middle: what place and size tell is
    another attacker's affair.
    """

    def __init__(
        self,
        anonymized: ContourStore,
        originals: ContourStore,
        points: int,
        subjects: Collection[str],
        numbers: Collection[int],
        frames: int,
        stride: int,
    ):
        """Lists the windows.

        Args:
          anonymized: what is to be inverted.
          originals: what that was made of.
          points: P of the contours, which are closed.
          subjects: whose sequences.
          numbers: of the sequences wanted; all where there is none.
          frames: T.
          stride: frames from one window's start to the next one's.
        """
        self._stores, self._codec = (anonymized, originals), ContourCodec(RESAMPLED, points)
        self._made_of, self._frames = partners(anonymized.gaits, originals.gaits), frames
        usable = anonymized.gaits.usable() & originals.gaits.usable()[self._made_of]
        for sequence in anonymized.gaits.sequences:
            if numbers and sequence.number not in numbers:
                usable[sequence.first : sequence.last] = False
        self._starts = window_starts(anonymized.gaits, subjects, frames, stride, usable=usable)

    def __len__(self) -> int:
        return len(self._starts)

    def take(self, indices: np.ndarray, seeds: np.ndarray) -> Batch:
        """Encodes some windows at once.

        Args:
          indices: [B] int.
          seeds: nothing here is random.

        Returns:
          {"contours": [B, T, P, 2] float32, anonymised, "originals": likewise}.
        """
        del seeds
        frames = self._starts[indices][:, None] + np.arange(self._frames)
        anonymized, originals = self._stores
        return {
            "contours": encode(anonymized, self._codec, frames)[0],
            "originals": encode(originals, self._codec, self._made_of[frames])[0],
        }


def pair_windows(
    dataset: GaitDataset, config: ml_collections.ConfigDict, progress: bool = True
) -> TrainingData:
    """The windows that a configuration asks for.

    Args:
      dataset: the data set, opened with a run that anonymises.
      config: the `data` part: points, frames, stride, group, validation_group and sequences.
      progress: whether to show progress bars.

    Raises:
      InputError: there is nothing to invert, its groups cannot be used, or one has no window.
    """
    if dataset.gaits is dataset.originals:
        raise InputError(
            "inversion learns from anonymised gaits and their originals: set data.anonymized_by to "
            "the workdir of a run that anonymises, or to an exported model"
        )
    stores = [open_contours(gaits, progress) for gaits in (dataset.gaits, dataset.originals)]

    def windows(group: str, numbers: Collection[int]) -> WindowPairs:
        members = dataset.members(group)
        found = WindowPairs(*stores, config.points, members, numbers, config.frames, config.stride)
        if not len(found):
            raise InputError(
                f"group {group!r} ({', '.join(members)}) has no {config.frames} consecutive frames "
                "that are usable before and after: set a smaller data.frames, or another group"
            )
        return found

    train = windows(config.group, config.sequences)
    return TrainingData(
        train,
        windows(config.validation_group, ()),
        ("frames", config.frames),
        f"{len(train)} windows of {config.frames} frames, anonymised and original, of "
        f"{', '.join(dataset.members(config.group))}",
        dataset.description,
    )
