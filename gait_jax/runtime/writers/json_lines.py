"""A run's own record of what it measures: a JSON object a line, in `metrics.jsonl`."""

from gait_jax.runtime.run_directory import RunDirectory
from gait_jax.runtime.writers.base import Writer


class JsonLines(Writer):
    """Appends rows, each of which can be read as soon as it is written."""

    def __init__(self, workdir, start):
        self._file = RunDirectory(workdir).open_metrics(start)

    def scalars(self, step, values):
        self._file.write(step, dict(values))

    def finish(self):
        self._file.close()
