"""Named arrays in one file, whole or not there."""

import io
import os
import pathlib
import struct
import tokenize
import uuid
import zipfile
import zlib

import numpy as np

from gait_jax.runtime.errors import InputError
from gait_jax.runtime.files import open_regular, reason_of

# What NumPy and the standard library raise on files that are no arrays.
READ_ERRORS = (
    OSError,
    ValueError,
    KeyError,
    EOFError,
    RuntimeError,
    MemoryError,
    OverflowError,
    SyntaxError,
    TypeError,
    struct.error,
    tokenize.TokenError,
    zlib.error,
    zipfile.BadZipFile,
)


def save_arrays(path: pathlib.Path, arrays: dict[str, np.ndarray]) -> None:
    """Writes named arrays (`.npz`) under a temporary name, then renames it."""
    # Not tempfile: its files can be read by their owner alone.
    partial = path.with_name(f".{path.name}-{uuid.uuid4().hex}.partial")
    try:
        with partial.open("wb") as file:
            np.savez(file, **arrays)
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)


def _read(packed: zipfile.ZipFile, info: zipfile.ZipInfo) -> np.ndarray:
    # `save_arrays` stores without compression: whatever expands was not written by it.
    if info.compress_type != zipfile.ZIP_STORED or not info.filename.endswith(".npy"):
        raise ValueError(f"{info.filename} was not written by this program")
    data = io.BytesIO(packed.read(info))
    array = np.load(data, allow_pickle=False)
    # NumPy takes what it needs and leaves the rest, also where the shape is a wrong one.
    if data.read(1):
        raise ValueError(f"{info.filename} is larger than its array")
    return array


def load_arrays(path: pathlib.Path) -> dict[str, np.ndarray]:
    """Reads what `save_arrays` wrote. Objects, which could run code, are never unpacked.

    Raises:
      InputError: the file is damaged.
    """
    try:
        with open_regular(path) as file, zipfile.ZipFile(file) as packed:
            infos = packed.infolist()
            arrays = {info.filename.removesuffix(".npy"): _read(packed, info) for info in infos}
        if len(arrays) != len(infos):
            raise ValueError("a name stands twice in it")
    except READ_ERRORS as error:
        raise InputError(
            f"{path} is damaged ({reason_of(error)}): remove it, and it is made again"
        ) from None
    return arrays


def check_arrays(
    path: pathlib.Path, arrays: dict[str, np.ndarray], expected: dict[str, tuple[str, int]]
) -> None:
    """Refuses arrays that are not what a file should hold.

    Args:
      path: of the file, for the message.
      arrays: what it holds.
      expected: kinds of NumPy's types (`i`, `u`, `f`, `U`) and numbers of axes, by name.

    Raises:
      InputError: one is missing, of another type or another number of axes, or not finite.
    """
    for name, (kinds, axes) in expected.items():
        array = arrays.get(name)
        what = None
        if array is None:
            what = "is missing"
        elif array.dtype.kind not in kinds or array.ndim != axes:
            what = f"is {array.dtype} of {array.ndim} axes"
        elif array.dtype.kind == "f" and np.isinf(array).any():
            what = "is infinite"
        if what:
            raise InputError(f"{path} is damaged ({name} {what}): remove it, and it is made again")
