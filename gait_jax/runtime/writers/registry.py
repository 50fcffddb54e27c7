"""The writers, by the name that a configuration gives."""

import pathlib
import pkgutil
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
from absl import logging

from gait_jax.runtime.errors import InputError
from gait_jax.runtime.files import reason_of
from gait_jax.runtime.writers.base import Writer
from gait_jax.runtime.writers.json_lines import JsonLines
from gait_jax.runtime.writers.ml_flow import MLflow
from gait_jax.runtime.writers.tensorboard import TensorBoard
from gait_jax.runtime.writers.weights_and_biases import WeightsAndBiases

WRITERS: dict[str, type[Writer]] = {
    "mlflow": MLflow,
    "tensorboard": TensorBoard,
    "wandb": WeightsAndBiases,
}


def find(names: str) -> list[type[Writer]]:
    """The writers of a configuration.

    Args:
      names: of `WRITERS`, or "MODULE:CLASS" of a class of one's own, separated by commas.

    Raises:
      InputError: one is not known, or is no writer.
    """
    return [_find(name) for name in filter(None, map(str.strip, names.split(",")))]


def _find(name: str) -> type[Writer]:
    if ":" not in name:
        if name not in WRITERS:
            raise InputError(
                f"writers names {name!r}, which is not known: use {', '.join(WRITERS)}, or "
                "MODULE:CLASS of your own"
            )
        return WRITERS[name]
    try:
        found = pkgutil.resolve_name(name)
    except (ImportError, AttributeError, ValueError) as error:
        raise InputError(
            f"writers names {name}, which cannot be imported ({reason_of(error)}): give "
            "MODULE:CLASS of a module in this folder or on PYTHONPATH"
        ) from None
    if not isinstance(found, type) or not issubclass(found, Writer):
        raise InputError(f"writers names {name}, which is no gait_jax.runtime.writers.base.Writer")
    return found


class Writers:
    """The run's own record and all other writers of a configuration, as one.

    The record has to be written. Another writer that fails after it was opened ends no training: it
    is left out with a warning, and gets what it lacks at the next start.
    """

    def __init__(self, kinds: Iterable[type[Writer]], workdir: pathlib.Path, start: int):
        """Opens them; see `Writer`."""
        self._record = JsonLines(workdir, start)
        self._others: list[Writer] = []
        try:
            for kind in kinds:
                self._others.append(kind(workdir, start))
        except BaseException:
            self.finish()
            raise

    def _tell(self, call: Callable[[Writer], None]) -> None:
        for writer in list(self._others):
            try:
                call(writer)
            # Whatever a tracker, its server or a class of the user's raises.
            except Exception as error:
                self._others.remove(writer)
                logging.warning(
                    "The writer %s failed, and is left out (%s: %s).",
                    type(writer).__name__,
                    type(error).__name__,
                    reason_of(error),
                )

    def hyperparameters(self, values: Mapping[str, Any]) -> None:
        """See `Writer`."""
        self._tell(lambda writer: writer.hyperparameters(values))

    def scalars(self, step: int, values: Mapping[str, float]) -> None:
        """See `Writer`."""
        self._record.scalars(step, values)
        self._tell(lambda writer: writer.scalars(step, values))

    def images(self, step: int, images: Mapping[str, np.ndarray]) -> None:
        """See `Writer`."""
        self._tell(lambda writer: writer.images(step, images))

    def flush(self) -> None:
        """See `Writer`."""
        self._tell(lambda writer: writer.flush())

    def finish(self) -> None:
        """See `Writer`."""
        self._tell(lambda writer: writer.finish())
        self._others.clear()
        self._record.finish()
