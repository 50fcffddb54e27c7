"""What a training run leaves: one process writes it, whatever the number of processes."""

import contextlib
import pathlib
from typing import Any

import jax
import ml_collections
import numpy as np

from gait_jax.runtime import distributed, parallel, records
from gait_jax.runtime.checkpoint import Checkpoints, digest
from gait_jax.runtime.errors import InputError
from gait_jax.runtime.files import write_bytes
from gait_jax.runtime.run_directory import RunDirectory

Tree = Any


class Output:
    """Writes a run's folder; leaving it as a context waits for the last checkpoint.

    Every process has one and calls the same methods; those that do not write only receive.

    Attributes:
      run: the folder.
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
        self.run = RunDirectory(workdir)
        self._config = config.to_dict()
        self._checkpoints = self._metrics = None
        if distributed.is_main():
            records.make_workdir(workdir)
            with self._writing():
                self.run.write_config(self._config)
                self._checkpoints = Checkpoints(self.run.checkpoints, keep_checkpoints)

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
                f"{error.filename or self.run.path} cannot be written "
                f"({error.strerror or error}); {self.kept()}. Make room or mend the disk, and run "
                "the same command again"
            ) from None

    def kept(self) -> str:
        """What of the run is safe, for messages."""
        latest = self._checkpoints and self._checkpoints.latest
        if not latest:
            return f"nothing was saved yet in {self.run.path}"
        return f"the checkpoint after step {latest} in {self.run.path} is kept"

    def newest(self, like: Tree) -> tuple[int, Tree, dict[str, Any]]:
        """The newest whole checkpoint, alike in all processes: (step, state, iterator's position).

        Args:
          like: a tree of the state's structure, shapes and types.

        Returns:
          Step 0 and empty values without any checkpoint.

        Raises:
          InputError: the checkpoints are of another configuration, or none is whole.
        """
        found = self._checkpoints and self._checkpoints.restore_newest(
            like, self.run.damaged_checkpoints
        )
        step, state, position = found or (0, {}, {})
        step, position = distributed.value_from_main([step, position])
        if not step:
            return 0, {}, {}
        if not distributed.is_main():
            state = jax.tree.map(lambda x: np.zeros(x.shape, x.dtype), like)
        return step, distributed.from_main(state), position

    def begin(self, start: int, data: dict[str, Any]) -> None:
        """Writes down where the run starts from, and opens the metrics."""
        if distributed.is_main():
            with self._writing():
                self.run.add_start(start, data, self._config)
                self._metrics = self.run.open_metrics(start)

    def metrics(self, step: int, values: dict[str, float]) -> None:
        """Writes a row of metrics."""
        if self._metrics:
            with self._writing():
                self._metrics.write(step, values)

    def sample(self, step: int, png: bytes) -> None:
        """Writes the picture of the state after `step` steps: a PNG file's contents."""
        if distributed.is_main():
            path = self.run.sample_file(step)
            with self._writing():
                path.parent.mkdir(exist_ok=True)
                write_bytes(path, png)

    def save(self, step: int, state: Tree, position: dict[str, Any]) -> None:
        """Saves a checkpoint in the background."""
        if self._checkpoints:
            self._checkpoints.save(step, state, position)

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
                for row in self.run.read_metrics()
                if row["step"] == step
                for name, value in row.items()
                if not name.endswith("_per_second")
            }
            self.run.add_result(step, digest(state), last)
            self.run.draw_curves()
