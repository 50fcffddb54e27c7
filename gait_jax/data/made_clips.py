"""Clips that are made to learn from: once, on all cores, and read from the disk."""

import functools
import pathlib
from collections.abc import Callable, Mapping

import numpy as np

from gait_jax.data import mapped
from gait_jax.data.derived import derive
from gait_jax.data.source import made_directory
from tfds_casia.parts import Work

# By name the dtype and shape of what each clip has.
Kinds = Mapping[str, tuple[type[np.generic], tuple[int, ...]]]
# A clip's index → its arrays by name.
Make = Callable[[int], Mapping[str, np.ndarray]]

# Clips in a part: what an interruption can cost each core, some seconds of work.
_IN_A_PART = 16


def _make_part(make: Make, kinds: Kinds, first: int, last: int, directory: pathlib.Path) -> None:
    """Fills a part's empty folder."""
    made = [make(index) for index in range(first, last)]
    for name, (dtype, _) in kinds.items():
        stacked = np.stack([clip[name] for clip in made]).astype(dtype)
        (directory / name).write_bytes(stacked.tobytes())


def _join(names: list[str], parts: list[pathlib.Path], directory: pathlib.Path) -> None:
    """Fills the empty folder of all clips from their parts."""
    for name in names:
        mapped.join((part / name for part in parts), directory / name)


def open_made(
    data_dir: str, name: str, kinds: Kinds, count: int, make: Make, progress: bool = True
) -> dict[str, np.ndarray]:
    """So many clips, made first where they are not.

    Args:
      data_dir: where made data are kept; TFDS's own folder where empty.
      name: of the clips' folder, which says all that they depend on.
      kinds: what each has.
      count: how many.
      make: makes one; as it goes to other processes, it must be picklable.
      progress: whether to show a progress bar.

    Returns:
      By name, [count, ...] memory-mapped.

    Raises:
      InputError: they cannot be written, or one of the processes that make them was ended.
    """
    directory = made_directory(data_dir) / name

    def work() -> Work:
        return {
            f"{first}": functools.partial(
                _make_part, make, kinds, first, min(first + _IN_A_PART, count)
            )
            for first in range(0, count, _IN_A_PART)
        }

    derive(directory, work, functools.partial(_join, list(kinds)), "clips", progress)
    return {
        name: mapped.open_mapped(directory / name, dtype, (count, *shape))
        for name, (dtype, shape) in kinds.items()
    }
