"""What every writer of measurements is."""

import abc
import importlib.util
import pathlib
from collections.abc import Iterator, Mapping
from typing import Any

import cv2
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


def earlier(
    workdir: pathlib.Path, done: int, start: int
) -> Iterator[tuple[int, dict[str, float], dict[str, np.ndarray]]]:
    """What earlier starts of a run measured, for a writer that lacks some of it.

    Args:
      workdir: the run's folder.
      done: the last step that is not lacking.
      start: steps done by the run.

    Yields:
      (step, scalars, images) for each row, as `Writer` takes them.
    """
    run, drawn = RunDirectory(workdir), done
    for row in run.read_metrics():
        step = row.pop("step")
        if done < step <= start:
            images = {}
            picture = run.sample_file(step)
            if (
                step > drawn
                and picture.exists()
                and (found := cv2.imread(str(picture))) is not None
            ):
                images, drawn = {"samples": np.ascontiguousarray(found[..., ::-1])}, step
            yield step, row, images


def check_extra(package: str, extra: str, writer: str) -> None:
    """Refuses a writer whose package is not installed.

    Raises:
      InputError: it is not; names the extra that brings it.
    """
    if importlib.util.find_spec(package) is None:
        raise InputError(
            f"writers names {writer}, and {package} is not installed: pip install "
            f"'gait_jax[{extra}]', or leave it out"
        )
