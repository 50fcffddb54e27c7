"""A sweep's folder.

sweep.json              what all runs share, and every run: its name and its fields
runs/NAME/              the folder of a training or an evaluation
runs/NAME/finished.json what it was finished with
"""

import dataclasses
import pathlib
from collections.abc import Sequence
from typing import Any

import ml_collections

from gait_jax.methods.identity import identity, may_change
from gait_jax.runtime import records
from gait_jax.runtime.errors import InputError
from gait_jax.runtime.fingerprint import fingerprint
from gait_jax.sweeps.grid import Planned


@dataclasses.dataclass(frozen=True)
class SweepDirectory:
    """A sweep's folder.

    Attributes:
      path: the folder.
    """

    path: pathlib.Path

    @property
    def list_file(self) -> pathlib.Path:
        """`sweep.json`."""
        return self.path / "sweep.json"

    def run(self, name: str) -> pathlib.Path:
        """The folder of a run."""
        return self.path / "runs" / name

    def finished_file(self, name: str) -> pathlib.Path:
        """What stands in a run's folder once it is finished."""
        return self.run(name) / "finished.json"

    def read(self) -> dict[str, Any]:
        """{"shared": flattened configuration, "runs": [{"name", "fields"}]}.

        Raises:
          InputError: it is missing or damaged.
        """
        if not self.list_file.is_file():
            raise InputError(
                f"{self.path} is no sweep (it has no sweep.json): give the --workdir of python -m "
                "gait_jax.sweep"
            )
        found = records.read_json(self.list_file)
        try:
            runs = [(run["name"], dict(run["fields"])) for run in found["runs"]]
            whole = isinstance(found["shared"], dict) and all(
                isinstance(name, str) and "/" not in name for name, _ in runs
            )
        except (KeyError, TypeError, ValueError):
            whole = False
        if not whole:
            raise InputError(f"{self.list_file} is damaged: remove it, and start the sweep again")
        return found

    def write(self, config: ml_collections.ConfigDict, planned: Sequence[Planned]) -> None:
        """Writes the list of runs; runs that it names already stay.

        Tasks that start at once write the same.

        Args:
          config: what all runs share.
          planned: the runs.

        Raises:
          InputError: the folder belongs to a sweep of another configuration, or cannot be written.
        """
        records.make_workdir(self.path)
        swept = {field for run in planned for field in run.fields}
        shared = {
            name: value
            for name, value in records.flatten(config.to_dict()).items()
            if name not in swept
        }
        runs = {run.name: {"name": run.name, "fields": run.fields} for run in planned}
        if self.list_file.exists():
            before = self.read()
            free = may_change(config.to_dict()) | swept
            names = (before["shared"].keys() | shared.keys()) - free
            changed = [x for x in sorted(names) if before["shared"].get(x) != shared.get(x)]
            if changed:
                raise InputError(
                    f"{self.list_file} is of a sweep of another configuration "
                    f"({', '.join(changed)}): use another --workdir, or the same configuration"
                )
            runs = {run["name"]: run for run in before["runs"]} | runs
        try:
            records.write_json(self.list_file, {"shared": shared, "runs": list(runs.values())})
        except OSError as error:
            raise InputError(f"{self.list_file} cannot be written ({error.strerror})") from None

    def is_finished(self, run: Planned) -> bool:
        """Whether a run was finished with just this configuration."""
        path = self.finished_file(run.name)
        return path.is_file() and records.read_json(path) == _finished_with(run)

    def finish(self, run: Planned) -> None:
        """Writes down that a run is finished."""
        records.write_json(self.finished_file(run.name), _finished_with(run))


def _finished_with(run: Planned) -> dict[str, Any]:
    return {"configuration": fingerprint(identity(run.config.to_dict()))}
