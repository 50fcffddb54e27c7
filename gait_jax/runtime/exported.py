"""An exported model's parameters: one small file that stands where a run has its checkpoints."""

import pathlib
from typing import Any

import numpy as np
from flax import traverse_util

from gait_jax.runtime.arrays import check_arrays, load_arrays, save_arrays
from gait_jax.runtime.errors import InputError

Tree = Any

_STEP = "step"
# A run counts its steps with 32 bits.
_LAST_STEP = np.iinfo(np.int32).max
_ADVICE = "export the model anew (python -m gait_jax.export)"


def save(path: pathlib.Path, step: int, trees: Tree) -> None:
    """Writes parameters.

    Args:
      path: the file.
      step: steps that they were trained for.
      trees: {"ema": ..., "frozen": ...}: nested dictionaries of float arrays; stored with 16 bits
        each, since rounded so an outline moves by less than a thousandth of the body's height.
    """
    flat = traverse_util.flatten_dict(trees, sep="/")
    arrays = {name: np.asarray(value, np.float16) for name, value in flat.items()}
    save_arrays(path, arrays | {_STEP: np.array(step)})


def load(path: pathlib.Path) -> tuple[int, Tree]:
    """Reads parameters.

    Whether they are those of a configuration's networks shows when they are applied.

    Args:
      path: the file.

    Returns:
      (step, {"ema": ..., "frozen": ...}: nested dictionaries of float32 arrays).

    Raises:
      InputError: it is damaged.
    """
    arrays = load_arrays(path, _ADVICE)
    check_arrays(path, arrays, {_STEP: ("iu", 0)}, _ADVICE)
    step = int(arrays.pop(_STEP))
    if not 0 <= step <= _LAST_STEP:
        raise InputError(f"{path} is damaged (no run has done {step} steps): {_ADVICE}")
    trees: Tree = {"ema": {}, "frozen": {}}
    for name, value in arrays.items():
        tree, *inner = name.split("/")
        if tree not in trees or value.dtype != np.float16 or not np.isfinite(value).all():
            raise InputError(
                f"{path} is damaged ({name!r} is no tree of finite parameters): {_ADVICE}"
            )
        trees[tree]["/".join(inner)] = value.astype(np.float32)
    try:
        return step, {n: traverse_util.unflatten_dict(t, sep="/") for n, t in trees.items()}
    except (TypeError, IndexError, ValueError):
        raise InputError(
            f"{path} is damaged (a parameter stands where there are others): {_ADVICE}"
        ) from None
