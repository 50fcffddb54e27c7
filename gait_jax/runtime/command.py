"""What the command lines that take a configuration share: flags, log, errors in one line."""

import logging as stdlib_logging
import pathlib
import sys
import traceback
from collections.abc import Callable
from typing import Any

from absl import app, flags, logging
from ml_collections import config_flags

from gait_jax.runtime import (
    allocator,
    bars,
    configuration,
    distributed,
    interrupted,
    terminal,
)

_CONFIG = config_flags.DEFINE_config_file(
    "config", None, "Configuration file; each of its fields can be set as --config.FIELD=VALUE."
)
WORKDIR = flags.DEFINE_string("workdir", None, "Folder that everything is written to.")
PROGRESS = flags.DEFINE_bool("progress", True, "Show progress bars.")
_COORDINATOR = flags.DEFINE_string(
    "coordinator_address",
    None,
    "HOST:PORT of process 0. Only where the processes of a run do not find each other by "
    "themselves, as they do on TPU pods, in SLURM, Open MPI and Kubernetes.",
)
_PROCESSES = flags.DEFINE_integer("num_processes", None, "Processes of the whole run; likewise.")
_PROCESS = flags.DEFINE_integer("process_id", None, "This process, from 0; likewise.")


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


def main(
    name: str,
    run: Callable[..., Any],
    errors: tuple[type[Exception], ...],
    more: bool = False,
) -> None:
    """A command line of --config, --workdir and --progress.

    Args:
      name: the module's, for messages.
      run: a function of (configuration, workdir, progress).
      errors: what `run` raises for something that the user can mend (see `launch`).
      more: whether there may be arguments that are no flags, which `run` takes fourth, as a list.
    """

    def parse(argv: list[str]) -> list[str]:
        # What cannot be parsed costs one line, not a traceback.
        try:
            rest = flags.FLAGS(argv)
            # A configuration file that cannot be read says so when it is first looked into.
            _CONFIG.value.to_dict()
        except Exception as error:  # Whatever a configuration file raises is the user's to mend.
            sys.exit(f"{name}: {configuration.reason(error, argv)}")
        if len(rest) > 1 and not more:
            sys.exit(f"{name}: unknown arguments: {' '.join(rest[1:])}; see --help")
        return rest

    flags.mark_flags_as_required(["config", "workdir"])
    launch(
        name,
        lambda argv: run(
            _CONFIG.value,
            pathlib.Path(WORKDIR.value),
            PROGRESS.value,
            *([argv[1:]] if more else []),
        ),
        errors,
        parse,
    )


def launch(
    name: str,
    run: Callable[[list[str]], Any],
    errors: tuple[type[Exception], ...],
    parse: Callable[[list[str]], list[str]],
) -> None:
    """Runs a command in this process, which may be one of many.

    Args:
      name: the module's, for messages.
      run: a function of the arguments that are no flags.
      errors: what it raises for something that the user can mend: one line, exit status 1. A run
        that was told to stop, and saved, ends with `distributed.PREEMPTED`; by Ctrl-C, saved or
        not, with `interrupted.STATUS`; one that crashed, here or in another of its processes, with
        `distributed.CRASHED`.
      parse: from the command line to the arguments that are no flags.
    """
    terminal.show_what_it_can()

    def call(argv: list[str]) -> None:
        sys.unraisablehook = _unraisable
        if not flags.FLAGS["verbosity"].present:
            logging.set_verbosity(logging.INFO)
        logging.use_absl_handler()
        handler = logging.get_absl_handler()
        handler.setFormatter(Formatter())
        handler.addFilter(_of_this_project)
        allocator.keep_freed_memory()
        try:
            distributed.initialize(_COORDINATOR.value, _PROCESSES.value, _PROCESS.value)
            if not distributed.is_main():
                logging.set_verbosity(min(logging.get_verbosity(), logging.WARNING))
            with bars.beside_bars(handler):
                run(argv)
        except distributed.PreemptedError as error:
            print(f"{name}: {error}", file=sys.stderr)
            sys.exit(error.status)
        except KeyboardInterrupt:
            again = "Run the same command again to go on"
            print(f"{name}: {interrupted.MESSAGE}. {again}", file=sys.stderr)
            distributed.leave(interrupted.STATUS)
        except errors as error:
            print(f"{name}: {error}", file=sys.stderr)
            distributed.leave(1)
        except Exception as error:
            if lost := distributed.lost_peer(error):
                print(f"{name}: {lost}", file=sys.stderr)
            else:
                traceback.print_exc()
            # The others would wait for this process, which would wait for them.
            distributed.leave(distributed.CRASHED)

    def parsed(argv: list[str]) -> list[str]:
        try:
            return parse(argv)
        except SystemExit as end:
            # Only absl's --help ends with a bare 1: who asks for help has done nothing wrong.
            sys.exit(0 if end.code == 1 else end.code)

    app.run(call, flags_parser=parsed)
