"""What a training run leaves: one process writes it, whatever the number of processes."""

import contextlib
import pathlib
import time
from collections.abc import Callable
from typing import Any

import jax
import ml_collections
import numpy as np
from absl import logging

from gait_jax.runtime import distributed, parallel, records, steps
from gait_jax.runtime.checkpoint import Checkpoints
from gait_jax.runtime.errors import InputError
from gait_jax.runtime.files import write_bytes
from gait_jax.runtime.lock import WorkdirLock
from gait_jax.runtime.run_directory import RunDirectory
from gait_jax.runtime.states import digest
from gait_jax.runtime.writers import registry

Tree = Any


class Output:
    """Writes a run's folder, which is locked meanwhile; use as a context manager.

    Leaving it waits for the last checkpoint. Every process has one and calls the same methods;
    those that do not write only receive.

    Attributes:
      run: the folder.
    """

    def __init__(
        self,
        workdir: pathlib.Path,
        config: ml_collections.ConfigDict,
        may_change: frozenset[str],
        keep_checkpoints: int = 1,
    ):
        """Makes and locks the folder, and writes `config.json`.

        Args:
          workdir: the folder.
          config: the run's configuration, with `writers` and `keep_best` where it has them.
          may_change: its fields that a restart may change.
          keep_checkpoints: how many of the newest are kept.

        Raises:
          InputError: it cannot be made or written, another process writes it, it is of another
            configuration, or there is no such writer.
        """
        self.run = RunDirectory(workdir)
        self._config = config.to_dict()
        self._checkpoints = self._writers = None
        self._began = time.monotonic()
        self._kinds = registry.find(config.get("writers", ""))
        self._rule = config.get("keep_best", "")
        # By step, what the best checkpoint goes by.
        self._values: dict[int, float] = {}
        with contextlib.ExitStack() as opened:
            if distributed.is_main():
                records.make_workdir(workdir)
                self._lock = opened.enter_context(WorkdirLock(workdir))
                # Again: before it was locked, another process may have begun another run in it.
                self.run.check_config(self._config, may_change)
                with self._writing():
                    self.run.write_config(self._config)
                    self._checkpoints = Checkpoints(
                        self.run.checkpoints,
                        keep_checkpoints,
                        best=lambda among: steps.best(self._values, self._rule, among),
                    )
            # What opened well is closed in the end, not now.
            self._opened = opened.pop_all()

    def __enter__(self) -> "Output":
        return self

    def __exit__(self, *exc) -> None:
        with self._opened:
            try:
                if self._writers:
                    with self._writing():
                        self._writers.finish()
            finally:
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

    def newest(self, shape: Callable[[], Tree]) -> tuple[int, Tree, dict[str, Any]]:
        """The newest whole checkpoint, alike in all processes: (step, state, iterator's position).

        Args:
          shape: gives a tree of the state's structure, shapes and types; called where there is a
            checkpoint.

        Returns:
          Step 0 and empty values without any checkpoint.

        Raises:
          InputError: the checkpoints are of another configuration, or none is whole.
        """
        found = None
        if self._checkpoints and self._checkpoints.latest is not None:
            found = self._checkpoints.restore_newest(shape(), self.run.damaged_checkpoints)
        step, state, position = found or (0, {}, {})
        step, position = distributed.value_from_main([step, position])
        if not step:
            return 0, {}, {}
        if not distributed.is_main():
            state = jax.tree.map(lambda x: np.zeros(x.shape, x.dtype), shape())
        return step, distributed.from_main(state), position

    def begin(self, start: int, data: dict[str, Any]) -> None:
        """Writes down where the run starts from, and opens its writers."""
        if distributed.is_main():
            with self._writing():
                self.run.add_start(start, data, self._config)
                self._writers = registry.Writers(self._kinds, self.run.path, start)
                self._writers.hyperparameters(records.flatten(self._config))
                self._values = steps.values_of(self.run.read_metrics(), self._rule)

    def metrics(self, step: int, values: dict[str, float]) -> None:
        """Writes a row of metrics."""
        if self._writers:
            self._values |= steps.values_of([{"step": step} | values], self._rule)
            with self._writing():
                self._writers.scalars(step, values)

    def sample(self, step: int, png: bytes, image: np.ndarray) -> None:
        """Writes the picture of the state after `step` steps.

        Args:
          step: steps done.
          png: a PNG file's contents.
          image: the same, uint8 [H, W] or [H, W, 3] in blue, green, red.
        """
        if self._writers:
            path = self.run.sample_file(step)
            rgb = np.repeat(image[..., None], 3, -1) if image.ndim == 2 else image[..., ::-1]
            with self._writing():
                path.parent.mkdir(exist_ok=True)
                write_bytes(path, png)
                self._writers.images(step, {"samples": np.ascontiguousarray(rgb)})

    def save(self, step: int, state: Tree, position: dict[str, Any]) -> None:
        """Saves a checkpoint in the background.

        Raises:
          InputError: it, or the one before it, cannot be written; or another process took the
            folder over.
        """
        if self._checkpoints:
            self._lock.check()
            with self._writing():
                self._writers.flush()
            logging.info("Saving step %d in %s.", step, self.run.checkpoints)
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
            logging.info(
                "Done: step %d is reached, after %s, in %s.",
                step,
                records.duration(time.monotonic() - self._began),
                self.run.path,
            )
