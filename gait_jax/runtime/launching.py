"""Runs a command, in one of maybe many processes: its log, and its end in one line."""

import logging as stdlib_logging
import sys
import traceback
from collections.abc import Callable
from typing import Any

from absl import flags, logging

from gait_jax.runtime import allocator, bars, distributed, interrupted
from gait_jax.runtime.errors import FailedError, InputError


def _of_this_project(record) -> bool:
    """Keeps what the libraries report of their inner workings out of the log."""
    if "/orbax/" in record.pathname or "/asyncio/" in record.pathname:
        # Writing checkpoints: what fails there is raised, too.
        return False
    return record.levelno > stdlib_logging.INFO or any(
        f"/{package}/" in record.pathname for package in ("gait_jax", "tfds_casia")
    )


class Formatter(logging.PythonFormatter):
    """In a run of many processes, says in each line which one it is of."""

    def formatMessage(self, record):  # noqa: N802, the standard library's name
        message = super().formatMessage(record)
        return distributed.name_of_process() + message


def _unraisable(found) -> None:
    """Passes over what threads of TensorStore say after a checkpoint that failed.

    That it failed is raised where it is saved or read, and told in one line.
    """
    if isinstance(found.exc_value, RuntimeError) and str(found.exc_value) == "Event loop is closed":
        return
    sys.__unraisablehook__(found)


def launch(
    name: str,
    run: Callable[[], Any],
    coordinator: str | None,
    processes: int | None,
    process: int | None,
) -> None:
    """Runs a command in this process.

    What the user can mend costs one line, and exit status 1. A run that was told to stop, and
    saved, ends with `distributed.PREEMPTED`; by Ctrl-C, saved or not, with `interrupted.STATUS`;
    one that crashed, here or in another of its processes, with `distributed.CRASHED`.

    Args:
      name: the module's, for messages.
      run: what to do.
      coordinator: HOST:PORT of process 0; with the next two, None where processes of a run find
        each other by themselves.
      processes: of the whole run.
      process: this one, from 0.
    """
    sys.unraisablehook = _unraisable
    if not flags.FLAGS["verbosity"].present:
        logging.set_verbosity(logging.INFO)
    logging.use_absl_handler()
    handler = logging.get_absl_handler()
    handler.setFormatter(Formatter())
    handler.addFilter(_of_this_project)
    allocator.keep_freed_memory()
    try:
        distributed.initialize(coordinator, processes, process)
        if not distributed.is_main():
            logging.set_verbosity(min(logging.get_verbosity(), logging.WARNING))
        with bars.beside_bars(handler):
            run()
    except distributed.PreemptedError as error:
        print(f"{name}: {error}", file=sys.stderr)
        sys.exit(error.status)
    except KeyboardInterrupt:
        again = "Run the same command again to go on"
        print(f"{name}: {interrupted.MESSAGE}. {again}", file=sys.stderr)
        distributed.leave(interrupted.STATUS)
    except (InputError, FailedError) as error:
        print(f"{name}: {error}", file=sys.stderr)
        distributed.leave(1)
    except Exception as error:
        if lost := distributed.lost_peer(error):
            print(f"{name}: {lost}", file=sys.stderr)
        else:
            traceback.print_exc()
        # The others would wait for this process, which would wait for them.
        distributed.leave(distributed.CRASHED)
