"""Many processes: how they find each other, what they share, when they stop."""

import contextlib
import itertools
import json
import os
import signal
import socket
import sys
import threading
from collections.abc import Iterator
from typing import Any, NoReturn

import jax
import numpy as np
from jax.experimental import multihost_utils

from gait_jax.runtime import interrupted
from gait_jax.runtime.errors import InputError

Tree = Any

# EX_TEMPFAIL of sysexits.h: not finished, and worth running again.
PREEMPTED = 75
# EX_SOFTWARE: nothing that was given is at fault, so that the same command may go on.
CRASHED = 70


# JAX takes a run's port from the number of Slurm's job: of the highest ones, so many.
_PORTS = 4096

# Seconds.
_WEEK = 7 * 24 * 3600

# How errors begin that come of a connection, and not of what is computed.
_LOST = ("UNKNOWN: Gloo", "UNAVAILABLE", "ABORTED", "DEADLINE_EXCEEDED")

# JAX agrees on one of the calls to come by their numbers, over all runs of a process.
_calls = itertools.count(1)


class PreemptedError(Exception):
    """The run was told to stop (SIGTERM, Ctrl-C), and saved what it had done.

    Attributes:
      status: the exit status of this process that says so.
    """

    def __init__(self, message: str):
        """Takes the line that tells of it."""
        super().__init__(message)
        _told.clear()
        self.status = interrupted.STATUS if _interrupted.is_set() else PREEMPTED


# Whether the processes were told to stop, and have not said yet that they did.
_told = threading.Event()

# Whether this process was sent SIGINT while `interruptible`.
_interrupted = threading.Event()


def _interrupt(*_: Any) -> None:
    # The system's own, which does not wait for this interpreter to come back from a step.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    _interrupted.set()
    # To the file itself: the signal may come while a line is written to the stream, which then
    # takes no other.
    with contextlib.suppress(OSError):
        os.write(2, b"Stopping after the step in hand, and saving; Ctrl-C again ends it at once.\n")
    if jax.process_count() > 1:
        # The others hear of SIGTERM alone.
        os.kill(os.getpid(), signal.SIGTERM)


@contextlib.contextmanager
def interruptible() -> Iterator[None]:
    """Lets the first Ctrl-C (SIGINT) tell all processes to stop, as SIGTERM does; a second kills.

    Within itself, and outside of a program's first thread, which alone may handle signals, it does
    nothing; nor where SIGINT is ignored, as it is of what a shell starts in the background.
    """
    before = signal.getsignal(signal.SIGINT)
    within = before in (_interrupt, signal.SIG_IGN) or _interrupted.is_set()
    if within or threading.current_thread() is not threading.main_thread():
        yield
        return
    signal.signal(signal.SIGINT, _interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
        _interrupted.clear()


def initialize(
    coordinator_address: str | None = None,
    num_processes: int | None = None,
    process_id: int | None = None,
) -> None:
    """Lets the processes of one run find each other; once a process, before any computation.

    JAX finds TPU pods, SLURM, Open MPI and Kubernetes by itself; everything else needs all three
    arguments. A run of one process is initialised too: without that nobody sees SIGTERM coming.

    Args:
      coordinator_address: host and port of process 0, "HOST:PORT".
      num_processes: of the whole run.
      process_id: of this process, from 0.

    Raises:
      InputError: some arguments are given and others are not, or the processes cannot meet.
    """
    given = (coordinator_address, num_processes, process_id)
    if all(value is None for value in given) and "SLURM_STEP_NODELIST" in os.environ:
        if os.environ.get("SLURM_NTASKS") == "1":
            # It needs no port that another run of the job could hold.
            _alone()
            return
        _part_steps()
    if num_processes == 1 and coordinator_address is None and process_id in (None, 0):
        _alone()
        return
    if any(value is not None for value in given):
        if any(value is None for value in given):
            raise InputError(
                "a run of many processes needs --coordinator_address=HOST:PORT, --num_processes=N "
                "and --process_id=I together: give all three, or none"
            )
        if not 0 <= process_id < num_processes:
            raise InputError(
                f"--process_id={process_id} is not one of --num_processes={num_processes}: they "
                "are numbered from 0"
            )
        if not coordinator_address.rpartition(":")[2].isdigit():
            raise InputError(
                f"--coordinator_address={coordinator_address} has no port: use HOST:PORT"
            )
    # With addresses given JAX would still ask the cluster which devices are this process's.
    found_by = "deactivate" if coordinator_address else None
    try:
        jax.distributed.initialize(*given, cluster_detection_method=found_by)
    except ValueError as error:
        if "coordinator_address" not in str(error) or coordinator_address is not None:
            raise InputError(f"the processes of this run cannot meet: {error}") from None
        _alone()
    except RuntimeError as error:
        reason = str(error).strip().splitlines()[0]
        if coordinator_address is None:
            raise InputError(
                f"the processes of this run cannot meet ({reason}): if another run of the same job "
                "holds their port, set JAX_COORDINATOR_PORT to a free one, alike in all of them"
            ) from None
        raise InputError(
            f"process {process_id} of {num_processes} did not reach {coordinator_address} "
            f"({reason}): check that process 0 runs and that its port can be reached"
        ) from None


def _part_steps() -> None:
    """Gives each step of a Slurm job a port of its own, as several runs may share the job."""
    job, step = (os.environ.get(f"SLURM_{name}_ID", "") for name in ("JOB", "STEP"))
    if job.isdigit() and step.isdigit() and int(step):
        port = 65536 - _PORTS + (int(job) + 61 * int(step)) % _PORTS
        os.environ.setdefault("JAX_COORDINATOR_PORT", str(port))


def _alone() -> None:
    # The port is free now; another process could take it in the meantime, and then JAX says so.
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    # One process talks to nobody: XLA's own collectives among its devices serve.
    jax.config.update("jax_cpu_collectives_implementation", None)
    jax.distributed.initialize(
        address,
        1,
        0,
        cluster_detection_method="deactivate",
        # It hears its own heartbeat: suspended (Ctrl-Z, a job that another one pushes aside, a
        # paused machine), it would find itself dead when it goes on.
        heartbeat_timeout_seconds=_WEEK,
    )


def is_main() -> bool:
    """Whether this is the process that writes the run's files."""
    return jax.process_index() == 0


def name_of_process() -> str:
    """For lines of a log: "process 0 of 4: "; empty where there is one process, or none yet."""
    if not jax.distributed.is_initialized() or jax.process_count() == 1:
        return ""
    return f"process {jax.process_index()} of {jax.process_count()}: "


def from_main(tree: Tree) -> Tree:
    """The main process's arrays, in every process.

    Args:
      tree: of arrays; what the other processes give only lends its structure, shapes and types.

    Returns:
      The main process's tree, as NumPy arrays.
    """
    if jax.process_count() == 1:
        return tree
    # 64 bits and random bits alike travel as bytes: JAX would make 32 bits of them.
    as_bytes = lambda x: np.frombuffer(np.asarray(x).tobytes(), np.uint8)  # noqa: E731
    sent = multihost_utils.broadcast_one_to_all(jax.tree.map(as_bytes, tree))

    def received(bytes_, like):
        like = np.asarray(like)
        found = np.frombuffer(np.asarray(bytes_, np.uint8).tobytes(), like.dtype)
        return found.reshape(like.shape).copy()

    return jax.tree.map(received, sent, tree)


def value_from_main(value: Any) -> Any:
    """The main process's JSON value, in every process."""
    if jax.process_count() == 1:
        return value
    text = np.frombuffer(json.dumps(value).encode(), np.uint8)
    length = int(from_main(np.int64(len(text))))
    text = text if is_main() else np.zeros(length, np.uint8)
    return json.loads(from_main(text).tobytes())


def told_to_stop() -> bool:
    """Whether all processes are to save and stop now, because one of them was told to.

    By SIGTERM, or by SIGINT while `interruptible`. To be called after every dispatch, in all
    processes alike.

    Returns:
      The same in every process, for the same call. Of SIGTERM nobody hears where `initialize` was
      not called.
    """
    if not _told.is_set():
        alone = jax.process_count() == 1 and _interrupted.is_set()
        # JAX says so once.
        if alone or multihost_utils.reached_preemption_sync_point(next(_calls)):
            _told.set()
    return _told.is_set()


def lost_peer(error: Exception) -> str | None:
    """What to say of an error that another process's end has caused; None of any other error."""
    text = str(error).strip().splitlines()
    if jax.process_count() == 1 or not isinstance(error, jax.errors.JaxRuntimeError) or not text:
        return None
    if not text[0].startswith(_LOST):
        return None
    return (
        f"process {jax.process_index()} lost another one of this run, whose own log says why "
        f"({text[0]}); the same command goes on after the last checkpoint"
    )


def leave(status: int) -> NoReturn:
    """Ends this process because of an error that the others may not share.

    A process that leaves in good order waits for the others, who in turn wait for it in a step
    that will not come. Leaving at once lets them see that it is gone.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    if jax.process_count() == 1:
        sys.exit(status)
    os._exit(status)
