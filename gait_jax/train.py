r"""Trains a method.

    python -m gait_jax.train --config=configs/stgan.py:casia_a \
        --config.data.manual_dir=DIR --workdir=runs/a

Running the same command again goes on where it stopped.
"""

import pathlib

import ml_collections
from absl import flags

from gait_jax.runtime import command

# So that --help shows them.
flags.adopt_module_key_flags(command)


def _train(config: ml_collections.ConfigDict, workdir: pathlib.Path, progress: bool) -> None:
    # Here, not above: what is wrong with the arguments, and --help, is said before JAX is loaded.
    from gait_jax import trainer

    trainer.train_and_evaluate(config, workdir, progress)


def main() -> None:
    """The command line."""
    command.main("gait_jax.train", _train)


if __name__ == "__main__":
    main()
