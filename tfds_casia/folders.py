"""Folders that are whole or not there, whoever makes them and however they are interrupted."""

import contextlib
import errno
import multiprocessing
import os
import pathlib
import shutil
import uuid
from collections.abc import Callable, Iterator

import filelock
from absl import logging

_SUFFIX = ".unfinished"
_LOCKS_UNSUPPORTED = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP)


class NoLocksError(OSError):
    """A file system on which processes cannot keep each other waiting."""


class BusyError(RuntimeError):
    """Another process makes the folder."""


@contextlib.contextmanager
def locked(path: pathlib.Path, wait: bool = True) -> Iterator[None]:
    """Keeps other processes that lock the same file waiting; threads too.

    The system gives the lock back when the process ends, however it ends. Processes on several
    machines keep each other waiting where they share a file system that knows `flock`.

    Args:
        path: a file in an existing folder; it is made, and removed when nobody holds it any more.
        wait: whether to wait where another process holds it.

    Raises:
        BusyError: another one does, and nobody is to wait.
        NoLocksError: its file system has no locks.
        RuntimeError: this process is one that is being started by a script.
        OSError: it cannot be made.
    """
    # A script that prepares data outside `if __name__ == "__main__":` does so in its workers too,
    # as they read it to begin with: they would wait for the lock that their parent holds.
    if getattr(multiprocessing.current_process(), "_inheriting", False):
        raise RuntimeError(
            f"{path} is to be locked by a process that is only being started: put what the script "
            "does below `if __name__ == '__main__':`"
        )
    # The library sees by itself where the file that it waited for was removed by its last holder.
    lock = filelock.FileLock(path, fallback_to_soft=False)
    try:
        try:
            lock.acquire(blocking=False)
        except filelock.Timeout:
            if not wait:
                raise BusyError(f"another process holds {path}") from None
            logging.info("Another process prepares what %s locks: waiting for it.", path)
            lock.acquire()
    except OSError as error:
        if error.errno in _LOCKS_UNSUPPORTED:
            path.unlink(missing_ok=True)
            raise NoLocksError(
                f"{path.parent} lies on a file system without locks (flock), so that two "
                "processes could not prepare the same data: choose a folder on another one",
            ) from None
        raise
    try:
        yield
    finally:
        path.unlink(missing_ok=True)
        lock.release()


@contextlib.contextmanager
def whole(directory: pathlib.Path) -> Iterator[pathlib.Path]:
    """Gives an empty folder to fill, which takes its name when everything in it is on the disk.

    Args:
        directory: the folder to make; its parent is there. Nothing is left where filling it fails;
            what a killed process leaves is removed by `clear_unfinished`.
    """
    # Not tempfile.mkdtemp: its folders can be read by their owner alone.
    partial = directory.with_name(f".{directory.name}-{uuid.uuid4().hex}{_SUFFIX}")
    partial.mkdir()
    try:
        yield partial
        # Otherwise, after a power failure, a name can be there without its contents.
        sync(partial)
        partial.rename(directory)
        _sync(directory.parent)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def sync(directory: pathlib.Path) -> None:
    """Waits until a folder and everything in it is on the disk."""
    for path in [*directory.rglob("*"), directory]:
        _sync(path)


def _sync(path: pathlib.Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def clear_unfinished(parent: pathlib.Path, name: str = "") -> None:
    """Removes what killed processes left of folders that `whole` was to make.

    Args:
        parent: the folder that they stand in; whoever calls this holds a lock for all of them.
        name: of the one folder to look for; all by default.
    """
    for left_over in parent.glob(f".{name}*-*{_SUFFIX}"):
        shutil.rmtree(left_over)


def make_once(
    directory: pathlib.Path, build: Callable[[pathlib.Path], None], wait: bool = True
) -> None:
    """Makes a folder, unless it is there already; one process does, the others wait for it.

    Args:
        directory: the folder; its name says what its contents depend on.
        build: fills the empty folder that it is given. An interrupted one leaves nothing under the
            folder's name.
        wait: whether to wait where another process makes it.

    Raises:
        BusyError: another one does, and nobody is to wait.
        NoLocksError: its file system has no locks.
        OSError: it cannot be written.
    """
    if directory.is_dir():
        return
    with locked(directory.with_name(f".{directory.name}.lock"), wait):
        if directory.is_dir():
            return
        clear_unfinished(directory.parent, directory.name)
        with whole(directory) as partial:
            build(partial)
