"""Gaits that were taken from pictures, as another store."""

import pathlib
from collections.abc import Callable, Iterable, Sequence

import numpy as np

from gait_jax.data import gait_store
from gait_jax.data.derived import derive
from gait_jax.data.gait_store import GaitStore, Recorded
from gait_jax.data.sequence import GaitSequence

Taken = Iterable[tuple[GaitSequence, Sequence[np.ndarray]]]


def taken_gaits(directory: pathlib.Path, take: Callable[[], Taken]) -> GaitStore:
    """A store of silhouettes; made first where it is not there.

    Args:
      directory: its folder, whose name says what its contents depend on.
      take: gives each sequence's silhouettes [H, W] uint8 of 0 and 1 in order of time.

    Raises:
      InputError: the store cannot be locked or written.
    """

    def make(part: pathlib.Path) -> None:
        recorded = (
            Recorded(sequence, masks, np.arange(len(masks)), {}, {}) for sequence, masks in take()
        )
        gait_store.write_part(part, recorded)

    derive(directory, lambda: {"all": make}, gait_store.join_parts, "gaits", False, processes=1)
    return GaitStore(directory)
