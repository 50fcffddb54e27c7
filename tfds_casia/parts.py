"""Work in parts: on all cores, and going on where it was interrupted."""

import concurrent.futures
import multiprocessing
import os
import pathlib
import shutil
import signal
import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import cv2

from tfds_casia import folders

# Wraps the parts as they are made; gets them, how many there were before, and how many in all.
Progress = Callable[[Iterable[Any], int, int], Iterable[Any]]

# What fills a part's empty folder, by the part's name.
Work = Mapping[str, Callable[[pathlib.Path], None]]


class WorkerLostError(RuntimeError):
    """A process that made a part was ended from outside."""


def cores() -> int:
    """How many cores this process may use."""
    # Not all systems tell.
    usable = getattr(os, "sched_getaffinity", lambda _: range(os.cpu_count() or 1))
    return len(usable(0))


def make_parts(
    folder: pathlib.Path,
    parts: Work,
    processes: int,
    progress: Progress,
) -> list[pathlib.Path]:
    """Makes the parts that a folder lacks.

    May be killed at any moment and called again: each part is a folder of its own that is whole or
    not there, and those that are there are not made again.

    Args:
        folder: where the parts are kept, made if needed; whoever calls this holds a lock for it.
        parts: what fills them. A name says all that the part depends on. With more than one
            process they are pickled.
        processes: how many to run; with 1 the work is done in this process.
        progress: see `Progress`.

    Returns:
        The parts' folders, in the order given.

    Raises:
        WorkerLostError: a process was ended from outside; what was made stays.
    """
    folder.mkdir(parents=True, exist_ok=True)
    folders.clear_unfinished(folder)
    missing = [name for name in parts if not (folder / name).is_dir()]
    before, total = len(parts) - len(missing), len(parts)
    if processes == 1 or len(missing) < 2:
        made = (_make(folder / name, parts[name]) for name in missing)
        for _ in progress(made, before, total):
            pass
        return [folder / name for name in parts]
    # Spawned, since forking a process in which JAX has started threads can hang.
    pool = concurrent.futures.ProcessPoolExecutor(
        min(processes, len(missing)), multiprocessing.get_context("spawn"), _begin_worker
    )
    with pool:
        futures = [pool.submit(_make, folder / name, parts[name]) for name in missing]
        try:
            for future in progress(concurrent.futures.as_completed(futures), before, total):
                future.result()
        except concurrent.futures.process.BrokenProcessPool:
            raise WorkerLostError(
                f"a process that filled {folder} was ended from outside, perhaps for want of "
                "memory: start again, and it goes on with the parts that are missing"
            ) from None
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return [folder / name for name in parts]


def make_once_in_parts(
    directory: pathlib.Path,
    work: Work,
    join: Callable[[list[pathlib.Path], pathlib.Path], None],
    processes: int,
    progress: Progress,
) -> None:
    """Makes a folder out of parts, unless it is there already; see `folders.make_once`.

    Args:
        directory: the folder; its name says what its contents depend on.
        work: the parts; they lie in a folder beside it until it is whole.
        join: fills an empty folder, given second, from the parts.
        processes: see `make_parts`.
        progress: see `make_parts`.

    Raises:
        NoLocksError: its file system has no locks.
        WorkerLostError: a process was ended from outside; what was made stays.
    """
    folder = directory.with_name(f".{directory.name}.parts")

    def build(partial: pathlib.Path) -> None:
        join(make_parts(folder, work, processes, progress), partial)

    folders.make_once(directory, build)
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
