"""Command lines that tests start: none outlives its test, nor a test run that is killed.

Each gets a process group of its own. A guard beside the test run knows the groups that run, and
the run's folders: when the run ends, by whatever means, the guard kills and removes what is left.
"""

import atexit
import contextlib
import importlib.metadata
import os
import pathlib
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

ROOT = pathlib.Path(__file__).parents[2]

# Seconds that only something that hangs takes, on a core of its own: tests wait for what happens,
# and no limit of theirs is derived from how long that should take.
_HANGS = 600

# XLA ends a program whose devices do not meet for some time, which those of a busy machine may not.
PATIENT = " ".join(
    f"--xla_cpu_collective{what}_timeout_seconds={6 * _HANGS}" for what in ("", "_call_terminate")
)

# XLA's older way to compile what it fuses takes half the time and memory, and its programs longer,
# which does not matter to networks of a few units. Later releases have no other way, nor the flag.
# Compiled in one piece they take less memory yet; two workers keep two cores busy all the same.
_QUICK = "--xla_cpu_use_fusion_emitters=false --xla_cpu_parallel_codegen_split_count=1 "
QUICK = _QUICK if importlib.metadata.version("jaxlib").startswith("0.10.") else ""

Process = subprocess.Popen
NOWHERE = subprocess.DEVNULL

_running: dict[int, subprocess.Popen] = {}


def slowness() -> float:
    """How many times longer things take now, where more wants to run than there are cores."""
    return max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))


def limit() -> float:
    """Seconds after which to give up waiting."""
    return _HANGS * slowness()


def start(command: Sequence[Any], **options) -> Process:
    """Starts a command line from the repository's root; `finish` or `end` it.

    Args:
      command: program and arguments, as anything that has a text.
      **options: of `subprocess.Popen`. Output is text, in pipes; nothing can be read.
    """
    pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    process = subprocess.Popen(
        [str(word) for word in command],
        **{"cwd": ROOT, "text": True} | pipes | options,
        start_new_session=True,
    )
    _running[process.pid] = process
    _guard.tell("group", process.pid)
    return process


def finish(process: Process) -> tuple[int, str, str]:
    """(exit status, output, errors) of what ends by itself.

    Raises:
      TimeoutError: it hung, and was killed with all that it had started.
    """
    seconds = limit()
    try:
        output, errors = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        raise TimeoutError(f"{process.args} did not end within {seconds:.0f} s") from None
    finally:
        end(process)
    return process.returncode, output, errors


def run(command: Sequence[Any], **options) -> subprocess.CompletedProcess:
    """Starts a command line and waits until it has ended."""
    process = start(command, **options)
    status, output, errors = finish(process)
    return subprocess.CompletedProcess(process.args, status, output, errors)


def devices(count: int) -> dict[str, str]:
    """The environment of a command line that is to see so many devices, simulated on the CPU."""
    flags = f"{QUICK}{PATIENT} --xla_force_host_platform_device_count={count}"
    return os.environ | {"XLA_FLAGS": flags, "JAX_PLATFORMS": "cpu"}


def module(name: str, *arguments: Any, **options) -> subprocess.CompletedProcess:
    """Runs `python -m NAME` on the CPU until it has ended."""
    environment = os.environ | {"JAX_PLATFORMS": "cpu"}
    return run([sys.executable, "-m", name, *arguments], env=environment, **options)


def end(process: Process) -> None:
    """Kills a process and all of its group that still run."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    for pipe in (process.stdout, process.stderr):
        if pipe:
            pipe.close()
    _running.pop(process.pid, None)
    _guard.tell("ended", process.pid)


def end_all() -> list[str]:
    """Kills what still runs.

    Returns:
      The command lines that had not ended.
    """
    found = []
    for process in list(_running.values()):
        if process.poll() is None:
            found.append(" ".join(map(str, process.args)))
        end(process)
    return found


def wait_for(condition: Callable[[], Any], *processes: Process) -> Any:
    """Waits until a condition holds, as long as processes that bring it about run.

    Returns:
      What the condition gave when it held.
    """
    deadline = time.monotonic() + limit()
    while not (found := condition()):
        for process in processes:
            # What it did last may have been what is waited for.
            if process.poll() is not None and not condition():
                status, output, errors = finish(process)
                raise AssertionError(f"{process.args} ended with {status}:\n{output}{errors}")
        assert time.monotonic() < deadline, "what was waited for did not come"
        time.sleep(0.02)
    return found


def remove_at_the_end(folder: pathlib.Path) -> None:
    """Has a folder removed, with all in it, when the test run has ended or was killed."""
    _guard.tell("folder", folder)


class _Guard:
    """The process that outlives a test run by a moment."""

    def __init__(self):
        self._process: subprocess.Popen | None = None

    def tell(self, what: str, name: Any) -> None:
        if self._process is None:
            # In a session of its own: what ends the test run must not end it.
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-S", str(pathlib.Path(__file__).with_name("guard.py"))],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                text=True,
                cwd="/",
                start_new_session=True,
            )
            atexit.register(self._end)
        self._process.stdin.write(f"{what} {name}\n")
        self._process.stdin.flush()

    def _end(self) -> None:
        self._process.stdin.close()
        self._process.wait()


_guard = _Guard()
