"""What the command lines that take a configuration share: flags, and how they are parsed."""

import pathlib
import sys
from collections.abc import Callable
from typing import Any

from absl import app, flags
from ml_collections import config_flags

from gait_jax.runtime import configuration, terminal

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


def main(
    name: str,
    run: Callable[..., Any],
    more: bool = False,
) -> None:
    """A command line of --config, --workdir and --progress.

    Args:
      name: the module's, for messages.
      run: a function of (configuration, workdir, progress).
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
        parse,
    )


def launch(
    name: str,
    run: Callable[[list[str]], Any],
    parse: Callable[[list[str]], list[str]],
) -> None:
    """Parses the command line and runs the command (see `launching.launch`).

    Args:
      name: the module's, for messages.
      run: a function of the arguments that are no flags.
      parse: from the command line to the arguments that are no flags.
    """
    terminal.show_what_it_can()

    def call(argv: list[str]) -> None:
        # Here, not above: what is wrong with the arguments, and --help, is said before JAX is
        # loaded.
        from gait_jax.runtime import launching

        launching.launch(
            name, lambda: run(argv), _COORDINATOR.value, _PROCESSES.value, _PROCESS.value
        )

    def parsed(argv: list[str]) -> list[str]:
        try:
            return parse(argv)
        except SystemExit as end:
            # Only absl's --help ends with a bare 1: who asks for help has done nothing wrong.
            sys.exit(0 if end.code == 1 else end.code)

    app.run(call, flags_parser=parsed)
