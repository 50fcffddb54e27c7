"""Who does which piece of an evaluation: several processes, each taking what nobody is at."""

import contextlib
import os
import pathlib
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence

from gait_jax.evaluation.evaluators.base import Piece
from gait_jax.runtime import bars, cores, distributed
from gait_jax.runtime.errors import FailedError, InputError, InUseError
from gait_jax.runtime.lock import WorkdirLock

# Seconds between two looks for something to do, while others are at all that is left.
_LOOK = 1.0
# Seconds in which a training that was told to stop has saved. What takes no orders is begun again.
_SAVING = 60.0
# Each of them holds a gigabyte or more, and what is left to share out becomes less and less.
_MOST = 8


class TaskFailedError(FailedError):
    """A process that did a share of an evaluation failed, and said why."""

    def __init__(self, message: str, status: int):
        """Takes what to say, and the exit status of that process."""
        super().__init__(message)
        self.status = status


class Board:
    """Which pieces are done, and who is at which: a folder that all processes share."""

    def __init__(self, folder: pathlib.Path, count: int):
        """Opens it.

        Args:
          folder: its name says what the pieces depend on; made where it is missing.
          count: how many pieces there are.
        """
        self._folder, self._count = folder, count

    def _done(self, number: int) -> pathlib.Path:
        return self._folder / f"{number}.done"

    def left(self) -> list[int]:
        """The pieces that are not done."""
        return [number for number in range(self._count) if not self._done(number).exists()]

    @contextlib.contextmanager
    def taken(self, number: int) -> Iterator[None]:
        """Holds a piece for this process; it is done when the block ends well.

        Raises:
          InUseError: another process is at it.
        """
        own = self._folder / str(number)
        own.mkdir(parents=True, exist_ok=True)
        with WorkdirLock(own, looking=False):
            yield
            self._done(number).touch()


def do_share(pieces: Sequence[Piece], board: Board, task: int, tasks: int) -> None:
    """Does pieces until all are done, here or in other processes.

    Nobody is given pieces beforehand: one of many processes may never start, or be killed, and the
    others do what it leaves. What stands on the board saves time and decides nothing: a piece
    itself knows what is done.

    Args:
      pieces: of the evaluation, the same in all processes.
      board: of them.
      task: the number of this process, from 0: where among the pieces it begins to look.
      tasks: how many there are.

    Raises:
      InputError: a piece cannot be done.
      DivergedError: a training's loss became NaN or infinite.
      PreemptedError: told to stop; what is done is kept.
    """
    first = task * len(pieces) // tasks
    while left := board.left():
        # Not all where the first one begins.
        left.sort(key=lambda number: (number - first) % len(pieces))
        done = sum(_does(pieces[number], board, number) for number in left)
        if not done:
            time.sleep(_LOOK)


def _does(piece: Piece, board: Board, number: int) -> bool:
    """Does a piece, unless another process is at it or at what it needs."""
    _stop_if_told()
    try:
        with board.taken(number):
            # Another one may have done it since it was last looked.
            if number in board.left():
                for _ in piece():
                    pass
    except InUseError:
        return False
    return True


def _stop_if_told() -> None:
    if distributed.told_to_stop():
        raise distributed.PreemptedError("told to stop. Run the same command again to go on")


def checked_share(task: int, tasks: int) -> tuple[int, int]:
    """One task out of `tasks`.

    Raises:
      InputError: there is no such task.
    """
    if not 0 <= task < tasks:
        raise InputError(f"--task={task} is not one of --tasks={tasks}: they are numbered from 0")
    return task, tasks


def processes_by_default() -> int:
    """How many processes to share a machine's evaluation among, if nobody says: one a core."""
    return min(cores.count(), _MOST)


def run_tasks(number: int, board: Board, count: int, progress: bool) -> None:
    """Starts this process's own command line so many times, each for a share, and waits for them.

    Args:
      number: how many.
      board: where they say what is done.
      count: of the pieces.
      progress: whether to show how far they are.

    Raises:
      TaskFailedError: one failed; the others were told to stop.
      PreemptedError: told to stop, and told them; what is done is kept.
    """
    started = [_start(task, number) for task in range(number)]
    try:
        with bars.bar(shown=progress, total=count, desc="evaluate", unit="piece") as bar:
            while any(process.poll() is None for process in started):
                _stop_if_told()
                bar.update(count - len(board.left()) - bar.n)
                failed = [p.returncode for p in started if p.returncode]
                if failed:
                    raise TaskFailedError(
                        f"a process of {number} ended with status {failed[0]}, as it says above; "
                        "the others were told to stop. What is done is kept",
                        max(failed[0], 1),
                    )
                time.sleep(_LOOK / 2)
    finally:
        for process in started:
            if process.poll() is None:
                process.terminate()
        until = time.monotonic() + _SAVING
        for process in started:
            try:
                process.wait(max(until - time.monotonic(), 0))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _start(task: int, tasks: int) -> subprocess.Popen:
    """One of the processes, on its own share of the cores."""
    command = [sys.executable, "-m", "gait_jax.evaluate", *sys.argv[1:]]
    command += [f"--task={task}", f"--tasks={tasks}", f"--parent={os.getpid()}", "--noprogress"]
    with cores.own(task, tasks):
        return subprocess.Popen(command, stdin=subprocess.DEVNULL)


def end_with(parent: int) -> None:
    """Lets this process be told to stop when the one that started it is, or is gone."""
    # A terminal's Ctrl-C goes to all; the parent hears it, and tells.
    signal.signal(signal.SIGINT, signal.SIG_IGN)

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(_LOOK)
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(_SAVING)
        os._exit(distributed.PREEMPTED)

    threading.Thread(target=watch, daemon=True).start()
