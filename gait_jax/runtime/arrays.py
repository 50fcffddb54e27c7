"""Named arrays in one file (safetensors), whole or not there."""

import json
import pathlib

import numpy as np
import safetensors.numpy
from safetensors import SafetensorError

from gait_jax.runtime.errors import InputError
from gait_jax.runtime.files import open_regular, reason_of, write_bytes
from gait_jax.runtime.fingerprint import fingerprint

_MADE_AGAIN = "remove it, and it is made again"

# What stands beside the arrays: those of text, which the format has none of, as JSON; and a
# fingerprint of all, since the format has no checksum.
_TEXTS, _DIGEST = "texts", "digest"


def save_arrays(path: pathlib.Path, arrays: dict[str, np.ndarray]) -> None:
    """Writes named arrays of numbers, truth values or text, of any shape, as `*.safetensors`."""
    arrays = {name: np.asarray(array, order="C") for name, array in arrays.items()}
    numbers = {name: array for name, array in arrays.items() if array.dtype.kind != "U"}
    texts = json.dumps({n: a.tolist() for n, a in arrays.items() if n not in numbers})
    beside = {_TEXTS: texts, _DIGEST: fingerprint(numbers, texts)}
    write_bytes(path, safetensors.numpy.save(numbers, beside))


def load_arrays(path: pathlib.Path, advice: str = _MADE_AGAIN) -> dict[str, np.ndarray]:
    """Reads what `save_arrays` wrote; nothing in such a file can run code.

    Args:
      path: the file.
      advice: what to do where it is damaged.

    Raises:
      InputError: the file is damaged.
    """
    try:
        open_regular(path).close()
        with safetensors.safe_open(path, "numpy") as file:
            numbers = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            beside = file.metadata() or {}
        texts = beside.get(_TEXTS)
        if fingerprint(numbers, texts) != beside.get(_DIGEST):
            raise ValueError("it is not what this program wrote")
        return numbers | {n: np.array(text, np.str_) for n, text in json.loads(texts).items()}
    except (OSError, SafetensorError, ValueError, TypeError, AttributeError) as error:
        raise InputError(f"{path} is damaged ({reason_of(error)}): {advice}") from None


def check_arrays(
    path: pathlib.Path,
    arrays: dict[str, np.ndarray],
    expected: dict[str, tuple[str, int]],
    advice: str = _MADE_AGAIN,
) -> None:
    """Refuses arrays that are not what a file should hold.

    Args:
      path: of the file, for the message.
      arrays: what it holds.
      expected: kinds of NumPy's types (`i`, `u`, `f`, `U`) and numbers of axes, by name.
      advice: what to do where it is damaged.

    Raises:
      InputError: one is missing, of another type or another number of axes, or not finite.
    """
    for name, (kinds, axes) in expected.items():
        array = arrays.get(name)
        what = None
        if array is None:
            what = "is missing"
        elif array.dtype.kind not in kinds or array.ndim != axes:
            what = f"is {array.dtype} of {array.ndim} axes"
        elif array.dtype.kind == "f" and np.isinf(array).any():
            what = "is infinite"
        if what:
            raise InputError(f"{path} is damaged ({name} {what}): {advice}")
