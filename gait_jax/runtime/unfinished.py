"""Removes what is left of checkpoints whose saving was broken off."""

import pathlib
import shutil
import time

# As Orbax names them before they are whole.
_UNFINISHED = "*.orbax-checkpoint-tmp*"
# Seconds between looks at a folder, how many in a row find nothing, and how many there are at most.
_PAUSE, _QUIET, _LOOKS = 0.05, 4, 200


def remove(folder: pathlib.Path) -> None:
    """Removes it from a run's checkpoints: of a run that nobody is at."""
    for unfinished in folder.glob(_UNFINISHED):
        shutil.rmtree(unfinished, ignore_errors=True)


def remove_until_quiet(folder: pathlib.Path) -> None:
    """Removes it after a save that failed just now.

    TensorStore's threads end unseen, moments later: until then they make a folder anew that was
    removed, and one that they write to cannot be emptied.
    """
    quiet = 0
    for _ in range(_LOOKS):
        quiet = 0 if any(folder.glob(_UNFINISHED)) else quiet + 1
        if quiet == _QUIET:
            return
        remove(folder)
        time.sleep(_PAUSE)
