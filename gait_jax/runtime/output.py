"""A training run's folder: one process writes it, whatever the number of processes."""

import contextlib
import pathlib
from collections.abc import Callable
from typing import Any

import jax
import ml_collections
import numpy as np

from gait_jax.runtime import distributed, metric_log, parallel, records
from gait_jax.runtime.checkpoint import Checkpoints, digest
from gait_jax.runtime.errors import InputError

Tree = Any


class Output:
    """What a run leaves; use as a context manager, so that leaving waits for the last checkpoint.

    Every process has one and calls the same methods; those that do not write only receive.

    Attributes:
      workdir: the folder.
    """

    def __init__(
        self, workdir: pathlib.Path, config: ml_collections.ConfigDict, keep_checkpoints: int
    ):
        """Makes the folder and writes `config.json`.

        Args:
          workdir: the folder.
          config: the run's configuration.
          keep_checkpoints: how many of the newest are kept.

        Raises:
          InputError: it cannot be made or written.
        """
        self.workdir = workdir
        self._config = config.to_dict()
        self._checkpoints = self._metrics = None
        if distributed.is_main():
            records.make_workdir(workdir)
            with self._writing():
                records.write_config(workdir, self._config)
                self._checkpoints = Checkpoints(workdir, keep_checkpoints)

    def __enter__(self) -> "Output":
        return self

    def __exit__(self, *exc) -> None:
        if self._metrics:
            self._metrics.close()
        if self._checkpoints:
            self._checkpoints.__exit__(*exc)

    @contextlib.contextmanager
    def _writing(self):
        try:
            yield
        except OSError as error:
            raise InputError(
                f"{error.filename or self.workdir} cannot be written "
                f"({error.strerror or error}); {self.kept()}. Make room or mend the disk, and run "
                "the same command again"
            ) from None

    @property
    def profile_directory(self) -> pathlib.Path:
        """Where a profile goes; each process has its own within."""
        return self.workdir / "profile"

    def kept(self) -> str:
        """What of the run is safe, for messages."""
        latest = self._checkpoints and self._checkpoints.latest
        if not latest:
            return f"nothing was saved yet in {self.workdir}"
        return f"the checkpoint after step {latest} in {self.workdir} is kept"

    def newest(self, like: Tree) -> tuple[int, Tree, dict[str, Any]]:
        """The newest whole checkpoint, alike in all processes: (step, state, iterator's place).

        Args:
          like: a tree of the state's structure, shapes and types.

        Returns:
          Step 0 and empty values without any checkpoint.

        Raises:
          InputError: the checkpoints are of another configuration, or none is whole.
        """
        found = self._checkpoints and self._checkpoints.restore_newest(like, set_aside=True)
        step, state, place = found or (0, {}, {})
        step, place = distributed.value_from_main([step, place])
        if not step:
            return 0, {}, {}
        if not distributed.is_main():
            state = jax.tree.map(lambda x: np.zeros(x.shape, x.dtype), like)
        return step, distributed.from_main(state), place

    def begin(self, start: int, data: dict[str, Any]) -> None:
        """Writes down where the run starts from, and opens the metrics."""
        if distributed.is_main():
            with self._writing():
                records.write_provenance(self.workdir, start, data, self._config)
                self._metrics = metric_log.MetricWriter(self.workdir, start)

    def metrics(self, step: int, values: dict[str, float]) -> None:
        """Writes a row of metrics."""
        if self._metrics:
            with self._writing():
                self._metrics.write(step, values)

    def file(self, name: str, write: Callable[[pathlib.Path], None]) -> None:
        """Writes another file.

        Args:
          name: its path in the folder.
          write: writes it, whole or not at all.
        """
        if distributed.is_main():
            path = self.workdir / name
            with self._writing():
                path.parent.mkdir(exist_ok=True)
                write(path)

    def save(self, step: int, state: Tree, place: dict[str, Any]) -> None:
        """Saves a checkpoint in the background."""
        if self._checkpoints:
            self._checkpoints.save(step, state, place)

    def finish(self, state: Tree) -> None:
        """Waits until everything is saved, and writes down what came of the run."""
        if not distributed.is_main():
            return
        self._checkpoints.wait()
        with self._writing():
            state = parallel.to_host(state)
            step = int(state.step)
            # All but how fast it was.
            last = {
                name: value
                for row in metric_log.read_metrics(self.workdir)
                if row["step"] == step
                for name, value in row.items()
                if not name.endswith("_per_second")
            }
            records.write_result(self.workdir, step, digest(state), last)
            metric_log.plot_metrics(self.workdir)
