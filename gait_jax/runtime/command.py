"""What the command lines that take a configuration share: flags, log, errors in one line."""

import logging as stdlib_logging
import pathlib
import sys
from collections.abc import Callable
from typing import Any

from absl import app, flags, logging
from ml_collections import config_flags

_CONFIG = config_flags.DEFINE_config_file(
    "config", None, "Configuration file; each of its fields can be set as --config.FIELD=VALUE."
)
_WORKDIR = flags.DEFINE_string("workdir", None, "Folder that everything is written to.")
_PROGRESS = flags.DEFINE_bool("progress", True, "Show progress bars.")


def _of_this_project(record) -> bool:
    """Keeps what the libraries report of their inner workings out of the log."""
    return record.levelno > stdlib_logging.INFO or any(
        f"/{package}/" in record.pathname for package in ("gait_jax", "tfds_casia")
    )


def main(
    name: str,
    run: Callable[..., Any],
    errors: tuple[type[Exception], ...],
) -> None:
    """A command line of --config, --workdir and --progress.

    Args:
      name: the module's, for messages.
      run: a function of (configuration, workdir, progress).
      errors: what `run` raises for something that the user can mend: one line, exit status 1.
    """

    def parse(argv: list[str]) -> list[str]:
        # What cannot be parsed costs one line, not a traceback.
        try:
            rest = flags.FLAGS(argv)
            # A configuration file that cannot be read says so when it is first looked into.
            _CONFIG.value.to_dict()
        except Exception as error:  # Whatever a configuration file raises is the user's to mend.
            # A field that a configuration lacks comes as an AttributeError of its name alone.
            what = "no such field " if isinstance(error, (AttributeError, KeyError)) else ""
            reason = str(error).strip().splitlines()[-1].strip()
            sys.exit(f"{name}: {what}{reason}; see --help, and the files in configs/")
        if len(rest) > 1:
            sys.exit(f"{name}: unknown arguments: {' '.join(rest[1:])}; see --help")
        return rest

    def call(argv: list[str]) -> None:
        del argv
        logging.set_verbosity(logging.INFO)
        logging.use_absl_handler()
        logging.get_absl_handler().addFilter(_of_this_project)
        try:
            run(_CONFIG.value, pathlib.Path(_WORKDIR.value), _PROGRESS.value)
        except errors as error:
            sys.exit(f"{name}: {error}")

    flags.mark_flags_as_required(["config", "workdir"])
    app.run(call, flags_parser=parse)
