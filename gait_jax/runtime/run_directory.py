"""A training run's folder: which files a run leaves, and how they are read and written.

    config.json             the configuration
    provenance.json         each start (when, by which command and software, on which data), and
                            what came of it
    metrics.jsonl           metrics by step; tensorboard/, wandb/ or mlflow/ of other writers
    curves.png              the metrics, drawn
    samples/0000100.png     pictures after a step
    checkpoints/            the newest states, and the best; damaged_checkpoints/ what could not be
                            read of them
    .lock                   who writes the folder, while somebody does
    profile/                a profile, each process's own
    NAME/                   the folder of a run that this one builds on

An exported model is such a folder of config.json, provenance.json and parameters.safetensors.

Records are read without JAX; only checkpoints need Orbax, and only drawing needs matplotlib.
"""

import dataclasses
import datetime
import pathlib
import sys
from typing import Any

from gait_jax.runtime import metric_log, records, steps
from gait_jax.runtime.errors import InputError
from gait_jax.runtime.files import parse_json, read_regular, reason_of

Tree = Any


@dataclasses.dataclass(frozen=True)
class RunDirectory:
    """A run's folder, or an exported model's; nothing is looked at before it is asked for.

    Attributes:
      path: the folder.
    """

    path: pathlib.Path

    @property
    def config_file(self) -> pathlib.Path:
        """`config.json`."""
        return self.path / "config.json"

    @property
    def provenance_file(self) -> pathlib.Path:
        """`provenance.json`."""
        return self.path / "provenance.json"

    @property
    def metrics_file(self) -> pathlib.Path:
        """`metrics.jsonl`."""
        return self.path / "metrics.jsonl"

    @property
    def curves_file(self) -> pathlib.Path:
        """`curves.png`."""
        return self.path / "curves.png"

    @property
    def parameters_file(self) -> pathlib.Path:
        """`parameters.safetensors` of an exported model."""
        return self.path / "parameters.safetensors"

    @property
    def checkpoints(self) -> pathlib.Path:
        """The folder of checkpoints."""
        return self.path / "checkpoints"

    @property
    def damaged_checkpoints(self) -> pathlib.Path:
        """The folder of checkpoints that were found damaged."""
        return self.path / "damaged_checkpoints"

    @property
    def profile(self) -> pathlib.Path:
        """The folder of a profile."""
        return self.path / "profile"

    def sample_file(self, step: int) -> pathlib.Path:
        """The picture that is drawn after `step` steps."""
        return self.path / "samples" / f"{step:07d}.png"

    def prerequisite(self, name: str) -> "RunDirectory":
        """The folder of a run that this one builds on."""
        return RunDirectory(self.path / name)

    # The configuration.

    def write_config(self, config: dict[str, Any]) -> None:
        """Writes a nested configuration of JSON values."""
        records.write_json(self.config_file, config, indent=2)

    def read_config(self) -> dict[str, Any]:
        """Reads the configuration.

        Raises:
          InputError: it is missing, or no JSON of named fields.
        """
        try:
            config = parse_json(read_regular(self.config_file))
            if not isinstance(config, dict):
                raise ValueError("it holds no fields")
            return config
        except (FileNotFoundError, NotADirectoryError):
            raise InputError(
                f"{self.path} is no training run (it has no config.json): give the --workdir of "
                "python -m gait_jax.train"
            ) from None
        except (OSError, ValueError) as error:
            raise InputError(
                f"{self.config_file} is damaged ({reason_of(error)}): restore it from a backup"
            ) from None

    def check_config(self, config: dict[str, Any], may_change: frozenset[str]) -> None:
        """Refuses to go on with a run under a changed configuration; a new run takes any.

        Args:
          config: nested configuration of JSON values.
          may_change: dotted keys that do not change what is computed.

        Raises:
          InputError: the run was started with another configuration; names the keys.
        """
        if not self.config_file.exists():
            return
        before, now = records.flatten(self.read_config()), records.flatten(config)
        same = {key for key in before.keys() & now.keys() if before[key] == now[key]} | may_change
        changed = [
            f"{key} ({before.get(key, 'absent')!r} → {now.get(key, 'absent')!r})"
            for key in sorted((before.keys() | now.keys()) - same)
        ]
        if changed:
            raise InputError(
                f"{self.config_file} belongs to a run with another configuration: "
                f"{', '.join(changed)}. Use another --workdir, or the same configuration to resume"
            )

    # Provenance.

    def add_start(self, step: int, data: dict[str, Any], config: dict[str, Any]) -> None:
        """Adds an entry to the provenance: one for the start and one for each restart.

        Args:
          step: the step that this start goes on from.
          data: what the data is: data set, version, groups, and whether it is synthetic.
          config: nested configuration of JSON values.

        Raises:
          InputError: the file is damaged.
        """
        start = {"time": _now(), "from_step": step, "argv": sys.argv, "data": data}
        self._write_starts([*self.read_starts(), start | {"config": config} | records.software()])

    def add_result(self, step: int, digest: str, metrics: dict[str, float]) -> None:
        """Adds to the last start what came of it.

        Args:
          step: steps done.
          digest: names all numbers of the final state.
          metrics: of the last step.

        Raises:
          InputError: the file is damaged.
        """
        starts = self.read_starts()
        starts[-1]["result"] = {"time": _now(), "step": step, "digest": digest, "metrics": metrics}
        self._write_starts(starts)

    def _write_starts(self, starts: list[dict[str, Any]]) -> None:
        records.write_json(self.provenance_file, {"starts": starts})

    def read_starts(self) -> list[dict[str, Any]]:
        """All starts of the run; none where nothing is left of them.

        Raises:
          InputError: the file is damaged.
        """
        if not self.provenance_file.exists():
            return []
        found = records.read_json(self.provenance_file)
        starts = found.get("starts") if isinstance(found, dict) else None
        if not isinstance(starts, list) or not starts or not all(map(_is_start, starts)):
            raise InputError(
                f"{self.provenance_file} is damaged (it lists no starts): restore it from a backup"
            )
        return starts

    def last_start(self) -> dict[str, Any]:
        """What the run wrote down at its last start; empty where nothing is left of it.

        Raises:
          InputError: the file is damaged.
        """
        return (self.read_starts() or [{}])[-1]

    def data_description(self) -> dict[str, Any]:
        """What the run wrote down of its data; empty where nothing is left of it.

        Raises:
          InputError: the file is damaged.
        """
        return self.last_start().get("data", {})

    # Metrics.

    def open_metrics(self, step: int) -> metric_log.MetricWriter:
        """Goes on writing the metrics after `step` steps."""
        return metric_log.MetricWriter(self.metrics_file, step)

    def read_metrics(self) -> list[dict[str, float]]:
        """The rows of metrics, each with its step; none where nothing was measured.

        Raises:
          InputError: the file is damaged.
        """
        return metric_log.read_metrics(self.metrics_file)

    def draw_curves(self) -> None:
        """Draws the metrics over the steps."""
        metric_log.draw_curves(self.read_metrics(), self.curves_file)

    # What was learned.

    def steps(self) -> list[int]:
        """The steps of all checkpoints, rising."""
        return steps.saved(self.checkpoints)

    def best_step(self) -> int:
        """The step of the best checkpoint that is there, by the run's own `keep_best`.

        Raises:
          InputError: the run keeps none, or none of its checkpoints was measured.
        """
        rule = self.read_config().get("keep_best")
        return steps.best_of(self.path, rule, self.read_metrics(), self.steps())

    def read_checkpoint(self, like: Tree, step: int | str | None = None) -> tuple[int, Tree]:
        """A checkpoint: (step, state as NumPy arrays); see `checkpoint.load`.

        Args:
          like: a tree of the state's structure, shapes and types.
          step: a number or its digits, "best" (see `best_step`), or None or "" for the newest that
            is whole.

        Raises:
          InputError: there is no such checkpoint, none is whole, or it is of another structure.
        """
        from gait_jax.runtime import checkpoint  # Orbax: an exported model does without.

        wanted = self.best_step() if step == steps.BEST else steps.number(step)
        return checkpoint.load(self.checkpoints, like, wanted)

    @property
    def is_exported(self) -> bool:
        """Whether this is the folder of an exported model."""
        return self.parameters_file.is_file()

    def read_exported(self) -> tuple[int, Tree]:
        """An exported model's (step, {"ema": ..., "frozen": ...}); see `exported.load`.

        Raises:
          InputError: it is damaged.
        """
        from gait_jax.runtime import exported  # Flax: what reads records does without.

        return exported.load(self.parameters_file)

    def write_exported(
        self, config: dict[str, Any], step: int, trees: Tree, start: dict[str, Any]
    ) -> None:
        """Writes an exported model's folder.

        Args:
          config: the run's configuration, of JSON values.
          step: steps that it was trained for.
          trees: see `exported.save`.
          start: what the run wrote down of its last start: data, versions, devices.
        """
        from gait_jax.runtime import exported

        self.path.mkdir(parents=True, exist_ok=True)
        self.write_config(config)
        self._write_starts([start])
        exported.save(self.parameters_file, step, trees)


def _now() -> str:
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")


def _is_start(start: Any) -> bool:
    """Whether this may be what a run wrote down of a start."""
    data = start.get("data", {}) if isinstance(start, dict) else None
    groups = data.get("groups", {}) if isinstance(data, dict) else None
    return isinstance(groups, dict) and all(isinstance(group, list) for group in groups.values())
