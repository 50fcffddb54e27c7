"""Opens a training run for anonymising silhouette sequences."""

import os
import pathlib

import jax
import numpy as np

from gait_jax import trainer
from gait_jax.methods.gait_anonymizer import (
    NO_OUTLINE,
    UNCHANGED,
    UNREADABLE,
    AnonymizedSequence,
    GaitAnonymizer,
)
from gait_jax.runtime.errors import InputError

__all__ = [
    "NO_OUTLINE",
    "UNCHANGED",
    "UNREADABLE",
    "AnonymizedSequence",
    "Anonymizer",
    "random_key",
]


def random_key(seed: int | None) -> jax.Array:
    """The key that all noise of a call is drawn from.

    Args:
      seed: for repeating a result. Whoever knows seed and model can draw the same noise, so what is
        to be published should be made without: None takes the operating system's entropy.
    """
    if seed is not None:
        return jax.random.key(seed)
    return jax.random.wrap_key_data(np.frombuffer(os.urandom(8), np.uint32))


class Anonymizer(GaitAnonymizer):
    """A trained method, ready for use on silhouettes; see `GaitAnonymizer`."""

    def __init__(self, workdir: pathlib.Path):
        """Loads the newest checkpoint of a training run.

        Args:
          workdir: the run's folder.

        Raises:
          InputError: it is no training run, has no checkpoint, or its method anonymises nothing.
        """
        config, method, state, step = trainer.load_run(workdir)
        if not hasattr(method, "apply"):
            raise InputError(
                f"{workdir} is a run of {config.method}, which anonymises nothing by itself: "
                "give the workdir of the run that used it"
            )
        super().__init__(config, method, state, step)
