"""Small records as JSON, and what there is to say of the software that computes."""

import contextlib
import datetime
import importlib.metadata
import json
import os
import pathlib
import platform
from collections.abc import Iterator
from typing import Any

from gait_jax.runtime.errors import InputError
from gait_jax.runtime.files import parse_json, read_regular, reason_of, write_bytes
from gait_jax.runtime.revision import revision

_PACKAGES = (
    "jax",
    "jaxlib",
    "flax",
    "optax",
    "orbax-checkpoint",
    "grain",
    "tensorflow-datasets",
    "numpy",
    "opencv-python",
    "opencv-python-headless",
    "scikit-learn",
    "scipy",
    "av",
)

# Variables that change what is computed, or how.
_ENVIRONMENT = ("JAX_", "XLA_", "LIBTPU_", "NVIDIA_TF32", "TF_CUDNN_", "OMP_NUM_THREADS")


def write_atomically(path: pathlib.Path, text: str) -> None:
    """Writes a text file, whole or not at all."""
    write_bytes(path, text.encode())


def make_workdir(path: pathlib.Path) -> None:
    """Makes a folder that a command writes to, where it is missing.

    Raises:
      InputError: it cannot be made.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reason = "it is a file" if path.is_file() else error.strerror
        raise InputError(f"{path} cannot be made ({reason}): choose another --workdir") from None


@contextlib.contextmanager
def tried_in(path: pathlib.Path) -> Iterator[None]:
    """Makes a folder where it is missing; of what is refused within, nothing is left.

    Args:
      path: the folder that a command writes to. Folders that were made for it, and are still empty,
        are taken away when an `InputError` passes.

    Raises:
      InputError: it cannot be made.
    """
    made = [folder for folder in (path, *path.parents) if not folder.exists()]
    make_workdir(path)
    try:
        yield
    except InputError:
        with contextlib.suppress(OSError):
            for folder in made:
                folder.rmdir()
        raise


def write_json(path: pathlib.Path, value: Any, indent: int = 1) -> None:
    """Writes a JSON value, whole or not at all."""
    write_atomically(path, json.dumps(value, indent=indent) + "\n")


def read_json(path: pathlib.Path) -> Any:
    """Reads a JSON file.

    Raises:
      InputError: it is damaged.
    """
    try:
        return parse_json(read_regular(path))
    except (OSError, ValueError) as error:
        reason = reason_of(error)
        raise InputError(f"{path} is damaged ({reason}): remove it, and it is made again") from None


def duration(seconds: float) -> str:
    """Hours, minutes and seconds: "0:12:30"."""
    return str(datetime.timedelta(seconds=round(seconds)))


def flatten(tree: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """{'a': {'b': 1}} → {'a.b': 1}; lists count as values."""
    flat = {}
    for key, value in tree.items():
        if isinstance(value, dict):
            flat |= flatten(value, f"{prefix}{key}.")
        else:
            flat[prefix + key] = list(value) if isinstance(value, tuple) else value
    return flat


def version_of(package: str) -> str | None:
    """An installed distribution's version, None where it is not installed."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def software() -> dict[str, Any]:
    """What computes: revision of the sources, versions, devices of all processes, environment.

    Cores, too, of this process: as many as there are share a sum on a CPU, and round it otherwise.
    """
    # Slow to import: `--version` and what is wrong with a command line do not wait.
    import jax

    from gait_jax.runtime import cores

    return {
        "git_revision": revision(),
        "python": platform.python_version(),
        "packages": {name: version_of(name) for name in ("gait_jax", *_PACKAGES)},
        "processes": jax.process_count(),
        "devices": [f"{d.platform}:{d.device_kind}" for d in jax.devices()],
        "cores": cores.count(),
        "environment": {
            name: value
            for name, value in sorted(os.environ.items())
            if name.startswith(_ENVIRONMENT)
        },
    }
