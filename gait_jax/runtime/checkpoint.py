"""Checkpoints: the one file that names Orbax."""

import pathlib
from typing import Any

import jax
import numpy as np
import orbax.checkpoint as ocp

from gait_jax.runtime import parallel
from gait_jax.runtime.errors import InputError
from gait_jax.runtime.files import reason_of

Tree = Any

_FOLDER = "checkpoints"
_STATE = "state"
_DATA = "data"


class Checkpoints:
    """The checkpoints of one run, in `workdir/checkpoints`.

    Saving goes on in the background; a checkpoint appears under its final name only when it is
    whole. Use as a context manager, so that leaving waits for the last one.
    """

    def __init__(self, workdir: pathlib.Path, keep: int = 2, create: bool = True):
        """Opens the folder.

        Args:
          workdir: the run's folder.
          keep: how many checkpoints to keep.
          create: whether to make the folder.
        """
        self._manager = ocp.CheckpointManager(
            (workdir / _FOLDER).absolute(),
            options=ocp.CheckpointManagerOptions(max_to_keep=keep, create=create),
        )

    def __enter__(self) -> "Checkpoints":
        return self

    def __exit__(self, *exc) -> None:
        self._manager.wait_until_finished()
        self._manager.close()

    @property
    def latest(self) -> int | None:
        """The step of the newest checkpoint, None without one."""
        return self._manager.latest_step()

    def save(self, step: int, state: Tree, data: dict[str, Any]) -> None:
        """Saves everything needed to go on after `step` steps.

        Args:
          step: steps done.
          state: tree of arrays.
          data: the data iterator's state, as JSON values.
        """
        self._manager.save(
            step,
            args=ocp.args.Composite(
                **{
                    _STATE: ocp.args.StandardSave(parallel.to_host(state)),
                    _DATA: ocp.args.JsonSave(data),
                }
            ),
        )

    def restore(self, step: int, like: Tree) -> tuple[Tree, dict[str, Any]]:
        """Restores (state as NumPy arrays, data iterator's state) of a step.

        Args:
          step: which checkpoint.
          like: a tree of the same structure, shapes and types (arrays or their abstract values).

        Raises:
          InputError: it is damaged, or of another structure.
        """
        try:
            found = self._manager.restore(
                step,
                args=ocp.args.Composite(
                    **{
                        _STATE: ocp.args.StandardRestore(jax.tree.map(_numpy_like, like)),
                        _DATA: ocp.args.JsonRestore(),
                    }
                ),
            )
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            reason = reason_of(error)
            raise InputError(
                f"the checkpoint of step {step} in {self._manager.directory} is damaged, or does "
                f"not fit the networks of its config.json ({reason[:200]}): it was edited, or made "
                "by another version; train it anew, or remove this one to go on before it"
            ) from None
        return parallel.to_host(found[_STATE]), found[_DATA]


def _numpy_like(x: Any) -> Any:
    return np.empty(x.shape, x.dtype)


def load_latest(workdir: pathlib.Path, like: Tree) -> tuple[int, Tree]:
    """Reads the newest checkpoint's state of a run, for use.

    Args:
      workdir: a run's folder.
      like: a tree of the state's structure, shapes and types.

    Returns:
      (step, state as NumPy arrays).

    Raises:
      InputError: there is no checkpoint, or it is of another structure.
    """
    if not (workdir / _FOLDER).is_dir():
        raise InputError(
            f"{workdir} holds no checkpoints: give the workdir of a training run "
            "(python -m gait_jax.train --workdir=DIR)"
        )
    with Checkpoints(workdir, create=False) as checkpoints:
        step = checkpoints.latest
        if step is None:
            raise InputError(
                f"{workdir} holds no finished checkpoint yet: let the training save one first"
            )
        return step, checkpoints.restore(step, like)[0]
