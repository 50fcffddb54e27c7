"""Files: read whatever happened to them, written whole or not at all."""

import contextlib
import json
import os
import pathlib
import tempfile
import uuid
from collections.abc import Iterator
from typing import Any

from gait_jax.runtime.errors import InputError
from tfds_casia.files import open_regular

__all__ = [
    "open_regular", "parse_json", "read_regular", "reason_of", "replacing", "writable",
    "write_bytes",
]  # fmt: skip


@contextlib.contextmanager
def replacing(path: pathlib.Path) -> Iterator[pathlib.Path]:
    """Gives a name to write a file under, which takes its own when it is written.

    Whoever looks sees the old contents or the new ones; where writing fails the old ones stay, and
    nothing else is left.

    Args:
      path: the file, in an existing folder.

    Yields:
      Another name in the same folder, with the same suffix; nothing bears it yet.

    Raises:
      OSError: it cannot be written; where the other name is meant, `filename` is the file's own.
    """
    # Not made of the file's name, which may be as long as a name can be, and not by tempfile: its
    # files can be read by their owner alone.
    partial = path.with_name(f".{uuid.uuid4().hex}.partial{path.suffix}")
    try:
        yield partial
        # Otherwise, after a power failure, the name can be there without its contents.
        descriptor = os.open(partial, os.O_RDWR)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        os.replace(partial, path)
    except OSError as error:
        if str(error.filename) == str(partial):
            error.filename = str(path)
        raise
    finally:
        partial.unlink(missing_ok=True)


def write_bytes(path: pathlib.Path, data: bytes) -> None:
    """Writes a file, whole or not at all."""
    with replacing(path) as partial:
        partial.write_bytes(data)


@contextlib.contextmanager
def writable(path: pathlib.Path, flag: str) -> Iterator[None]:
    """Makes sure, before there is any work to lose, that a file can be written under a name.

    Its folders are made where they are not there; those that nothing was written into go again.

    Args:
      path: the file.
      flag: of the command line that named it, for messages.

    Raises:
      InputError: it cannot be.
    """
    missing = [folder for folder in path.parents if not os.path.lexists(folder)]
    try:
        try:
            if path.is_dir():
                raise InputError(f"{path} is a folder: choose another {flag}")
            path.parent.mkdir(parents=True, exist_ok=True)
            # Permissions alone do not tell: disks can be read-only, or full.
            with tempfile.TemporaryFile(dir=path.parent) as file:
                file.write(b"0")
                file.flush()
        except OSError as error:
            raise InputError(
                f"{path} cannot be written ({reason_of(error)}): choose another {flag}"
            ) from None
        yield
    finally:
        for folder in missing:
            # One that holds something stays, as one does that somebody else has removed.
            with contextlib.suppress(OSError):
                folder.rmdir()


def read_regular(path: pathlib.Path) -> bytes:
    """The contents of a file; see `open_regular`."""
    with open_regular(path) as file:
        return file.read()


def reason_of(error: Exception) -> str:
    """What an exception says, in one line."""
    text = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return " ".join(text.split())


def parse_json(data: bytes) -> Any:
    """Parses JSON.

    Raises:
      ValueError: it is none, is nested without end, or holds half a character.
    """
    try:
        value = json.loads(data.decode("utf-8"))
        # Half of a character can be written in JSON, but in no file and on no screen.
        json.dumps(value, ensure_ascii=False).encode()
    except RecursionError:
        raise ValueError("it is nested without end") from None
    return value
