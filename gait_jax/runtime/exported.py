"""An exported model: what using a trained method needs, in one small folder.

`parameters.npz` stands where a training run has its checkpoints; `config.json` and
`provenance.json` are as in a run.
"""

import pathlib
from typing import Any

import jax
import numpy as np
from flax import traverse_util

from gait_jax.runtime import records
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
    records.save_arrays(directory / _FILE, arrays | {_STEP: np.array(step)})


def load(directory: pathlib.Path, like: Tree) -> tuple[int, Tree]:
    """Reads a model.

    Args:
      directory: the folder.
      like: nested dictionaries of the same names, shapes and types (arrays or abstract values).

    Returns:
      (step, nested dictionaries of arrays).

    Raises:
      InputError: it is damaged, or of other networks than its configuration says.
    """
    arrays = records.load_arrays(directory / _FILE)
    step = int(arrays.pop(_STEP))
    wanted = traverse_util.flatten_dict(like, sep="/")
    if {k: v.shape for k, v in arrays.items()} != {k: v.shape for k, v in wanted.items()}:
        raise InputError(
            f"{directory / _FILE} does not fit the networks of its config.json: it was edited, or "
            "made by another version; export it anew (python -m gait_jax.export)"
        )
    typed = {name: arrays[name].astype(wanted[name].dtype) for name in wanted}
    return step, jax.tree.map(np.asarray, traverse_util.unflatten_dict(typed, sep="/"))
