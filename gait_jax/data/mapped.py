"""Arrays of a store: plain numbers in a file each, mapped into memory, made in parts."""

import os
import pathlib
import shutil
from collections.abc import Iterable

import numpy as np

from gait_jax.runtime.files import open_regular


def open_mapped(path: pathlib.Path, dtype: type, shape: tuple[int, ...]) -> np.ndarray:
    """Maps an array into memory; it cannot be written.

    Args:
      path: the file.
      dtype: of its numbers.
      shape: one axis may be -1: what the file's size gives.

    Raises:
      OSError: it cannot be read, or is no regular file.
      ValueError: it is of another size.
    """
    with open_regular(path) as file:
        # An empty file cannot be mapped.
        size = os.fstat(file.fileno()).st_size
        array = np.memmap(file, dtype, "r") if size else np.empty(0, dtype)
    # As a plain view: indexing a memmap object costs more than what it reads.
    return np.asarray(array).reshape(shape)


def join(files: Iterable[pathlib.Path], path: pathlib.Path) -> None:
    """Writes files one after the other into one."""
    with path.open("wb") as joined:
        for part in files:
            with part.open("rb") as file:
                shutil.copyfileobj(file, joined)


def join_lengths(files: Iterable[pathlib.Path], path: pathlib.Path) -> None:
    """Writes where each piece begins, and the last one ends, from files of the pieces' lengths."""
    lengths = [np.fromfile(file, np.int64) for file in files]
    offsets = np.concatenate([np.zeros(1, np.int64), *lengths]).cumsum()
    path.write_bytes(offsets.astype(np.int64).tobytes())
