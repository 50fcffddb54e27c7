"""Boundary paths of a store's gaits, traced once and kept memory-mapped within it."""

import functools
import pathlib

import numpy as np

from gait_jax.data import mapped
from gait_jax.data.derived import derive, ranges
from gait_jax.data.gait_store import GaitStore
from gait_jax.data.mapped import open_mapped
from gait_jax.gait import contour
from gait_jax.gait.codec import BodyFrame
from gait_jax.runtime.errors import InputError
from gait_jax.runtime.files import reason_of
from gait_jax.runtime.fingerprint import fingerprint
from tfds_casia.parts import Work

# Part of the key: raise it when tracing gives other results for the same silhouettes.
VERSION = 3


class ContourStore:
    """All frames' boundary paths, memory-mapped.

    Attributes:
      gaits: the store that they were traced from.
      points: [N, 2] int16 boundary pixels of all frames, one frame after the other.
      offsets: [F + 1] where each frame's path begins; a frame without a usable person has none.
      bodies: [F, 3] float32 body frames (x, y, height) in pixels.
    """

    def __init__(self, gaits: GaitStore, directory: pathlib.Path):
        """Opens a finished store.

        Args:
          gaits: what it was traced from.
          directory: its folder.

        Raises:
          InputError: it is damaged.
        """
        self.gaits = gaits
        try:
            self.points = open_mapped(directory / "points", np.int16, (-1, 2))
            self.offsets = open_mapped(directory / "offsets", np.int64, (-1,))
            self.bodies = open_mapped(directory / "bodies", np.float32, (-1, 3))
            self._check()
        except (OSError, ValueError, TypeError) as error:
            raise InputError(
                f"{directory} is damaged ({reason_of(error)}): remove it, and it is made again"
            ) from None

    def _check(self) -> None:
        """Raises a `ValueError` where the parts do not fit each other: frames would be mixed up."""
        frames, lengths = len(self.gaits.numbers), np.diff(self.offsets)
        if not len(self.bodies) == frames == len(self.offsets) - 1:
            raise ValueError("its files are of different numbers of frames")
        if self.offsets[0] or self.offsets[-1] != len(self.points) or (lengths < 0).any():
            raise ValueError("frames begin where there are no points")
        if not np.isfinite(self.bodies).all() or not (self.bodies[:, 2] > 0).all():
            raise ValueError("bodies without a height")
        if ((lengths > 0) != self.gaits.usable()).any():
            raise ValueError("frames that have a path and no person, or a person and no path")


def _trace(gaits: GaitStore, frame: int) -> tuple[np.ndarray, tuple[float, float, float]]:
    """A frame's path [n, 2] int16 in pixels of the frame, and its body frame."""
    body = gaits.body(frame)
    if not body.size:
        return np.zeros((0, 2), np.int16), (0, 0, 1)
    path = (contour.trace(body) + gaits.corner(frame)).astype(np.int16)
    found = BodyFrame.of_path(path)
    return path, (found.x, found.y, found.height)


# Each part holds few sequences, and opening a store reads the names of all.
_opened = functools.lru_cache(maxsize=1)(GaitStore)


def _make_part(gaits: pathlib.Path, first: int, last: int, directory: pathlib.Path) -> None:
    """Fills a part's empty folder: the paths of some sequences, with lengths instead of offsets."""
    store = _opened(gaits)
    paths, bodies = [], []
    for sequence in store.sequences[first:last]:
        for frame in range(sequence.first, sequence.last):
            path, body = _trace(store, frame)
            paths.append(path)
            bodies.append(body)
    points = np.concatenate(paths) if paths else np.zeros((0, 2), np.int16)
    (directory / "points").write_bytes(points.tobytes())
    (directory / "offsets").write_bytes(np.array([len(p) for p in paths], np.int64).tobytes())
    (directory / "bodies").write_bytes(np.asarray(bodies, np.float32).tobytes())


def _join(parts: list[pathlib.Path], directory: pathlib.Path) -> None:
    """Fills the empty folder of a store from its parts, one after the other."""
    mapped.join_lengths((part / "offsets" for part in parts), directory / "offsets")
    for name in ("points", "bodies"):
        mapped.join((part / name for part in parts), directory / name)


def open_contours(gaits: GaitStore, progress: bool = True) -> ContourStore:
    """Opens the contours of a store's gaits, tracing them first where that is still to be done.

    They are traced on all cores, and going on where that was interrupted; as that starts processes,
    a script must call this below `if __name__ == "__main__":`.

    Args:
      gaits: the silhouettes.
      progress: whether to show a progress bar.

    Raises:
      InputError: the store cannot be locked, or one of the tracing processes was ended.
    """
    directory = gaits.directory / f"contours-{fingerprint(gaits.key, VERSION)}"

    def work() -> Work:
        return {
            f"{first}-{last}": functools.partial(_make_part, gaits.directory, first, last)
            for first, last in ranges(len(gaits.sequences))
        }

    derive(directory, work, _join, "contours", progress)
    return ContourStore(gaits, directory)
