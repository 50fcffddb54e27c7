"""What steps measured since they were last looked at, and what the log says of them."""

import math
import time
from collections.abc import Mapping
from typing import Any

import numpy as np
from absl import logging

from gait_jax.runtime import records

# So many numbers a line: the losses come first, and files and curves have all.
_SHOWN = 5

Rows = list[tuple[int, dict[str, float]]]


class StepLog:
    """Collects the metrics of steps, which stay on the devices until they are asked for."""

    def __init__(self, name: str, total: int, examples: int, units: str):
        """Starts the clock.

        Args:
          name: of what is trained.
          total: steps of the whole run.
          examples: how much a step looks at, in `units`.
          units: of what, in the plural.
        """
        self._name, self._total, self._examples, self._units = name, total, examples, units
        self._unread: list[tuple[range, Any]] = []
        self.resume()

    def resume(self) -> None:
        """Starts the clock anew, after something that is no step."""
        self._since = time.monotonic()

    def add(self, steps: range, metrics: Mapping[str, Any]) -> None:
        """Takes the metrics of a dispatch: arrays with a leading axis of its steps."""
        self._unread.append((steps, metrics))

    def read(self) -> tuple[Rows, dict[str, float]]:
        """Waits for all steps that were added.

        Returns:
          ((step, metrics) of each of them, their means with how fast they were).
        """
        rows: Rows = []
        for steps, metrics in self._unread:
            values = {name: np.asarray(value) for name, value in metrics.items()}
            rows += [(s, {k: float(v[i]) for k, v in values.items()}) for i, s in enumerate(steps)]
        self._unread.clear()
        seconds = max(time.monotonic() - self._since, 1e-9)
        self.resume()
        means = {name: float(np.mean([row[name] for _, row in rows])) for name in rows[0][1]}
        return rows, means | {f"{self._units}_per_second": self._examples * len(rows) / seconds}

    def rate(self, values: Mapping[str, float]) -> str:
        """How fast the steps were: "812 frames/s"."""
        return f"{values[f'{self._units}_per_second']:.0f} {self._units}/s"

    def tell(self, step: int, values: Mapping[str, float]) -> None:
        """Writes the line of a step: its losses, how fast it goes, how long it will take."""
        left = (self._total - step) * self._examples / values[f"{self._units}_per_second"]
        measured = {n: v for n, v in values.items() if n != f"{self._units}_per_second"}
        logging.info(
            "%s: step %d/%d: %s; %s, %s left.",
            self._name,
            step,
            self._total,
            in_line(measured),
            self.rate(values),
            records.duration(left),
        )


def in_line(values: Mapping[str, float]) -> str:
    """The main ones of some metrics for the log: "loss 0.0123, d_real 0.5"."""
    first = sorted(values, key=lambda name: not name.startswith("loss"))[:_SHOWN]
    return ", ".join(f"{name} {values[name]:.4g}" for name in first)


def first_not_finite(rows: Rows) -> tuple[int, str, float] | None:
    """The first (step, name, value) that is NaN or infinite."""
    for step, values in rows:
        for name, value in values.items():
            if not math.isfinite(value):
                return step, name, value
    return None
