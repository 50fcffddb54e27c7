"""The user's own folders, also where there are none, as of a bare number in a container."""

import os
import pathlib

from gait_jax.runtime.errors import InputError


def expanded(path: str | os.PathLike[str]) -> pathlib.Path:
    """A path with `~` as the user's home.

    Raises:
      InputError: there is none; what is called `~` is never made.
    """
    found = os.path.expanduser(path)
    if os.fspath(path).startswith("~") and found == os.fspath(path):
        raise InputError(
            f"{path}: this user has no home folder: set HOME, or give a folder without ~"
        )
    return pathlib.Path(found)


def cache() -> pathlib.Path:
    """Where what can be made again is kept for the user: `~/.cache/gait_jax`; it need not be there.

    Raises:
      InputError: there is no home.
    """
    given = os.environ.get("XDG_CACHE_HOME", "")
    # What is relative is to be passed over, as its specification says.
    return (pathlib.Path(given) if os.path.isabs(given) else expanded("~/.cache")) / "gait_jax"
