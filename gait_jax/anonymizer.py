"""Opens a training run, or an exported model, for anonymising silhouettes."""

import hashlib
import os
import pathlib
from typing import Any

import jax
import numpy as np

from gait_jax.methods import METHODS, runs
from gait_jax.methods.gait_anonymizer import (
    NO_OUTLINE,
    UNCHANGED,
    UNREADABLE,
    AnonymizedBody,
    AnonymizedSequence,
    GaitAnonymizer,
)
from gait_jax.runtime import records
from gait_jax.runtime.errors import InputError
from gait_jax.runtime.run_directory import RunDirectory

__all__ = [
    "NO_OUTLINE",
    "UNCHANGED",
    "UNREADABLE",
    "AnonymizedBody",
    "AnonymizedSequence",
    "Anonymizer",
    "describe",
    "named_key",
    "random_key",
]


def random_key(seed: int | None) -> jax.Array:
    """The key that all noise of a call is drawn from.

    Args:
      seed: for repeating a result. Whoever knows seed and model can draw the same noise, so what is
        to be published should be made without: None takes the operating system's entropy.

    Raises:
      InputError: the seed is negative or has more than 32 bits.
    """
    if seed is not None:
        if not 0 <= seed < 2**32:
            raise InputError(f"seed {seed}: use a whole number from 0 to {2**32 - 1}")
        return jax.random.key(seed)
    return jax.random.wrap_key_data(np.frombuffer(os.urandom(8), np.uint32))


def named_key(key: jax.Array, name: str) -> jax.Array:
    """The key of one of many sequences, clips or people: each draws its own noise."""
    # Not by JAX's fold_in: compiling it takes longer than a short clip does.
    # Names of files need not be UTF-8.
    encoded = name.encode("utf-8", "surrogateescape")
    digest = hashlib.sha256(np.asarray(jax.random.key_data(key)).tobytes() + encoded)
    return jax.random.wrap_key_data(np.frombuffer(digest.digest()[:8], np.uint32))


class Anonymizer(GaitAnonymizer):
    """A trained method, ready for use on silhouettes; see `GaitAnonymizer`.

    Attributes:
      data: what its training wrote down of its data; empty where nothing is left of it.
    """

    def __init__(self, workdir: pathlib.Path):
        """Loads the newest checkpoint of a training run, or an exported model.

        Args:
          workdir: the run's or the model's folder.

        Raises:
          InputError: it is no training run, has no checkpoint, or its method anonymises nothing.
        """
        config, method, state, step = runs.load_run(workdir, METHODS)
        if not hasattr(method, "apply"):
            raise InputError(
                f"{workdir} is a run of {config.method}, which anonymises nothing by itself: "
                "give the workdir of the run that used it"
            )
        try:
            super().__init__(config, method, state, step)
        except InputError as error:
            raise InputError(f"{workdir}: {error}") from None
        self.data = RunDirectory(workdir).data_description()


def describe(anonymizer: Anonymizer) -> dict[str, Any]:
    """What a report says of the model."""
    return {
        "gait_jax": records.version_of("gait_jax"),
        "method": anonymizer.config.method,
        "alpha": anonymizer.config.loss.alpha,
        "checkpoint_step": anonymizer.step,
        "trained_on": anonymizer.config.data.name,
        "trained_on_synthetic_data": anonymizer.data.get("synthetic"),
    }
