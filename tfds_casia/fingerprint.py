"""Names for settings: equal settings, equal names."""

import hashlib
import json
from typing import Any

import numpy as np


def _of_array(value: Any) -> list[Any]:
    array = np.asarray(value)
    if array.dtype.hasobject:
        raise TypeError(f"{type(value).__name__} has no fingerprint: give JSON values or arrays")
    digest = hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()
    return [str(array.dtype), list(array.shape), digest]


def fingerprint(*settings: Any) -> str:
    """Twelve hexadecimal digits that name settings.

    What a program makes of the settings is not among them: where that may change, give a number
    that is raised when it does.

    Args:
        *settings: JSON values, in which numbers of NumPy and JAX and their arrays may stand, too.
            A tuple is the same as a list; the order of a dictionary does not matter.

    Raises:
        TypeError: something else is among them.
    """
    text = json.dumps(settings, sort_keys=True, default=_of_array)
    return hashlib.sha256(text.encode()).hexdigest()[:12]
