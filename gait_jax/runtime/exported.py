"""An exported model: what using a trained method needs, in one small folder.

`parameters.npz` stands where a training run has its checkpoints; `config.json` and
`provenance.json` are as in a run.
"""

import pathlib
from typing import Any

import numpy as np
from flax import traverse_util

from gait_jax.runtime import records
from gait_jax.runtime.arrays import check_arrays, load_arrays, save_arrays
from gait_jax.runtime.errors import InputError

Tree = Any

_FILE = "parameters.npz"
_STEP = "step"


def is_exported(directory: pathlib.Path) -> bool:
    """Whether a folder holds an exported model."""
    return (directory / _FILE).is_file()


def save(
    directory: pathlib.Path, config: dict[str, Any], step: int, trees: Tree, start: dict[str, Any]
) -> None:
    """Writes a model.

    Args:
      directory: the folder, made where it is missing.
      config: the run's configuration, of JSON values.
      step: steps that it was trained for.
      trees: nested dictionaries of float arrays; stored with 16 bits each, since rounded so an
        outline moves by less than a thousandth of the body's height.
      start: what the run wrote down of its last start: data, versions, devices.
    """
    directory.mkdir(parents=True, exist_ok=True)
    flat = traverse_util.flatten_dict(trees, sep="/")
    arrays = {name: np.asarray(value, np.float16) for name, value in flat.items()}
    records.write_config(directory, config)
    records.write_json(directory / "provenance.json", {"starts": [start]})
    save_arrays(directory / _FILE, arrays | {_STEP: np.array(step)})


def load(directory: pathlib.Path) -> tuple[int, Tree]:
    """Reads a model.

    Whether its networks are those of its configuration shows when they are applied.

    Args:
      directory: the folder.

    Returns:
      (step, {"ema": ..., "frozen": ...}: nested dictionaries of float32 arrays).

    Raises:
      InputError: it is damaged.
    """
    path = directory / _FILE
    arrays = load_arrays(path)
    check_arrays(path, arrays, {_STEP: ("iu", 0)})
    step = int(arrays.pop(_STEP))
    trees: Tree = {"ema": {}, "frozen": {}}
    for name, value in arrays.items():
        tree, *inner = name.split("/")
        if tree not in trees or value.dtype != np.float16 or not np.isfinite(value).all():
            raise InputError(
                f"{path} is damaged ({name!r} is no tree of finite parameters): export the model "
                "anew (python -m gait_jax.export)"
            )
        trees[tree]["/".join(inner)] = value.astype(np.float32)
    try:
        return step, {n: traverse_util.unflatten_dict(t, sep="/") for n, t in trees.items()}
    except (TypeError, IndexError, ValueError):
        raise InputError(
            f"{path} is damaged (a parameter stands where there are others): export the model anew "
            "(python -m gait_jax.export)"
        ) from None
