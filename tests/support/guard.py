"""Waits for the end of a test run, and then ends what it started and removes what it left.

Its input is a pipe that the test run alone holds: lines of `group NUMBER`, `ended NUMBER` and
`folder PATH`. The input ends with the test run, however that does. Needs no packages.
"""

import contextlib
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time

# Workers of a run that was killed may write for a moment more.
_TRIES, _PAUSE = 50, 0.2


def _unmount(folder: pathlib.Path) -> None:
    """Takes away disks that tests mounted below a folder."""
    with contextlib.suppress(OSError):
        mounted = [
            line.split()[1] for line in pathlib.Path("/proc/mounts").read_text().splitlines()
        ]
        for place in mounted:
            if pathlib.Path(place).is_relative_to(folder):
                subprocess.run(["umount", "--lazy", place], stderr=subprocess.DEVNULL)


def _remove(folder: pathlib.Path) -> None:
    for _ in range(_TRIES):
        _unmount(folder)
        shutil.rmtree(folder, ignore_errors=True)
        if not folder.exists():
            break
        time.sleep(_PAUSE)


def main() -> None:
    """Until the input ends, takes notes; then acts on them."""
    groups, folders = set(), []
    for line in sys.stdin:
        what, name = line.rstrip("\n").split(" ", 1)
        if what == "group":
            groups.add(int(name))
        elif what == "ended":
            groups.discard(int(name))
        else:
            folders.append(pathlib.Path(name))
    for group in groups:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(group, signal.SIGKILL)
    for folder in folders:
        _remove(folder)


main()
