"""Trains a method.

    python -m gait_jax.train --config=configs/stgan.py:casia_a \
        --config.data.manual_dir=DIR --workdir=runs/a

Running the same command again goes on where it stopped.
"""

import logging as stdlib_logging
import pathlib
import sys

from absl import app, flags, logging
from ml_collections import config_flags

from gait_jax import trainer
from gait_jax.runtime.errors import InputError

_CONFIG = config_flags.DEFINE_config_file(
    "config", None, "Configuration file; each of its fields can be set as --config.FIELD=VALUE."
)
_WORKDIR = flags.DEFINE_string(
    "workdir", None, "Folder of the run: checkpoints, metrics, pictures."
)
_PROGRESS = flags.DEFINE_bool("progress", True, "Show progress bars.")


def _of_this_project(record) -> bool:
    """Keeps what the libraries report of their inner workings out of the log."""
    return record.levelno > stdlib_logging.INFO or any(
        f"/{package}/" in record.pathname for package in ("gait_jax", "tfds_casia")
    )


def _main(argv: list[str]) -> None:
    del argv
    logging.set_verbosity(logging.INFO)
    logging.use_absl_handler()
    logging.get_absl_handler().addFilter(_of_this_project)
    try:
        trainer.train_and_evaluate(_CONFIG.value, pathlib.Path(_WORKDIR.value), _PROGRESS.value)
    except (InputError, trainer.DivergedError) as error:
        sys.exit(f"gait_jax.train: {error}")


def _parse(argv: list[str]) -> list[str]:
    """Parses the flags; what cannot be parsed costs one line, not a traceback."""
    try:
        rest = flags.FLAGS(argv)
        # A configuration file that cannot be read says so when it is first looked into.
        _CONFIG.value.to_dict()
    except Exception as error:  # Whatever a configuration file raises is the user's to mend.
        # A field that a configuration lacks comes as an AttributeError of its name alone.
        what = "no such field " if isinstance(error, (AttributeError, KeyError)) else ""
        reason = str(error).strip().splitlines()[-1].strip()
        sys.exit(f"gait_jax.train: {what}{reason}; see --help, and the files in configs/")
    if len(rest) > 1:
        sys.exit(f"gait_jax.train: unknown arguments: {' '.join(rest[1:])}; see --help")
    return rest


def main() -> None:
    """The command line."""
    flags.mark_flags_as_required(["config", "workdir"])
    app.run(_main, flags_parser=_parse)


if __name__ == "__main__":
    main()
