"""What a state is, and whether two are the same."""

import hashlib
from typing import Any

import jax
import numpy as np

Tree = Any


def shapes(tree: Tree) -> dict[str, str]:
    """What a state has to look like to be restored: by path, shape and type."""
    return {
        jax.tree_util.keystr(path): f"{x.dtype}{list(x.shape)}"
        for path, x in jax.tree_util.tree_leaves_with_path(tree)
    }


def digest(tree: Tree) -> str:
    """SHA-256 of all numbers of a state, in the order of its paths."""
    found = hashlib.sha256()
    for path, x in jax.tree_util.tree_leaves_with_path(tree):
        found.update(jax.tree_util.keystr(path).encode())
        found.update(np.ascontiguousarray(x).tobytes())
    return found.hexdigest()
