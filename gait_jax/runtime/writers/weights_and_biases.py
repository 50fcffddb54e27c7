"""Weights & Biases, online or offline.

What is theirs to say, their own environment says: WANDB_MODE=offline, WANDB_PROJECT, WANDB_ENTITY.
"""

import contextlib
import uuid

from gait_jax.runtime import records
from gait_jax.runtime.errors import InputError
from gait_jax.runtime.files import reason_of
from gait_jax.runtime.writers.base import Writer, check_extra, earlier

# In the workdir: which run it is, and up to which step it holds rows.
_FILE = "wandb.json"


class WeightsAndBiases(Writer):
    """One run of theirs for each of ours, over all starts."""

    def __init__(self, workdir, start):
        check_extra("wandb", "wandb", "wandb")
        import wandb

        self._wandb, self._file = wandb, workdir / _FILE
        known = records.read_json(self._file) if self._file.exists() else {}
        self._id = known.get("id") or uuid.uuid4().hex[:8]
        self._write_record(known.get("step", 0))
        try:
            self._run = wandb.init(id=self._id, resume="allow", dir=str(workdir), name=workdir.name)
        except wandb.Error as error:
            raise InputError(
                f"writers names wandb, which does not start ({reason_of(error)}): log in (wandb "
                "login), set WANDB_MODE=offline, or leave it out"
            ) from None
        # A server says itself what it has of earlier starts; without one, our record does.
        self._done = known.get("step", 0) if self._run.offline else self._run.step - 1
        # What was taken of the newest step: of each step theirs takes one row.
        self._step, self._row = 0, {}
        for step, values in earlier(workdir, start):
            self.scalars(step, values)

    def _write_record(self, step):
        records.write_json(self._file, {"id": self._id, "step": step})

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
            self._write_record(self._done)
        self._row = {}

    def finish(self):
        # A disk that is full was told of already; theirs is to be closed all the same.
        with contextlib.suppress(OSError):
            self.flush()
        self._run.finish()
