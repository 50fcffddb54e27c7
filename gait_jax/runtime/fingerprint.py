"""Names for settings: equal settings, equal names."""

import hashlib
import json
from typing import Any

import jax
import numpy as np

from gait_jax.runtime import records


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
