"""Folders that are derived from a data set: made in parts, on all cores, and kept beside it."""

import errno
import pathlib
from collections.abc import Callable, Iterable
from typing import Any

from gait_jax.runtime import bars
from gait_jax.runtime.errors import InputError, InUseError
from gait_jax.runtime.files import reason_of
from tfds_casia import folders, parts

_UNWRITABLE = (errno.EACCES, errno.EDQUOT, errno.ENOSPC, errno.EPERM, errno.EROFS)

# Sequences in a part: what an interruption can cost each core, a few seconds of work.
SEQUENCES = 64


def ranges(count: int) -> list[tuple[int, int]]:
    """Cuts so many sequences into parts: (first, last), the last one exclusive."""
    return [(first, min(first + SEQUENCES, count)) for first in range(0, count, SEQUENCES)]


def derive(
    directory: pathlib.Path,
    work: Callable[[], parts.Work],
    join: Callable[[list[pathlib.Path], pathlib.Path], None],
    title: str,
    progress: bool,
    processes: int | None = None,
    wait: bool = True,
) -> None:
    """Makes a folder, unless it is there already, going on where it was interrupted.

    Args:
      directory: the folder; its name says what its contents depend on.
      work: gives the parts.
      join: fills an empty folder, given second, from the parts' folders.
      title: of the progress bar.
      progress: whether to show it.
      processes: how many to make it with; one for each core by default.
      wait: whether to wait where another process makes it.

    Raises:
      InUseError: another one does, and nobody is to wait.
      InputError: the folder cannot be locked or written, or one of the working processes was ended.
    """
    if directory.is_dir():
        return

    def bar(made: Iterable[Any], before: int, total: int) -> Iterable[Any]:
        return bars.over(made, shown=progress, desc=title, unit="part", total=total, initial=before)

    try:
        cores = processes or parts.cores()
        parts.make_once_in_parts(directory, work(), join, cores, bar, wait)
    except folders.BusyError:
        raise InUseError(f"{directory} is being made by another process") from None
    except (folders.NoLocksError, parts.WorkerLostError) as error:
        raise InputError(str(error)) from None
    except OSError as error:
        if error.errno not in _UNWRITABLE:
            raise
        raise InputError(
            f"{directory.parent} cannot be written ({reason_of(error)}): make room there, or keep "
            "what is made of the data elsewhere (data.derived_dir); what is done is kept"
        ) from None
