r"""Trains a method.

    python -m gait_jax.train --config=configs/stgan.py:casia_a \
        --config.data.manual_dir=DIR --workdir=runs/a

Running the same command again goes on where it stopped.
"""

from absl import flags

from gait_jax import trainer
from gait_jax.runtime import command
from gait_jax.runtime.errors import InputError

# So that --help shows them.
flags.adopt_module_key_flags(command)


def main() -> None:
    """The command line."""
    command.main("gait_jax.train", trainer.train_and_evaluate, (InputError, trainer.DivergedError))


if __name__ == "__main__":
    main()
