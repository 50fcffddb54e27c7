"""The user's own folders, also where there are none, as of a bare number in a container."""

import os
import pathlib

from gait_jax.runtime.errors import InputError

# The folder for what can be made or fetched again, in place of one in the user's home.
CACHE = "GAIT_JAX_CACHE"


def expanded(path: str | os.PathLike[str]) -> pathlib.Path:
    """A path with `~` as the user's home.

    Raises:
      InputError: there is none; what is called `~` is never made.
    """
    given = os.fspath(path)
    if not given.startswith("~"):
        return pathlib.Path(given)
    found = os.path.expanduser(given)
    home, asked = os.path.expanduser("~"), given.partition("/")[0]
    # Neither a folder below wherever the command was started is anybody's home, nor the root.
    nobody = asked == "~" and (not os.path.isabs(home) or home == os.sep)
    if nobody or found.startswith("~"):
        raise InputError(
            f"{given}: this user has no home folder: set HOME, or give a folder without ~"
        )
    return pathlib.Path(found)


def cache() -> pathlib.Path:
    """Where what can be made again is kept for the user; it need not be there.

    Returns:
      The folder that the variable GAIT_JAX_CACHE names; else `gait_jax` in the one of
      XDG_CACHE_HOME; else `~/.cache/gait_jax`.

    Raises:
      InputError: no variable names a folder, and there is no home.
    """
    # A shell has not seen what a file of variables or a Dockerfile sets: `~` may stand in it.
    named, shared = os.environ.get(CACHE, ""), os.environ.get("XDG_CACHE_HOME", "")
    try:
        if named:
            return expanded(named)
        # What is relative is to be passed over, as its specification says.
        return (
            pathlib.Path(shared) if os.path.isabs(shared) else expanded("~/.cache")
        ) / "gait_jax"
    except InputError:
        raise InputError(
            f"this user has no home folder to keep files in: set {CACHE} to a folder"
        ) from None
