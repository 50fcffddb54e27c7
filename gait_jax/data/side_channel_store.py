"""The side channels of a store's gaits: measured once, read from the disk."""

import functools
import pathlib

import numpy as np

from gait_jax.data import mapped
from gait_jax.data.derived import derive, ranges
from gait_jax.data.gait_store import GaitStore
from gait_jax.data.mapped import open_mapped
from gait_jax.gait import side_channels
from gait_jax.runtime.errors import InputError
from gait_jax.runtime.files import reason_of
from gait_jax.runtime.fingerprint import fingerprint
from tfds_casia.parts import Work

# Part of the key: raise it when the same silhouettes give other numbers.
VERSION = 1

# Each part holds few sequences, and opening a store reads the names of all.
_opened = functools.lru_cache(maxsize=1)(GaitStore)


def _make_part(gaits: pathlib.Path, first: int, last: int, directory: pathlib.Path) -> None:
    """Fills a part's empty folder with the side channels of some sequences."""
    store = _opened(gaits)
    values = np.full((last - first, side_channels.NUMBERS), np.nan)
    for found, sequence in zip(values, store.sequences[first:last], strict=True):
        usable = store.usable(sequence.first, sequence.last)
        frames = sequence.first + np.flatnonzero(usable)
        if len(frames):
            found[:] = side_channels.measure(
                [store.body(frame) for frame in frames],
                [store.corner(frame) for frame in frames],
                store.numbers[frames],
                store.mask(frames[0]).shape,
            )
    (directory / "values").write_bytes(values.tobytes())


def _join(parts: list[pathlib.Path], directory: pathlib.Path) -> None:
    """Fills the empty folder of a store from its parts."""
    mapped.join((part / "values" for part in parts), directory / "values")


def open_side_channels(gaits: GaitStore, progress: bool = True) -> np.ndarray:
    """All side channels of a store's sequences, measured first where that is still to be done.

    They are measured on all cores, and going on where that was interrupted; as that starts
    processes, a script must call this below `if __name__ == "__main__":`.

    Args:
      gaits: the silhouettes, within whose folder they are kept.
      progress: whether to show a progress bar.

    Returns:
      [sequences, `side_channels.NUMBERS`] float64 (see `side_channels.measure`), NaN for a sequence
      without a usable frame.

    Raises:
      InputError: what is kept is damaged or cannot be locked, or one of the processes that measure
        was ended.
    """
    directory = gaits.directory / f"side-channels-{fingerprint(gaits.key, VERSION)}"

    def work() -> Work:
        return {
            f"{first}-{last}": functools.partial(_make_part, gaits.directory, first, last)
            for first, last in ranges(len(gaits.sequences))
        }

    derive(directory, work, _join, "side channels", progress)
    try:
        return open_mapped(
            directory / "values", np.float64, (len(gaits.sequences), side_channels.NUMBERS)
        )
    except (OSError, ValueError) as error:
        raise InputError(
            f"{directory} is damaged ({reason_of(error)}): remove it, and it is made again"
        ) from None
