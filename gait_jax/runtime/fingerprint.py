"""Names for settings: equal settings, equal names."""

import hashlib
import json
from typing import Any

import jax
import numpy as np


def fingerprint(*settings: Any) -> str:
    """Twelve hex digits that name settings: JSON values, or trees of arrays."""
    digest = hashlib.sha256()
    for setting in settings:
        arrays = jax.tree.leaves(setting)
        if any(isinstance(x, (np.ndarray, jax.Array)) for x in arrays):
            for path, leaf in jax.tree_util.tree_leaves_with_path(setting):
                digest.update(jax.tree_util.keystr(path).encode())
                digest.update(np.ascontiguousarray(leaf).tobytes())
        else:
            digest.update(json.dumps(setting, sort_keys=True).encode())
    return digest.hexdigest()[:12]
