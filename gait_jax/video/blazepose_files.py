"""Finds BlazePose's two networks, which `python -m gait_jax.fetch` keeps in the user's cache."""

import hashlib
import pathlib

from gait_jax.runtime import homes
from gait_jax.runtime.errors import InputError
from gait_jax.runtime.files import read_regular, reason_of

DETECTOR, LANDMARKS = "pose_detection.tflite", "pose_landmark_full.tflite"
# SHA-256 of the files as MediaPipe 0.10.21 holds them, whichever system it was built for.
HASHES = {
    DETECTOR: "9ba9dd3d42efaaba86b4ff0122b06f29c4122e756b329d89dca1e297fd8f866c",
    LANDMARKS: "e9a5c5cb17f736fafd4c2ec1da3b3d331d6edbe8a0d32395855aeb2cdfd64b9f",
}
_FOLDER = "blazepose"
_WHAT_TO_DO = "run python -m gait_jax.fetch"


def folder() -> pathlib.Path:
    """Where the files are kept, which need not be there: in the user's cache.

    Raises:
      InputError: there is nowhere to keep them (see `homes.cache`).
    """
    return homes.cache() / _FOLDER


def find(name: str) -> pathlib.Path:
    """A file that is as it should be.

    Args:
      name: one of `HASHES`.

    Raises:
      InputError: it is missing or damaged, or there is nowhere to keep it.
    """
    path = folder() / name
    if problem := problem_of(path):
        raise InputError(f"{path} {problem}: {_WHAT_TO_DO}")
    return path


def problem_of(path: pathlib.Path) -> str:
    """What is wrong with a file that bears one of the names; empty where nothing is."""
    try:
        data = read_regular(path)
    except FileNotFoundError:
        return "is missing"
    except OSError as error:
        return f"cannot be read ({reason_of(error)})"
    return "" if hashlib.sha256(data).hexdigest() == HASHES[path.name] else "is damaged"
