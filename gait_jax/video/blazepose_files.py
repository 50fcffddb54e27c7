"""Finds BlazePose's two networks, which `python -m gait_jax.fetch` keeps in the user's cache."""

import hashlib
import os
import pathlib

from gait_jax.runtime.errors import InputError
from gait_jax.runtime.files import read_regular, reason_of

# The folder for all that is kept, in place of one in the user's home.
VARIABLE = "GAIT_JAX_CACHE"
DETECTOR, LANDMARKS = "pose_detection.tflite", "pose_landmark_full.tflite"
# SHA-256 of the files as MediaPipe 0.10.21 holds them, whichever system it was built for.
HASHES = {
    DETECTOR: "9ba9dd3d42efaaba86b4ff0122b06f29c4122e756b329d89dca1e297fd8f866c",
    LANDMARKS: "e9a5c5cb17f736fafd4c2ec1da3b3d331d6edbe8a0d32395855aeb2cdfd64b9f",
}
_FOLDER = "blazepose"
_WHAT_TO_DO = "run python -m gait_jax.fetch"


def folder() -> pathlib.Path:
    """Where the files are kept, which need not be there.

    Returns:
      `blazepose` in the folder that the variable GAIT_JAX_CACHE names; else in `gait_jax` in the
      one of XDG_CACHE_HOME, or in `.cache/gait_jax` in the user's home.

    Raises:
      InputError: no variable names a folder, and the user has no home.
    """
    if named := os.environ.get(VARIABLE):
        given = pathlib.Path(named)
        # A shell has not seen what a file of variables or a Dockerfile sets.
        return (_home() / given.relative_to("~") if given.parts[0] == "~" else given) / _FOLDER
    shared = pathlib.Path(os.environ.get("XDG_CACHE_HOME", ""))
    if not shared.is_absolute():
        shared = _home() / ".cache"
    return shared / "gait_jax" / _FOLDER


def _home() -> pathlib.Path:
    try:
        home = pathlib.Path.home()
    except RuntimeError:
        home = pathlib.Path()
    # Neither is a folder below wherever the command was started anybody's home, nor the root.
    if not home.is_absolute() or home == pathlib.Path(home.anchor):
        raise InputError(f"there is no home folder to keep files in: set {VARIABLE} to a folder")
    return home


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
