"""Gaits that are made of a store's others, walk by walk: another store, kept within that one."""

import functools
import pathlib
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from gait_jax.data import gait_store
from gait_jax.data.derived import derive, ranges
from gait_jax.data.gait_store import GaitStore, Recorded
from gait_jax.data.gaits import Gaits
from gait_jax.data.sequence import GaitSequence
from gait_jax.runtime.fingerprint import fingerprint
from tfds_casia.parts import Work

# Part of the key: raise it when the same masks give another store.
VERSION = 1

EMPTY = "nothing was made of it"
# (walk, its usable masks [H, W] uint8 of 0 and 1 in order of time) → as many, of any sizes.
Remake = Callable[[GaitSequence, list[np.ndarray]], Sequence[np.ndarray]]


def _remade(gaits: Gaits, remake: Remake, first: int, last: int) -> Iterator[Recorded]:
    for index in range(first, last):
        store, frames = gaits.store, gaits.frames(index)
        sequence = store.sequences[gaits.rows[index]]
        made = remake(sequence, [store.mask(frame) for frame in frames])
        by_frame = dict(zip(frames, made, strict=True))
        every = range(sequence.first, sequence.last)
        masks = [by_frame.get(frame, np.zeros((0, 0), np.uint8)) for frame in every]
        yield Recorded(
            sequence,
            masks,
            store.numbers[sequence.first : sequence.last],
            {i: EMPTY for i, mask in enumerate(masks) if not mask.any()},
            {},
        )


def remade_gaits(
    gaits: Gaits, remake: Remake, name: str, known: str, progress: bool = True
) -> Gaits:
    """What is made of some gaits, frame by frame.

    Made first where that is still to be done, and going on where it was interrupted.

    Args:
      gaits: what it is made of.
      remake: makes it of one walk.
      name: of what is made, as a part of its folder's name.
      known: names everything that the results of `remake` depend on.
      progress: whether to show a progress bar.

    Returns:
      Those with enough frames to be a walk, of a store with all frames that theirs had.

    Raises:
      InputError: the store cannot be locked or written.
    """
    versions = [VERSION, gait_store.VERSION]
    key = fingerprint(gaits.store.key, gaits.rows.tolist(), known, versions)
    directory = gaits.store.directory / f"{name}-{key}"

    def make_part(first: int, last: int, part: pathlib.Path) -> None:
        gait_store.write_part(part, _remade(gaits, remake, first, last))

    def work() -> Work:
        return {
            f"{first}-{last}": functools.partial(make_part, first, last)
            for first, last in ranges(len(gaits))
        }

    # In this process: a network computes on its devices, with all cores.
    derive(directory, work, gait_store.join_parts, name, progress, processes=1)
    return Gaits.of(GaitStore(directory))
