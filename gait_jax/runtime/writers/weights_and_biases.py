"""Weights & Biases, online or offline.

What is theirs to say, their own environment says: WANDB_MODE=offline, WANDB_PROJECT, WANDB_ENTITY.
"""

import contextlib
import pathlib
import shutil
import uuid

from gait_jax.runtime import records
from gait_jax.runtime.errors import InputError
from gait_jax.runtime.files import reason_of
from gait_jax.runtime.writers.base import Writer, check_extra, earlier

# In the workdir: which run it is, up to which step earlier starts hold rows, and their folders.
_FILE = "wandb.json"


class WeightsAndBiases(Writer):
    """One run of theirs for each of ours, over all starts."""

    def __init__(self, workdir, start):
        check_extra("wandb", "wandb", "wandb")
        import wandb

        self._wandb, self._file = wandb, workdir / _FILE
        self._record = {"id": uuid.uuid4().hex[:8], "step": 0, "finished": []}
        if self._file.exists():
            self._record |= records.read_json(self._file)
        records.write_json(self._file, self._record)
        self._clear(workdir / "wandb")
        try:
            self._run = wandb.init(
                id=self._record["id"],
                resume="allow",
                dir=str(workdir),
                name=workdir.resolve().name,
            )
        except wandb.Error as error:
            raise InputError(
                f"writers names wandb, which does not start ({reason_of(error)}): log in (wandb "
                "login), set WANDB_MODE=offline, or leave it out"
            ) from None
        # A server says itself what it has of earlier starts; without one, our record does.
        self._done = self._record["step"] if self._run.offline else self._run.step - 1
        # What was taken of the newest step: of each step theirs takes one row.
        self._step, self._row = 0, {}
        for step, values, images in earlier(workdir, self._done, start):
            self.scalars(step, values)
            self.images(step, images)

    def _clear(self, folder):
        """Removes what killed starts wrote offline, some of which never reached their files."""
        for left in folder.glob(f"offline-run-*-{self._record['id']}"):
            if left.name not in self._record["finished"]:
                shutil.rmtree(left)

    def hyperparameters(self, values):
        self._run.config.update(dict(values), allow_val_change=True)

    def scalars(self, step, values):
        self._take(step, dict(values))

    def images(self, step, images):
        self._take(step, {name: self._wandb.Image(image) for name, image in images.items()})

    def _take(self, step, values):
        if step != self._step:
            self.flush()
        self._step = step
        self._row |= values

    def flush(self):
        if self._row and self._step > self._done:
            self._run.log(self._row, step=self._step, commit=True)
            self._done = self._step
        self._row = {}

    def finish(self):
        self.flush()
        self._run.finish()
        self._record["step"] = max(self._done, 0)
        self._record["finished"].append(pathlib.Path(self._run.dir).parent.name)
        # A full disk was told of already; what is not known to be finished is written again.
        with contextlib.suppress(OSError):
            records.write_json(self._file, self._record)
