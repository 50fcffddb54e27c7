"""Several videos at once, in processes: one that dies costs the video that it was at."""

import collections
import contextlib
import multiprocessing
import os
import pathlib
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from multiprocessing import connection, resource_tracker
from typing import Any

from gait_jax.anonymization.batches import Entry, Work, do, failed, take_cores
from gait_jax.runtime import cores, interrupted, terminal
from gait_jax.runtime.errors import InputError

# Seconds between two looks whether the process that started this one is there.
_LOOK = 1.0
# Seconds in which whoever is told to stop has removed what is half-written.
_CLEANING = 60.0
# What a process says first: that it can begin, and what of the model is to be reported, or why not.
# Then what became of each video.
_MODEL, _WRONG, _DONE, _ENDED = "model", "wrong", "done", "ended"


class _Worker:
    """A process that does one video after the other.

    Attributes:
      connection: to it.
      at: the number of the video that it is at; None before the first.
    """

    def __init__(self, work: Work, number: int, jobs: int):
        """Starts it on its share of the cores."""
        context = multiprocessing.get_context("spawn")
        self.at: int | None = None
        self._number = number
        self.connection, theirs = context.Pipe()
        with _without_interrupts(), cores.own(number, jobs) as own:
            count = len(own) or max(1, cores.count() // jobs)
            given = (work, theirs, os.getpid(), count)
            self._process = context.Process(target=_serve, args=given, daemon=True)
            self._process.start()
        theirs.close()

    def hear(self) -> tuple[str, Any]:
        """What it says: (kind, value)."""
        try:
            return self.connection.recv()
        except (EOFError, OSError):
            return _ENDED, None

    def give(self, source: pathlib.Path, out: pathlib.Path) -> None:
        """Gives it a video to do."""
        # Where it has just ended, that is what is heard next.
        with contextlib.suppress(OSError):
            self.connection.send((source, out))

    def again(self, work: Work, jobs: int) -> "_Worker":
        """Another one in its place."""
        return _Worker(work, self._number, jobs)

    def ended(self) -> int | None:
        """Waits until it has ended: its exit status, that of a signal below 0."""
        self.connection.close()
        self._process.join()
        return self._process.exitcode

    def stop(self) -> None:
        """Tells it to stop."""
        self._process.terminate()

    def wait(self, until: float) -> None:
        """Waits until it has stopped, and kills it at a time of `time.monotonic`."""
        self._process.join(max(0.0, until - time.monotonic()))
        self._process.kill()
        self._process.join()


@contextlib.contextmanager
def _without_interrupts() -> Iterator[None]:
    """A terminal's Ctrl-C goes to all: this process alone hears it, and tells those it starts."""
    if sys.platform == "win32":
        yield
        return
    # Where it is not there yet it would be started, and let interrupts through.
    resource_tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def run(
    work: Work,
    sources: list[pathlib.Path],
    results: list[pathlib.Path],
    jobs: int,
    done: Callable[[Entry], object],
) -> Entry:
    """Does some videos, several at once (see `batches.run`).

    Args:
      work: what is done with each.
      sources: the videos.
      results: the file that each becomes.
      jobs: how many at once.
      done: called with what became of each, as soon as it is known.

    Returns:
      The report, videos in the order of `sources`.

    Raises:
      InputError: the model cannot be used, or no process can begin.
    """
    waiting = collections.deque(range(len(sources)))
    entries: dict[int, Entry] = {}
    description: Entry = {}

    def finish(number: int, entry: Entry) -> None:
        entries[number] = entry
        done(entry)

    workers = [_Worker(work, number, jobs) for number in range(jobs)]
    try:
        while workers:
            there = {one.connection: one for one in workers}
            for worker in [there[ready] for ready in connection.wait(there)]:
                kind, value = worker.hear()
                if kind == _MODEL:
                    description = value
                elif kind == _DONE:
                    finish(worker.at, value)
                if kind in (_MODEL, _DONE) and waiting:
                    worker.at = waiting.popleft()
                    worker.give(sources[worker.at], results[worker.at])
                    continue
                workers.remove(worker)
                status = worker.ended()
                if kind == _WRONG and not description:
                    raise InputError(value)
                if kind == _ENDED:
                    why = f"its process ended with status {status} (memory? give fewer --jobs)"
                    if worker.at is not None:
                        source = sources[worker.at]
                        finish(worker.at, failed(source, f"{source} could not be done: {why}"))
                        if waiting:
                            workers.append(worker.again(work, jobs))
                    elif not workers and not description:
                        raise InputError(f"the model could not be opened: {why}")
        for number in waiting:
            why = f"{sources[number]} was not begun: no process could be started"
            finish(number, failed(sources[number], why))
    finally:
        _stop(workers)
    return {**description, "videos": [entries[number] for number in range(len(sources))]}


def _stop(workers: list[_Worker]) -> None:
    """Ends those who are still at work; what they have written of a file goes."""
    for worker in workers:
        worker.stop()
    until = time.monotonic() + _CLEANING
    for worker in workers:
        worker.wait(until)


def _serve(work: Work, parent: connection.Connection, pid: int, cores: int) -> None:
    """A process's work: says whether it can begin, then does what it is given.

    Args:
      work: what is done with each video.
      parent: the connection to whoever gives them.
      pid: their process.
      cores: that this process may use.
    """
    _end_with(pid)
    terminal.show_what_it_can()
    # By default each process would take most of an accelerator's memory.
    os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")
    try:
        take_cores(cores)
        try:
            description, function = work.begin(cores)
        except InputError as error:
            parent.send((_WRONG, str(error)))
            return
        parent.send((_MODEL, description))
        # Until nobody is at the other end.
        with contextlib.suppress(EOFError, OSError):
            while True:
                source, out = parent.recv()
                parent.send((_DONE, do(function, source, out)))
    except KeyboardInterrupt:
        sys.exit(interrupted.STATUS)


def _end_with(parent: int) -> None:
    """Lets this process stop, as by Ctrl-C, when it is told to or its parent is gone."""

    def stop(number: int, frame: object) -> None:
        # Once: a second time it would interrupt what removes half-written files.
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        raise KeyboardInterrupt

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, stop)

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(_LOOK)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, daemon=True).start()
