"""Stages of a long job: what is done under the same settings is not done again."""

import hashlib
import json
import pathlib
from collections.abc import Callable
from typing import Any, TypeVar

import jax
import numpy as np
from absl import logging

from gait_jax.runtime import records

_T = TypeVar("_T")


def fingerprint(*settings: Any) -> str:
    """Twelve hex digits that name settings: JSON values, or trees of arrays.

    And the package's version: another one may give other results for the same settings.
    """
    digest = hashlib.sha256(str(records.version_of("gait_jax")).encode())
    for setting in settings:
        arrays = jax.tree.leaves(setting)
        if any(isinstance(x, (np.ndarray, jax.Array)) for x in arrays):
            for path, leaf in jax.tree_util.tree_leaves_with_path(setting):
                digest.update(jax.tree_util.keystr(path).encode())
                digest.update(np.ascontiguousarray(leaf).tobytes())
        else:
            digest.update(json.dumps(setting, sort_keys=True).encode())
    return digest.hexdigest()[:12]


def stage(path: pathlib.Path, make: Callable[[], _T], save: Callable, load: Callable) -> _T:
    """What a stage makes: read where it is kept, made and kept where not.

    Args:
      path: the file, named by a fingerprint of everything that the stage depends on.
      make: does the stage.
      save: writes (path, result) whole or not at all.
      load: reads what `save` wrote.
    """
    if path.exists():
        logging.info("%s is done already.", path.stem)
        return load(path)
    made = make()
    path.parent.mkdir(parents=True, exist_ok=True)
    save(path, made)
    return made
