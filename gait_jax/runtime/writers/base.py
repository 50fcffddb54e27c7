"""What every writer of measurements is."""

import abc
import importlib.util
import pathlib
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from gait_jax.runtime.errors import InputError
from gait_jax.runtime.run_directory import RunDirectory


class Writer(abc.ABC):
    """Takes what a run measures; one process of a run has one, for one start of the run.

    A run that was killed goes on from its newest checkpoint and measures the steps after it again:
    a writer drops what an earlier start wrote of them, or does not write it a second time.
    """

    @abc.abstractmethod
    def __init__(self, workdir: pathlib.Path, start: int):
        """Opens what it writes to.

        Args:
          workdir: the run's folder.
          start: steps done: what follows is of later steps.

        Raises:
          InputError: it cannot be opened.
          OSError: it cannot be written; also of every other method.
        """

    def hyperparameters(self, values: Mapping[str, Any]) -> None:
        """Takes the configuration, once a start: JSON values by dotted names."""
        del values

    @abc.abstractmethod
    def scalars(self, step: int, values: Mapping[str, float]) -> None:
        """Takes scalars of the state after `step` steps.

        Steps never fall; of one step there may be several calls.
        """

    def images(self, step: int, images: Mapping[str, np.ndarray]) -> None:
        """Takes pictures of the state after `step` steps: uint8 [H, W, 3], red, green, blue."""
        del step, images

    def flush(self) -> None:
        """Brings what was taken to where it outlasts this process; called before a checkpoint."""
        return

    def finish(self) -> None:
        """Closes it, after the last step or after an error."""
        return


def earlier(workdir: pathlib.Path, start: int) -> Iterator[tuple[int, dict[str, float]]]:
    """(step, scalars) that earlier starts of a run measured, for a writer that lacks some.

    Args:
      workdir: the run's folder.
      start: steps done.
    """
    for row in RunDirectory(workdir).read_metrics():
        step = row.pop("step")
        if step <= start:
            yield step, row


def check_extra(package: str, extra: str, writer: str) -> None:
    """Refuses a writer whose package is not installed.

    Raises:
      InputError: it is not; names the extra that brings it.
    """
    try:
        found = importlib.util.find_spec(package)
    except ValueError:  # Marked as absent, or a stand-in that is no module.
        found = None
    if found is None:
        raise InputError(
            f"writers names {writer}, and {package} is not installed: pip install "
            f"'gait_jax[{extra}]', or leave it out"
        )
