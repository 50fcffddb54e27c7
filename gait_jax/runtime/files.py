"""Reads files that anything may have happened to."""

import errno
import json
import os
import pathlib
import stat
from typing import Any, BinaryIO


def open_regular(path: pathlib.Path) -> BinaryIO:
    """Opens a file for reading; a pipe or device, which may never begin or end, is refused.

    Args:
      path: the file, or a link to it.

    Raises:
      OSError: it cannot be read, or is no regular file.
    """
    if not stat.S_ISREG(os.stat(path).st_mode):
        raise OSError(errno.EINVAL, "it is no regular file", str(path))
    return path.open("rb")


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
