"""What a prepared data set holds, in one number: other files give another one."""

import functools
import hashlib
import pathlib
from typing import Any

import numpy as np
import tensorflow_datasets as tfds

from gait_jax.data.derived import derive
from gait_jax.data.source import Examples
from gait_jax.runtime.errors import InputError
from gait_jax.runtime.files import read_regular, reason_of
from gait_jax.runtime.fingerprint import fingerprint
from tfds_casia.parts import Work

# Part of the folder's name: raise it when the same examples give another number.
VERSION = 1

_FILE = "sha256"
_DIGITS = 64


def content(
    builder: tfds.core.DatasetBuilder, directory: pathlib.Path, progress: bool = True
) -> str:
    """The SHA-256 of all sequences of a data set: names, frame numbers and pictures' files.

    How they are packed does not matter: shards and their compression may differ. It is computed
    once, and kept with what is derived from the data set.

    Args:
      builder: a prepared data set.
      directory: where what is derived from it stands.
      progress: whether to show a progress bar.

    Raises:
      InputError: the data set or what is kept is damaged, or its folder cannot be locked or
        written.
    """
    key = fingerprint(builder.info.full_name, VERSION)
    folder = directory / f"content-{key}"

    def work() -> Work:
        return {"all": functools.partial(_write, builder)}

    # In this process: reading takes longer than starting others.
    derive(folder, work, _take_over, "content", progress, processes=1)
    path = folder / _FILE
    try:
        found = read_regular(path).decode("ascii")
        if len(found) != _DIGITS or set(found) - set("0123456789abcdef"):
            raise ValueError("it holds no SHA-256")
        return found
    except (OSError, ValueError) as error:
        raise InputError(
            f"{path} is damaged ({reason_of(error)}): remove {folder}, and it is made again"
        ) from None


def _write(builder: tfds.core.DatasetBuilder, directory: pathlib.Path) -> None:
    (directory / _FILE).write_text(digest(Examples(builder)), encoding="ascii")


def _take_over(parts: list[pathlib.Path], directory: pathlib.Path) -> None:
    (directory / _FILE).write_bytes((parts[0] / _FILE).read_bytes())


def digest(examples: Any) -> str:
    """The SHA-256 of a sequence of examples, of any nesting, arrays, texts and bytes."""
    found = hashlib.sha256()
    for index in range(len(examples)):
        _feed(found, examples[index])
    return found.hexdigest()


def _feed(found: Any, value: Any) -> None:
    """Adds a value, with its kind and length before it: none can be taken for another."""
    if isinstance(value, dict):
        found.update(b"{%d" % len(value))
        for name in sorted(value):
            _feed(found, name)
            _feed(found, value[name])
    elif isinstance(value, list) or (isinstance(value, np.ndarray) and value.dtype.hasobject):
        found.update(b"[%d" % len(value))
        for one in value:
            _feed(found, one)
    elif isinstance(value, (bytes, str)):
        as_bytes = value.encode() if isinstance(value, str) else value
        found.update(b"=%d" % len(as_bytes))
        found.update(as_bytes)
    else:
        array = np.asarray(value)
        found.update(f"#{array.dtype.str}{array.shape}".encode())
        found.update(array.tobytes())
