"""MLflow: a tracking server, or a database in the workdir.

What is theirs to say, their own environment says: MLFLOW_TRACKING_URI, MLFLOW_EXPERIMENT_NAME.
"""

import os
import pathlib
import tempfile
import time

import cv2

from gait_jax.runtime import records
from gait_jax.runtime.errors import InputError
from gait_jax.runtime.files import reason_of
from gait_jax.runtime.writers.base import Writer, check_extra, earlier

# In the workdir: which run it is.
_FILE = "mlflow.json"
_EXPERIMENT = "gait_jax"
# Of theirs: values in a request, and characters of a value.
_BATCH, _LONGEST = 100, 500


class MLflow(Writer):
    """One run of theirs for each of ours, over all starts."""

    def __init__(self, workdir, start):
        check_extra("mlflow", "mlflow", "mlflow")
        import mlflow

        uri, artifacts = os.environ.get("MLFLOW_TRACKING_URI"), None
        if not uri:
            folder = workdir.resolve() / "mlflow"
            folder.mkdir(exist_ok=True)
            uri, artifacts = f"sqlite:///{folder / 'mlflow.db'}", (folder / "artifacts").as_uri()
        self._entities = mlflow.entities
        try:
            self._client = mlflow.MlflowClient(tracking_uri=uri)
            self._id = self._opened(workdir, artifacts)
            self._done = self._last_steps()
            done = max(self._done.values(), default=0)
            for step, values, images in earlier(workdir, done, start):
                self.scalars(step, values)
                self.images(step, images)
        except mlflow.exceptions.MlflowException as error:
            raise InputError(
                f"writers names mlflow, and {uri} does not answer ({reason_of(error)}): check "
                "MLFLOW_TRACKING_URI, or leave it out"
            ) from None

    def _opened(self, workdir, artifacts):
        file = workdir / _FILE
        if file.exists():
            known = records.read_json(file)["run"]
            self._client.set_terminated(known, "RUNNING")
            return known
        name = os.environ.get("MLFLOW_EXPERIMENT_NAME", _EXPERIMENT)
        found = self._client.get_experiment_by_name(name)
        if found:
            experiment = found.experiment_id
        else:
            experiment = self._client.create_experiment(name, artifact_location=artifacts)
        made = self._client.create_run(experiment, run_name=workdir.name).info.run_id
        records.write_json(file, {"run": made})
        return made

    def _last_steps(self):
        """Up to which step each metric is there: what is there cannot be taken back."""
        names = self._client.get_run(self._id).data.metrics
        histories = {name: self._client.get_metric_history(self._id, name) for name in names}
        return {name: max(one.step for one in found) for name, found in histories.items()}

    def hyperparameters(self, values):
        known = self._client.get_run(self._id).data.params
        given = {name: str(value)[:_LONGEST] for name, value in values.items()}
        new = [self._entities.Param(n, v) for n, v in given.items() if n not in known]
        # A parameter stays as it was; what a later start changed is a tag.
        tags = [
            self._entities.RunTag(f"changed.{n}", v)
            for n, v in given.items()
            if known.get(n, v) != v
        ]
        for first in range(0, max(len(new), len(tags)), _BATCH):
            self._client.log_batch(
                self._id,
                params=new[first : first + _BATCH],
                tags=tags[first : first + _BATCH],
            )

    def scalars(self, step, values):
        now = int(1000 * time.time())
        rows = [
            self._entities.Metric(name, value, now, step)
            for name, value in values.items()
            if step > self._done.get(name, -1)
        ]
        if rows:
            self._client.log_batch(self._id, metrics=rows)

    def images(self, step, images):
        with tempfile.TemporaryDirectory() as folder:
            for name, image in images.items():
                path = pathlib.Path(folder) / f"{name}_{step:07d}.png"
                path.write_bytes(cv2.imencode(".png", image[..., ::-1])[1].tobytes())
                self._client.log_artifact(self._id, str(path), "samples")

    def finish(self):
        self._client.set_terminated(self._id)
