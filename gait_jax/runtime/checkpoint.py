"""Checkpoints: the one file that names Orbax."""

import errno
import os
import pathlib
import uuid
from collections.abc import Callable, Iterable
from typing import Any

import jax
import numpy as np
import orbax.checkpoint as ocp
from absl import logging

from gait_jax.runtime import parallel, steps, unfinished
from gait_jax.runtime.errors import InputError
from gait_jax.runtime.states import digest, shapes

Tree = Any

_STATE = "state"
_DATA = "data"


class _DamagedError(Exception):
    """A checkpoint that cannot be read whole, or holds something else than was saved."""


class Checkpoints:
    """The checkpoints of one run, in a folder of their own.

    Saving goes on in the background; a checkpoint appears under its final name only when it is
    whole. Use as a context manager, so that leaving waits for the last one. Of many processes each
    works by itself: none waits for another here.
    """

    def __init__(
        self,
        folder: pathlib.Path,
        keep: int = 2,
        create: bool = True,
        best: Callable[[Iterable[int]], int | None] | None = None,
    ):
        """Opens the folder.

        Args:
          folder: holds the checkpoints, and nothing else.
          keep: how many of the newest checkpoints to keep.
          create: whether to make the folder, and to remove what an interrupted run left unfinished
            in it; False to read alone.
          best: which of some steps is kept besides, None for none of them.
        """
        self._workdir, self._writes = folder.parent, create
        self._kept = steps.Kept(keep, best)
        self._folder = folder.absolute()
        if create:
            self._folder.mkdir(exist_ok=True)
            unfinished.remove(self._folder)
        self._open()

    def _open(self) -> None:
        process = jax.process_index()
        self._manager = ocp.CheckpointManager(
            self._folder,
            options=ocp.CheckpointManagerOptions(
                preservation_policy=self._kept,
                create=False,
                multiprocessing_options=ocp.options.MultiprocessingOptions(
                    primary_host=process,
                    active_processes={process},
                    barrier_sync_key_prefix=f"process_{process}",
                ),
            ),
        )

    def __enter__(self) -> "Checkpoints":
        return self

    def __exit__(self, kind, *exc) -> None:
        failed = kind is not None
        try:
            self.wait()
        except InputError:
            # The error under way says more than one that comes after it.
            if not failed:
                failed = True
                raise
        finally:
            self._manager.close()
            if failed and self._writes:
                unfinished.remove_until_quiet(self._folder)

    @property
    def latest(self) -> int | None:
        """The step of the newest finished checkpoint, None without one."""
        # Orbax also counts the one that is being saved.
        return max(steps.saved(self._folder), default=None)

    def save(self, step: int, state: Tree, data: dict[str, Any]) -> None:
        """Saves everything needed to go on after `step` steps; unless that is there already.

        Args:
          step: steps done.
          state: tree of arrays.
          data: the data iterator's state, as JSON values.

        Raises:
          InputError: it, or the one before it, cannot be written; those before are kept.
        """
        state = parallel.to_host(state)
        described = {"iterator": data, "digest": digest(state), "shapes": shapes(state)}
        try:
            self._manager.save(
                step,
                args=ocp.args.Composite(
                    **{
                        _STATE: ocp.args.StandardSave(state),
                        _DATA: ocp.args.JsonSave(described),
                    }
                ),
            )
        # What TensorStore and Orbax raise depends on where the disk fails them.
        except Exception as error:
            raise self._cannot_write(error) from None

    def wait(self) -> None:
        """Waits until everything is saved.

        Raises:
          InputError: it cannot be written; what was saved before is kept.
        """
        try:
            self._manager.wait_until_finished()
        except Exception as error:
            raise self._cannot_write(error) from None

    def _cannot_write(self, error: Exception) -> InputError:
        unfinished.remove(self._folder)
        what = f"that of step {self.latest} is kept" if self.latest else "none was saved before"
        return InputError(
            f"a checkpoint could not be written to {self._folder} ({_reason(error)}); {what}. Make "
            "room or mend the disk, and run the same command again"
        )

    def restore_newest(
        self, like: Tree, set_aside: pathlib.Path | None = None
    ) -> tuple[int, Tree, dict[str, Any]] | None:
        """The newest checkpoint that is whole.

        Args:
          like: a tree of the same structure, shapes and types (arrays or their abstract values).
          set_aside: a folder to move damaged ones to, so that their steps can be saved anew; None
            leaves them where they are.

        Returns:
          (step, state as NumPy arrays, data iterator's state); None without any checkpoint.

        Raises:
          InputError: the newest one is of other networks, or none is whole.
        """
        found = sorted(self._manager.all_steps(), reverse=True)
        for step in found:
            try:
                return step, *self._restore(step, like)
            except _DamagedError as error:
                self._leave_out(step, str(error), set_aside)
        if found:
            raise InputError(
                f"no checkpoint in {self._folder} can be read any more (steps "
                f"{', '.join(map(str, found))}): restore one from a backup, or train into another "
                "--workdir"
            )
        return None

    def restore(self, step: int, like: Tree) -> Tree:
        """The state after `step` steps, as NumPy arrays; see `restore_newest`.

        Raises:
          InputError: it was not kept, is damaged, or is of other networks.
        """
        found = steps.saved(self._folder)
        if step not in found:
            raise InputError(
                f"{self._workdir} has no checkpoint of step {step}: it has "
                f"{', '.join(map(str, found)) or 'none'}. Runs keep the newest (keep_checkpoints) "
                "and the best (keep_best)"
            )
        try:
            return self._restore(step, like)[0]
        except _DamagedError as error:
            raise InputError(
                f"the checkpoint of step {step} in {self._workdir} is damaged ({error}): choose "
                "another --step"
            ) from None

    def _restore(self, step: int, like: Tree) -> tuple[Tree, dict[str, Any]]:
        # First what was saved of the state, so that a state of other networks is not taken for a
        # damaged one.
        try:
            restored = self._manager.restore(
                step, args=ocp.args.Composite(**{_DATA: ocp.args.JsonRestore()})
            )
            described = restored[_DATA]
            saved = described["shapes"]
            wanted, iterator = described["digest"], described["iterator"]
        # Whatever a library makes of torn files.
        except Exception as error:
            raise _DamagedError(_first_line(error)) from None
        expected = shapes(like)
        if saved != expected:
            name = min(k for k in saved | expected if saved.get(k) != expected.get(k))
            raise InputError(
                f"the checkpoint of step {step} in {self._workdir} does not fit the networks of "
                f"its config.json ({name} is {saved.get(name, 'absent')}, not "
                f"{expected.get(name, 'absent')}): it was edited, or made by another version; "
                "train it anew"
            )
        try:
            restored = self._manager.restore(
                step,
                args=ocp.args.Composite(
                    **{_STATE: ocp.args.StandardRestore(jax.tree.map(_numpy_like, like))}
                ),
            )
            state = parallel.to_host(restored[_STATE])
        except Exception as error:
            raise _DamagedError(_first_line(error)) from None
        if digest(state) != wanted:
            raise _DamagedError("its numbers are not those that were saved")
        return state, iterator

    def _leave_out(self, step: int, reason: str, set_aside: pathlib.Path | None) -> None:
        logging.warning(
            "The checkpoint of step %d in %s is damaged (%s): the one before it is used.",
            step,
            self._workdir,
            reason,
        )
        if set_aside is None:
            return
        set_aside.mkdir(exist_ok=True)
        self._manager.close()
        (self._folder / str(step)).rename(set_aside / f"{step}-{uuid.uuid4().hex[:8]}")
        # Orbax lists the folder when it opens it.
        self._open()


def _reason(error: Exception) -> str:
    """Why the disk refused, without the layers of the library that it came through."""
    causes = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EACCES, errno.EIO)
    known = [os.strerror(cause) for cause in causes]
    return next((cause for cause in known if cause in str(error)), _first_line(error))


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0] if lines else ''}"[:200]


def _numpy_like(x: Any) -> Any:
    return np.empty(x.shape, x.dtype)


def load(folder: pathlib.Path, like: Tree, step: int | None = None) -> tuple[int, Tree]:
    """Reads a checkpoint's state of a run, for use.

    Args:
      folder: holds the run's checkpoints.
      like: a tree of the state's structure, shapes and types.
      step: of the checkpoint; None for the newest that is whole.

    Returns:
      (step, state as NumPy arrays).

    Raises:
      InputError: there is no such checkpoint, none is whole, or it is of another structure.
    """
    if not folder.is_dir():
        raise InputError(
            f"{folder.parent} holds no checkpoints: give the workdir of a training run "
            "(python -m gait_jax.train --workdir=DIR)"
        )
    with Checkpoints(folder, create=False) as checkpoints:
        if step is not None:
            return step, checkpoints.restore(step, like)
        found = checkpoints.restore_newest(like)
    if found is None:
        raise InputError(
            f"{folder.parent} holds no finished checkpoint yet: let the training save one first"
        )
    return found[:2]
