"""What a run writes down about itself: configuration and provenance."""

import datetime
import importlib.metadata
import importlib.util
import json
import os
import pathlib
import platform
import subprocess
import sys
from typing import Any

from gait_jax.runtime.errors import InputError
from gait_jax.runtime.files import parse_json, read_regular, reason_of

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
    "scikit-learn",
    "scipy",
    "av",
)

# Variables that change what is computed, or how.
_ENVIRONMENT = ("JAX_", "XLA_", "LIBTPU_", "NVIDIA_TF32", "TF_CUDNN_", "OMP_NUM_THREADS")


def write_atomically(path: pathlib.Path, text: str) -> None:
    """Writes a text file under a temporary name, then renames it."""
    partial = path.with_name(f".{path.name}.partial")
    partial.write_text(text, encoding="utf-8")
    os.replace(partial, path)


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


def write_json(path: pathlib.Path, value: Any) -> None:
    """Writes a JSON value under a temporary name, then renames it."""
    write_atomically(path, json.dumps(value, indent=1) + "\n")


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


def flatten(tree: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """{'a': {'b': 1}} → {'a.b': 1}; lists count as values."""
    flat = {}
    for key, value in tree.items():
        if isinstance(value, dict):
            flat |= flatten(value, f"{prefix}{key}.")
        else:
            flat[prefix + key] = list(value) if isinstance(value, tuple) else value
    return flat


def check_config(workdir: pathlib.Path, config: dict[str, Any], may_change: frozenset[str]) -> None:
    """Refuses to go on with a run under a changed configuration.

    Args:
        workdir: the run's folder; one without `config.json` is a new run.
        config: nested configuration of JSON values.
        may_change: dotted keys that do not change what is computed.

    Raises:
        InputError: the run was started with another configuration; names the keys.
    """
    path = workdir / "config.json"
    if not path.exists():
        return
    before, now = flatten(read_config(workdir)), flatten(config)
    same = {key for key in before.keys() & now.keys() if before[key] == now[key]} | may_change
    changed = [
        f"{key} ({before.get(key, 'absent')!r} → {now.get(key, 'absent')!r})"
        for key in sorted((before.keys() | now.keys()) - same)
    ]
    if changed:
        raise InputError(
            f"{path} belongs to a run with another configuration: {', '.join(changed)}. "
            "Use another --workdir, or the same configuration to resume"
        )


def write_config(workdir: pathlib.Path, config: dict[str, Any]) -> None:
    """Writes `config.json`: nested configuration of JSON values."""
    write_atomically(workdir / "config.json", json.dumps(config, indent=2) + "\n")


def read_config(workdir: pathlib.Path) -> dict[str, Any]:
    """Reads a run's `config.json`.

    Raises:
      InputError: it is missing, or no JSON of named fields.
    """
    path = workdir / "config.json"
    try:
        config = parse_json(read_regular(path))
        if not isinstance(config, dict):
            raise ValueError("it holds no fields")
        return config
    except (FileNotFoundError, NotADirectoryError):
        raise InputError(
            f"{workdir} is no training run (it has no config.json): give the --workdir of "
            "python -m gait_jax.train"
        ) from None
    except (OSError, ValueError) as error:
        reason = reason_of(error)
        raise InputError(f"{path} is damaged ({reason}): restore it from a backup") from None


def _git_revision() -> str | None:
    """The revision of the sources, with `-dirty` where they were edited; None if unknown."""
    here = pathlib.Path(__file__).parent
    try:
        return subprocess.run(
            ["git", "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"],
            cwd=here,
            capture_output=True,
            text=True,
            check=True,
            timeout=30,
        ).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return None


def version_of(package: str) -> str | None:
    """An installed distribution's version, None where it is not installed."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def software() -> dict[str, Any]:
    """What computes: revision of the sources, versions, devices."""
    import jax  # Slow to import: `--version` and what is wrong with a command line do not wait.

    return {
        "git_revision": _git_revision(),
        "python": platform.python_version(),
        "packages": {name: version_of(name) for name in ("gait_jax", *_PACKAGES)},
        "processes": jax.process_count(),
        "devices": [f"{d.platform}:{d.device_kind}" for d in jax.devices()],
        "environment": {
            name: value
            for name, value in sorted(os.environ.items())
            if name.startswith(_ENVIRONMENT)
        },
    }


def write_provenance(
    workdir: pathlib.Path, step: int, data: dict[str, Any], config: dict[str, Any]
) -> None:
    """Adds an entry to `provenance.json`: one for the start and one for each restart.

    Args:
      workdir: the run's folder.
      step: the step that this start goes on from.
      data: what the data is: data set, version, groups, and whether it is synthetic.
      config: nested configuration of JSON values.

    Raises:
      InputError: the file is damaged.
    """
    entries = _read_starts(workdir)
    entries.append(
        {
            "time": _now(),
            "from_step": step,
            "argv": sys.argv,
            "data": data,
            "config": config,
        }
        | software()
    )
    write_json(workdir / "provenance.json", {"starts": entries})


def write_result(workdir: pathlib.Path, step: int, digest: str, metrics: dict[str, float]) -> None:
    """Adds to the last start what came of it.

    Args:
      workdir: the run's folder.
      step: steps done.
      digest: names all numbers of the final state.
      metrics: of the last step.

    Raises:
      InputError: the file is damaged.
    """
    entries = _read_starts(workdir)
    entries[-1]["result"] = {"time": _now(), "step": step, "digest": digest, "metrics": metrics}
    write_json(workdir / "provenance.json", {"starts": entries})


def _now() -> str:
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")


def _read_starts(workdir: pathlib.Path) -> list[dict[str, Any]]:
    """All entries of `provenance.json`; none where it is missing."""
    path = workdir / "provenance.json"
    if not path.exists():
        return []
    found = read_json(path)
    starts = found.get("starts") if isinstance(found, dict) else None
    if (
        not isinstance(starts, list)
        or not starts
        or not all(isinstance(one, dict) and _is_described(one.get("data", {})) for one in starts)
    ):
        raise InputError(f"{path} is damaged (it lists no starts): restore it from a backup")
    return starts


def _is_described(data: Any) -> bool:
    """Whether this may be what a run wrote down of its data."""
    groups = data.get("groups", {}) if isinstance(data, dict) else None
    return isinstance(groups, dict) and all(isinstance(group, list) for group in groups.values())


def read_last_start(workdir: pathlib.Path) -> dict[str, Any]:
    """What a run wrote down at its last start; empty where nothing is left of it.

    Raises:
      InputError: the file is damaged.
    """
    return (_read_starts(workdir) or [{}])[-1]


def read_data_description(workdir: pathlib.Path) -> dict[str, Any]:
    """What a run wrote down of its data at its last start; empty where nothing is left of it.

    Raises:
      InputError: the file is damaged.
    """
    return read_last_start(workdir).get("data", {})
