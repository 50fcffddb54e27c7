"""The gait energy images (GEIs) of a store's gaits: made once, read from the disk."""

import dataclasses
import functools
import pathlib

import numpy as np

from gait_jax.data import mapped
from gait_jax.data.derived import derive, ranges
from gait_jax.data.gait_store import GaitStore
from gait_jax.data.gaits import MIN_FRAMES, Gaits
from gait_jax.data.mapped import open_mapped
from gait_jax.gait import gei, rhythm
from gait_jax.runtime.errors import InputError
from gait_jax.runtime.files import reason_of
from gait_jax.runtime.fingerprint import fingerprint
from tfds_casia.parts import Work

# Part of the key: raise it when the same silhouettes give other images.
VERSION = 3

_KINDS = ("sequence", "cycle")


@dataclasses.dataclass(frozen=True)
class GEIStore:
    """All gait energy images of a store; the images are memory-mapped.

    Attributes:
      images: [N, S, S] uint8 of 0..255: one a sequence, then one a gait cycle. Sequences of fewer
        than `MIN_FRAMES` usable frames have none.
      rows: [N] int64 indices of their sequences in the store.
      count: how many are of sequences; the rest are of cycles.
    """

    images: np.ndarray
    rows: np.ndarray
    count: int

    def of(self, gaits: Gaits) -> np.ndarray:
        """The images of some sequences: [len(gaits), S, S] uint8.

        Raises:
          InputError: a sequence is too short to have one.
        """
        place = {int(row): i for i, row in enumerate(self.rows[: self.count])}
        missing = [row for row in gaits.rows if row not in place]
        if missing:
            names = ", ".join(gaits.store.sequences[row].name for row in missing[:3])
            raise InputError(f"{names} have fewer than {MIN_FRAMES} usable frames: leave them out")
        return self.images[[place[row] for row in gaits.rows]]

    def of_cycles(self, gaits: Gaits) -> np.ndarray:
        """The image of the middle gait cycle of some sequences: [len(gaits), S, S] uint8.

        Of a sequence that shows no rhythm, or is too short to, it is that of all frames.

        Raises:
          InputError: a sequence is too short to have one.
        """
        # As sequences, so do their cycles follow each other.
        rows = self.rows[self.count :]
        first, last = (np.searchsorted(rows, gaits.rows, side) for side in ("left", "right"))
        if (first == last).any():
            # It says which.
            return self.of(gaits)
        return self.images[self.count + first + (last - first) // 2]


# Each part holds few sequences, and opening a store reads the names of all.
_opened = functools.lru_cache(maxsize=1)(GaitStore)


def _make_part(
    gaits: pathlib.Path, size: int, first: int, last: int, directory: pathlib.Path
) -> None:
    """Fills a part's empty folder with the images of some sequences and of their gait cycles."""
    store = _opened(gaits)
    images: dict[str, list[np.ndarray]] = {kind: [] for kind in _KINDS}
    rows: dict[str, list[int]] = {kind: [] for kind in _KINDS}
    for row in range(first, last):
        sequence = store.sequences[row]
        frames = range(sequence.first, sequence.last)
        shown = [(frame, body) for frame in frames if (body := store.body(frame)).size]
        if len(shown) < MIN_FRAMES:
            continue
        bodies = [body for _, body in shown]
        aligned = np.array([gei.align(body, size) for body in bodies], np.uint8)
        times = store.numbers[[frame for frame, _ in shown]]
        cycles = [aligned[start:end] for start, end in rhythm.cycles(bodies, times)] or [aligned]
        for kind, parts in zip(_KINDS, ([aligned], cycles), strict=True):
            images[kind] += [gei.gait_energy_image(part) for part in parts]
            rows[kind] += [row] * len(parts)
    for kind in _KINDS:
        (directory / f"{kind}_images").write_bytes(np.array(images[kind], np.uint8).tobytes())
        (directory / f"{kind}_rows").write_bytes(np.array(rows[kind], np.int64).tobytes())


def _join(parts: list[pathlib.Path], directory: pathlib.Path) -> None:
    """Fills the empty folder of a store from its parts: all sequences, then all gait cycles."""
    for what in ("images", "rows"):
        files = (part / f"{kind}_{what}" for kind in _KINDS for part in parts)
        mapped.join(files, directory / what)
    sizes = [(part / "sequence_rows").stat().st_size for part in parts]
    count = np.int64(sum(sizes) // np.dtype(np.int64).itemsize)
    (directory / "count").write_bytes(count.tobytes())


def open_geis(gaits: GaitStore, size: int, progress: bool = True) -> GEIStore:
    """All gait energy images of a store, made first where that is still to be done.

    They are made on all cores, and going on where that was interrupted; as that starts processes, a
    script must call this below `if __name__ == "__main__":`.

    Args:
      gaits: the silhouettes, within whose folder they are kept.
      size: S, rows and columns of the images.
      progress: whether to show a progress bar.

    Raises:
      InputError: what is kept is damaged or cannot be locked, or one of the processes that make
        the images was ended.
    """
    directory = gaits.directory / f"geis-{fingerprint(gaits.key, size, MIN_FRAMES, VERSION)}"

    def work() -> Work:
        return {
            f"{first}-{last}": functools.partial(_make_part, gaits.directory, size, first, last)
            for first, last in ranges(len(gaits.sequences))
        }

    derive(directory, work, _join, "gait energy images", progress)
    return open_store(directory, size, len(gaits.sequences))


def open_store(directory: pathlib.Path, size: int, sequences: int) -> GEIStore:
    """Opens a finished store.

    Args:
      directory: its folder.
      size: rows and columns of its images.
      sequences: how many sequences the store of the gaits holds.

    Raises:
      InputError: it is damaged.
    """
    try:
        rows = open_mapped(directory / "rows", np.int64, (-1,))
        count = int(open_mapped(directory / "count", np.int64, (1,))[0])
        if not 0 <= count <= len(rows) or ((rows < 0) | (rows >= sequences)).any():
            raise ValueError("images of other sequences")
        images = open_mapped(directory / "images", np.uint8, (len(rows), size, size))
    except (OSError, ValueError) as error:
        raise InputError(
            f"{directory} is damaged ({reason_of(error)}): remove it, and it is made again"
        ) from None
    return GEIStore(images, rows, count)
