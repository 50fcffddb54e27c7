"""Folders of derived files: whole or not there, whoever makes them."""

import os
import pathlib
import shutil
import uuid
from collections.abc import Callable


def make_once(directory: pathlib.Path, build: Callable[[pathlib.Path], None]) -> None:
    """Makes a folder, unless it is there already.

    Args:
      directory: the folder; its name says what its contents depend on.
      build: fills the empty folder that it is given. An interrupted one leaves nothing.
    """
    if directory.is_dir():
        return
    # Not tempfile.mkdtemp: its folders can be read by their owner alone.
    partial = directory.with_name(f".{directory.name}-{uuid.uuid4().hex}")
    partial.mkdir()
    try:
        build(partial)
        os.replace(partial, directory)
    except OSError:
        # Another process may have finished the same folder first; then its work serves.
        if not directory.is_dir():
            raise
    finally:
        shutil.rmtree(partial, ignore_errors=True)
