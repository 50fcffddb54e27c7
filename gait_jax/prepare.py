r"""Makes the data set and all that is derived from it, so that no accelerator waits for that.

    python -m gait_jax.prepare --config=configs/stgan.py:data=casia_b --workdir=runs/a \
        --config.data.manual_dir=DIR

takes the same arguments as `gait_jax.train` and `gait_jax.evaluate`, and needs no accelerator. What
is made already is not made again; nothing is trained, and nothing written to the workdir.
"""

import pathlib

import ml_collections
from absl import flags

from gait_jax.runtime import command

# So that --help shows them.
flags.adopt_module_key_flags(command)


def prepare(config: ml_collections.ConfigDict, workdir: pathlib.Path, progress: bool) -> None:
    """Prepares for a training or an evaluation; see `trainer.prepare`, `evaluation.prepare`."""
    # Here, not above: what is wrong with the arguments, and --help, is said before JAX is loaded.
    from gait_jax import trainer
    from gait_jax.evaluation import evaluation

    if "method" in config:
        trainer.prepare(config, progress)
    else:
        evaluation.prepare(config, workdir, progress)


def main() -> None:
    """The command line."""
    command.main("gait_jax.prepare", prepare)


if __name__ == "__main__":
    main()
