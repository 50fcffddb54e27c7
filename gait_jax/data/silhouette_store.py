"""The aligned silhouettes of a store's gaits: made once, read from the disk."""

import dataclasses
import functools
import pathlib
from collections.abc import Sequence

import numpy as np

from gait_jax.data import mapped
from gait_jax.data.derived import derive, ranges
from gait_jax.data.gait_store import GaitStore
from gait_jax.data.mapped import open_mapped
from gait_jax.gait import gei
from gait_jax.runtime.errors import InputError
from gait_jax.runtime.files import reason_of
from gait_jax.runtime.fingerprint import fingerprint
from tfds_casia.parts import Work

# Part of the key: raise it when the same silhouettes are aligned otherwise.
VERSION = 1

# Each part holds few sequences, and opening a store reads the names of all.
_opened = functools.lru_cache(maxsize=1)(GaitStore)


@dataclasses.dataclass(frozen=True)
class SilhouetteStore:
    """All usable silhouettes of a store, aligned; memory-mapped.

    Attributes:
      images: [F, H, W] uint8 of 0..255 (see `gei.align`), sequence by sequence in order of time;
        frames without a usable person are left out.
      offsets: [S + 1] int64, where each of the store's sequences begins, and the last one ends.
    """

    images: np.ndarray
    offsets: np.ndarray

    def of(self, row: int) -> np.ndarray:
        """The frames of one of the store's sequences: [T, H, W] uint8, T may be 0."""
        return self.images[self.offsets[row] : self.offsets[row + 1]]


def _make_part(
    gaits: pathlib.Path, shape: tuple[int, int], first: int, last: int, directory: pathlib.Path
) -> None:
    """Fills a part's empty folder with the silhouettes of some sequences."""
    store, lengths = _opened(gaits), []
    with (directory / "images").open("wb") as file:
        for sequence in store.sequences[first:last]:
            bodies = (store.body(frame) for frame in range(sequence.first, sequence.last))
            aligned = [gei.align(body, *shape) for body in bodies if body.size]
            file.writelines(image.tobytes() for image in aligned)
            lengths.append(len(aligned))
    (directory / "offsets").write_bytes(np.array(lengths, np.int64).tobytes())


def _join(parts: list[pathlib.Path], directory: pathlib.Path) -> None:
    """Fills the empty folder of a store from its parts."""
    mapped.join((part / "images" for part in parts), directory / "images")
    mapped.join_lengths((part / "offsets" for part in parts), directory / "offsets")


def open_silhouettes(
    gaits: GaitStore, shape: Sequence[int], progress: bool = True
) -> SilhouetteStore:
    """All aligned silhouettes of a store, made first where that is still to be done.

    They are made on all cores, and going on where that was interrupted; as that starts processes, a
    script must call this below `if __name__ == "__main__":`.

    Args:
      gaits: the silhouettes, within whose folder they are kept.
      shape: rows and columns.
      progress: whether to show a progress bar.

    Raises:
      InputError: what is kept is damaged or cannot be locked, or one of the processes that align
        the silhouettes was ended.
    """
    rows, columns = shape
    directory = gaits.directory / f"aligned-{fingerprint(gaits.key, rows, columns, VERSION)}"

    def work() -> Work:
        return {
            f"{first}-{last}": functools.partial(
                _make_part, gaits.directory, (rows, columns), first, last
            )
            for first, last in ranges(len(gaits.sequences))
        }

    derive(directory, work, _join, "aligned silhouettes", progress)
    return open_store(directory, (rows, columns), len(gaits.sequences))


def open_store(directory: pathlib.Path, shape: tuple[int, int], sequences: int) -> SilhouetteStore:
    """Opens a finished store.

    Args:
      directory: its folder.
      shape: rows and columns of its silhouettes.
      sequences: how many sequences the store of the gaits holds.

    Raises:
      InputError: it is damaged.
    """
    try:
        offsets = open_mapped(directory / "offsets", np.int64, (sequences + 1,))
        if offsets[0] or (np.diff(offsets) < 0).any():
            raise ValueError("sequences that do not follow each other")
        images = open_mapped(directory / "images", np.uint8, (int(offsets[-1]), *shape))
    except (OSError, ValueError) as error:
        raise InputError(
            f"{directory} is damaged ({reason_of(error)}): remove it, and it is made again"
        ) from None
    return SilhouetteStore(images, offsets)
