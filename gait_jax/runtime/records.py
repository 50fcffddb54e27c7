"""What a run writes down about itself: configuration, provenance, metrics, loss curves."""

import datetime
import importlib.metadata
import importlib.util
import json
import math
import os
import pathlib
import platform
import subprocess
import sys
import uuid
import zipfile
from typing import Any

import numpy as np

from gait_jax.runtime.errors import InputError

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
        return json.loads(path.read_text(encoding="utf-8"))
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{path} is damaged ({error}): remove it, and it is made again") from None


def save_arrays(path: pathlib.Path, arrays: dict[str, np.ndarray]) -> None:
    """Writes named arrays (`.npz`) under a temporary name, then renames it."""
    # Not tempfile: its files can be read by their owner alone.
    partial = path.with_name(f".{path.name}-{uuid.uuid4().hex}.partial")
    try:
        with partial.open("wb") as file:
            np.savez(file, **arrays)
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)


def load_arrays(path: pathlib.Path) -> dict[str, np.ndarray]:
    """Reads what `save_arrays` wrote.

    Raises:
      InputError: the file is damaged.
    """
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            return dict(arrays)
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise InputError(f"{path} is damaged ({error}): remove it, and it is made again") from None


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
      InputError: it is missing or is not JSON.
    """
    path = workdir / "config.json"
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(
            f"{workdir} is no training run (it has no config.json): give the --workdir of "
            "python -m gait_jax.train"
        ) from None
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{path} is damaged ({error}): restore it from a backup") from None


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
    """
    entries = _starts(workdir)
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


def write_result(workdir: pathlib.Path, step: int, digest: str) -> None:
    """Adds to the last start what came of it.

    Args:
      workdir: the run's folder.
      step: steps done.
      digest: names all numbers of the final state.
    """
    entries = _starts(workdir)
    last = [row for row in read_metrics(workdir) if row["step"] == step]
    entries[-1]["result"] = {
        "time": _now(),
        "step": step,
        "digest": digest,
        # All but how fast it was.
        "metrics": {k: v for row in last for k, v in row.items() if not k.endswith("_per_second")},
    }
    write_json(workdir / "provenance.json", {"starts": entries})


def _now() -> str:
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")


def _starts(workdir: pathlib.Path) -> list[dict[str, Any]]:
    path = workdir / "provenance.json"
    return read_json(path)["starts"] if path.exists() else []


def read_last_start(workdir: pathlib.Path) -> dict[str, Any]:
    """What a run wrote down at its last start; empty where nothing is left of it."""
    starts = _starts(workdir)
    return starts[-1] if starts else {}


def read_data_description(workdir: pathlib.Path) -> dict[str, Any]:
    """What a run wrote down of its data at its last start; empty where nothing is left of it."""
    return read_last_start(workdir).get("data", {})


class MetricWriter:
    """Appends rows to `metrics.jsonl`, and to TensorBoard files where tensorboardX is installed."""

    def __init__(self, workdir: pathlib.Path, step: int):
        """Opens the file, without a torn last line and the rows that a restart writes again."""
        path = workdir / "metrics.jsonl"
        kept = [json.dumps(row) + "\n" for row in read_metrics(workdir) if row["step"] <= step]
        write_atomically(path, "".join(kept))
        self._file = path.open("a", encoding="utf-8")
        self._board = None
        if importlib.util.find_spec("tensorboardX"):
            import tensorboardX  # An extra; everything else works without it.

            self._board = tensorboardX.SummaryWriter(str(workdir / "tensorboard"), purge_step=step)

    def write(self, step: int, values: dict[str, float]) -> None:
        """Writes one row of scalars for the state after `step` steps."""
        self._file.write(json.dumps({"step": step} | values) + "\n")
        self._file.flush()
        if self._board:
            for name, value in values.items():
                self._board.add_scalar(name, value, step)

    def close(self) -> None:
        """Closes the files."""
        self._file.close()
        if self._board:
            self._board.close()


def read_metrics(workdir: pathlib.Path) -> list[dict[str, float]]:
    """The rows of `metrics.jsonl`; a last line torn by a crash is left out."""
    path = workdir / "metrics.jsonl"
    rows = []
    if path.exists():
        for line in path.read_text(encoding="utf-8").splitlines():
            try:
                rows.append(json.loads(line))
            except json.JSONDecodeError:
                break
    return rows


def first_not_finite(rows: list[tuple[int, dict[str, float]]]) -> tuple[int, str, float] | None:
    """The first (step, name, value) that is NaN or infinite."""
    for step, values in rows:
        for name, value in values.items():
            if not math.isfinite(value):
                return step, name, value
    return None


def plot_metrics(workdir: pathlib.Path) -> None:
    """Draws every metric over the steps into `curves.png`."""
    import matplotlib  # Slow to import and needed once, at the end of a run.

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    rows = read_metrics(workdir)
    names = list(dict.fromkeys(name for row in rows for name in row if name != "step"))
    if not names:
        return
    columns = 3
    lines = math.ceil(len(names) / columns)
    figure, axes = plt.subplots(lines, columns, figsize=(4.2 * columns, 2.6 * lines), squeeze=False)
    for axis in axes.flat[len(names) :]:
        axis.axis("off")
    for axis, name in zip(axes.flat, names, strict=False):
        points = [(row["step"], row[name]) for row in rows if name in row]
        axis.plot(*zip(*points, strict=True), linewidth=1)
        axis.set_title(name, fontsize=9)
        axis.tick_params(labelsize=7)
    figure.tight_layout()
    partial = workdir / ".curves.partial.png"
    figure.savefig(partial, dpi=100)
    plt.close(figure)
    os.replace(partial, workdir / "curves.png")
