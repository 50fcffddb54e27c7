"""Recorded gaits of training people as the noise of other people's (Tieu et al. 2017)."""

import dataclasses

import ml_collections
import numpy as np

from gait_jax.data.batches import Batch, TrainingData
from gait_jax.data.contour_store import ContourStore, open_contours
from gait_jax.data.dataset import GaitDataset
from gait_jax.data.windows import Windows, encode, window_data
from gait_jax.gait import noise_gaits
from gait_jax.gait.codec import RESAMPLED, ContourCodec
from gait_jax.gait.noise_gaits import RecordedWalks
from gait_jax.runtime.errors import InputError


def gather(
    dataset: GaitDataset, contours: ContourStore, config: ml_collections.ConfigDict
) -> dict[str, np.ndarray]:
    """The noise gaits of a training group.

    Args:
      dataset: the data set.
      contours: of its gaits.
      config: the `data` part: group, points, and of `noise` the room: walks G and frames L. Where
        there is not room for all walks, each person has the first ones in each view.

    Returns:
      What is kept of them, by name (see `gait.noise_gaits.shapes`).

    Raises:
      InputError: a view has fewer than two people, a name is too long, or there is not room for a
        walk of each person in each view.
    """
    gaits, room = contours.gaits, config.noise.walks
    people = sorted(dataset.members(config.group))
    seen: dict[tuple[str, int], int] = {}
    found = []
    for row, sequence in enumerate(gaits.sequences):
        usable = sequence.first + np.flatnonzero(gaits.usable(sequence.first, sequence.last))
        if sequence.subject in people and len(usable):
            place = seen.setdefault((sequence.subject, sequence.direction), 0)
            seen[sequence.subject, sequence.direction] += 1
            found.append((place, row, usable))
    views = [view for _, view in seen]
    alone = sorted({view for view in views if views.count(view) < 2})
    if alone or not views:
        raise InputError(
            f"group {config.group!r} has fewer than two people "
            f"{f'in view {alone[0]}' if alone else 'with a walk'}: noise has to be another "
            "person's gait, so choose a larger data.group"
        )
    if len(seen) > room:
        raise InputError(
            f"data.noise.walks {room} is too few for one walk of each person in each view: "
            f"set {len(seen)} or more"
        )
    codec = ContourCodec(RESAMPLED, config.points)
    kept = noise_gaits.shapes(room, config.noise.frames, config.points)
    arrays = {name: np.zeros(shape, kind) for name, (shape, kind) in kept.items()}
    for k, (_, row, usable) in enumerate(sorted(found, key=lambda one: one[:2])[:room]):
        sequence, shown = gaits.sequences[row], usable[: config.noise.frames]
        name = sequence.subject.encode()
        if len(name) > noise_gaits.NAME:
            raise InputError(
                f"{sequence.subject!r} is too long a name: {noise_gaits.NAME} bytes at most"
            )
        arrays["names"][k, : len(name)] = np.frombuffer(name, np.uint8)
        arrays["people"][k] = people.index(sequence.subject)
        arrays["views"][k] = sequence.direction
        arrays["lengths"][k] = len(usable)
        arrays["outlines"][k] = _mean_outline(contours, usable)
        arrays["contours"][k, : len(shown)] = encode(contours, codec, shown)[0]
    return arrays


def _mean_outline(contours: ContourStore, frames: np.ndarray) -> np.ndarray:
    return encode(contours, noise_gaits.OUTLINE, frames)[0].mean(axis=0)


class NoisyWindows:
    """Windows of consecutive frames, each with frames of a noise gait; random access."""

    def __init__(
        self,
        windows: Windows,
        contours: ContourStore,
        arrays: dict[str, np.ndarray],
        config: ml_collections.ConfigDict,
    ):
        """Chooses each sequence's noise gait.

        Args:
          windows: the windows.
          contours: that they are of.
          arrays: the noise gaits (see `gather`).
          config: the `data` part: of `noise`, frames and candidates.
        """
        self._windows, gaits = windows, contours.gaits
        self._firsts = np.array([sequence.first for sequence in gaits.sequences])
        walks, shown = RecordedWalks.of(arrays), config.noise.frames
        names = map(noise_gaits.name_of, arrays["names"])
        numbers = dict(zip(names, walks.people.tolist(), strict=True))
        known = set(walks.views[walks.lengths > 0].tolist())
        # By sequence: where its noise gait's first frame is among all, and how many it has.
        self._noise = np.zeros((len(gaits.sequences), 2), np.int64)
        for row in np.unique(self._rows(windows.starts)):
            sequence = gaits.sequences[row]
            usable = sequence.first + np.flatnonzero(gaits.usable(sequence.first, sequence.last))
            chosen = noise_gaits.choose(
                walks,
                len(usable),
                _mean_outline(contours, usable),
                config.noise.candidates,
                # People outside the training may be seen from where none of it is.
                sequence.direction if sequence.direction in known else None,
                numbers.get(sequence.subject),
            )
            self._noise[row] = chosen * shown, min(walks.lengths[chosen], shown)

    def _rows(self, frames: np.ndarray) -> np.ndarray:
        """Which sequences frames are of."""
        return np.searchsorted(self._firsts, frames, side="right") - 1

    def __len__(self) -> int:
        return len(self._windows)

    def take(self, indices: np.ndarray, seeds: np.ndarray) -> Batch:
        """Encodes some windows at once.

        Args:
          indices: [B] int.
          seeds: [B] uint32.

        Returns:
          As `Windows.take`, and "noise_frames" [B, T] int32: each frame's noise, as its place among
          all G · L frames of noise gaits. A noise gait that is over begins again.
        """
        starts = self._windows.starts[indices]
        batch = self._windows.take(indices, seeds)
        rows = self._rows(starts)
        first, kept = self._noise[rows].T
        at = (starts - self._firsts[rows])[:, None] + np.arange(batch["contours"].shape[1])
        frames = first[:, None] + at % kept[:, None]
        return batch | {"noise_frames": frames.astype(np.int32)}


def noisy_data(
    dataset: GaitDataset, config: ml_collections.ConfigDict, progress: bool = True
) -> TrainingData:
    """The windows that a configuration asks for, with the noise gaits as `statistics`.

    Args:
      dataset: the data set.
      config: the `data` part: layout, points, frames, stride, group, validation_group and noise.
      progress: whether to show progress bars.

    Raises:
      InputError: its groups cannot be used, or a group has no window.
    """
    data = window_data(dataset, config, progress)
    contours = open_contours(dataset.gaits, progress)
    arrays = gather(dataset, contours, config)
    train, held_out = (
        NoisyWindows(windows, contours, arrays, config) for windows in (data.train, data.held_out)
    )
    return dataclasses.replace(
        data,
        train=train,
        held_out=held_out,
        summary=f"{data.summary}, {np.count_nonzero(arrays['lengths'])} noise gaits",
        statistics=arrays,
    )
