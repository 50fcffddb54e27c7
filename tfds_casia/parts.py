"""Work in parts: on all cores, and going on where it was interrupted."""

import concurrent.futures
import multiprocessing
import os
import pathlib
import shutil
import signal
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures.process import BrokenProcessPool
from typing import Any

import cv2

from tfds_casia import folders

# Wraps the parts as they are made; gets them, how many there were before, and how many in all.
Progress = Callable[[Iterable[Any], int, int], Iterable[Any]]

# What fills a part's empty folder, by the part's name.
Work = Mapping[str, Callable[[pathlib.Path], None]]


class WorkerLostError(RuntimeError):
    """A process that made parts ended before its work."""


def cores() -> int:
    """How many cores this process may use."""
    # Not all systems tell.
    usable = getattr(os, "sched_getaffinity", lambda _: range(os.cpu_count() or 1))
    return len(usable(0))


class Workers:
    """Processes that make parts; they are started when they are first needed, and end with it."""

    def __init__(self, processes: int) -> None:
        """Takes how many to run; with 1 the work is done in this process."""
        self._processes = processes
        self._pool: concurrent.futures.ProcessPoolExecutor | None = None

    def __enter__(self) -> "Workers":
        return self

    def __exit__(self, *error: object) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)

    def make(self, folder: pathlib.Path, work: Work, progress: Progress) -> list[pathlib.Path]:
        """Makes the parts that a folder lacks.

        May be killed at any moment and called again: each part is a folder of its own that is whole
        or not there, and those that are there are not made again.

        Args:
            folder: where the parts are kept, made if needed; whoever calls this holds a lock for
                it.
            work: what fills them. A name says all that the part depends on. With more than one
                process they are pickled.
            progress: see `Progress`.

        Returns:
            The parts' folders, in the order given.

        Raises:
            WorkerLostError: a process ended before its work; what was made stays.
        """
        folder.mkdir(parents=True, exist_ok=True)
        folders.clear_unfinished(folder)
        missing = [name for name in work if not (folder / name).is_dir()]
        before, total = len(work) - len(missing), len(work)
        try:
            for _ in progress(self._made(folder, missing, work), before, total):
                pass
        except BrokenProcessPool:
            raise WorkerLostError(
                f"a process that filled {folder} ended before its work: the system may have ended "
                "it for want of memory, or the script that started it is not below "
                "`if __name__ == '__main__':`. Start again, and it goes on with the missing parts"
            ) from None
        return [folder / name for name in work]

    def _made(self, folder: pathlib.Path, names: list[str], work: Work) -> Iterator[None]:
        if self._processes == 1 or len(names) < 2:
            yield from (_make(folder / name, work[name]) for name in names)
            return
        if self._pool is None:
            # Spawned, since forking a process in which JAX has started threads can hang.
            self._pool = concurrent.futures.ProcessPoolExecutor(
                self._processes, multiprocessing.get_context("spawn"), _begin_worker
            )
        futures = [self._pool.submit(_make, folder / name, work[name]) for name in names]
        for future in concurrent.futures.as_completed(futures):
            yield future.result()


def make_once_in_parts(
    directory: pathlib.Path,
    work: Work,
    join: Callable[[list[pathlib.Path], pathlib.Path], None],
    processes: int,
    progress: Progress,
    wait: bool = True,
) -> None:
    """Makes a folder out of parts, unless it is there already; see `folders.make_once`.

    Args:
        directory: the folder; its name says what its contents depend on.
        work: the parts; they lie in a folder beside it until it is whole.
        join: fills an empty folder, given second, from the parts.
        processes: see `Workers`.
        progress: see `Progress`.
        wait: whether to wait where another process makes it.

    Raises:
        BusyError: another one does, and nobody is to wait.
        NoLocksError: its file system has no locks.
        WorkerLostError: a process ended before its work; what was made stays.
    """
    folder = directory.with_name(f".{directory.name}.parts")

    def build(partial: pathlib.Path) -> None:
        with Workers(processes) as workers:
            made = workers.make(folder, work, progress)
        join(made, partial)

    folders.make_once(directory, build, wait)
    # Also what a process left that was killed right here.
    shutil.rmtree(folder, ignore_errors=True)


def _make(directory: pathlib.Path, fill: Callable[[pathlib.Path], None]) -> None:
    with folders.whole(directory) as partial:
        fill(partial)


def _end_with_parent() -> None:
    multiprocessing.parent_process().join()
    os._exit(1)


def _begin_worker() -> None:
    # If the parent is killed nobody tells its workers, and they would wait for work for ever.
    threading.Thread(target=_end_with_parent, daemon=True).start()
    # One thread a process: there is a process for every core. The parent handles interrupts.
    cv2.setNumThreads(1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
