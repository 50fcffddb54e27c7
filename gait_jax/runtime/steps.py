"""Which checkpoints a run has, and which is the best of them."""

import math
import pathlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from gait_jax.runtime.errors import InputError

_MODES = ("min", "max")
BEST = "best"


def saved(folder: pathlib.Path) -> list[int]:
    """The steps of the whole checkpoints in a folder, rising; none without a folder."""
    if not folder.is_dir():
        return []
    # One that is being saved has another name until it is whole.
    return sorted(int(path.name) for path in folder.iterdir() if path.name.isdigit())


def number(text: int | str | None) -> int | None:
    """The step that is meant by a number or its digits; None where None or nothing is given.

    Raises:
      InputError: it is something else.
    """
    if text is None or text == "":
        return None
    if not str(text).isdecimal():
        raise InputError(f"step {text!r} is no step: give a number, or {BEST}")
    return int(text)


def is_rule(text: str) -> bool:
    """Whether a text says which checkpoint is the best: "min:NAME" or "max:NAME" of a metric."""
    mode, colon, name = text.partition(":")
    return mode in _MODES and bool(colon and name) and name.isprintable()


def metric_of(rule: str) -> str:
    """The name of the metric that a rule goes by."""
    return rule.partition(":")[2]


def values_of(rows: Iterable[Mapping[str, float]], rule: str) -> dict[int, float]:
    """By step, the metric that a rule goes by, where it was measured and is finite.

    Args:
      rows: as `metric_log.read_metrics` gives them.
      rule: see `is_rule`; nothing has values where it is empty.
    """
    name = metric_of(rule)
    found = ((int(row["step"]), row[name]) for row in rows if name and name in row)
    return {step: value for step, value in found if math.isfinite(value)}


def best(values: Mapping[int, float], rule: str, among: Iterable[int]) -> int | None:
    """The step with the best value; of equal ones the first.

    Args:
      values: as from `values_of`.
      rule: see `is_rule`.
      among: the steps to choose from.

    Returns:
      None where none of them has a value.
    """
    sign = -1.0 if rule.startswith("max:") else 1.0
    known = [step for step in sorted(among) if step in values]
    return min(known, key=lambda step: sign * values[step], default=None)


def best_of(
    workdir: pathlib.Path, rule: Any, rows: Iterable[Mapping[str, float]], among: Iterable[int]
) -> int:
    """The step of a run's best checkpoint.

    Args:
      workdir: the run's folder, for messages.
      rule: its `keep_best`, whatever a file says that it is.
      rows: what it measured.
      among: the steps of its checkpoints.

    Raises:
      InputError: the run keeps none, or none of its checkpoints was measured.
    """
    if not isinstance(rule, str) or not is_rule(rule):
        raise InputError(
            f"{workdir} keeps no best checkpoint: train it with --config.keep_best=min:METRIC, or "
            "give a number as the step"
        )
    found = best(values_of(rows, rule), rule, among)
    if found is None:
        raise InputError(
            f"{workdir} has no checkpoint yet whose {metric_of(rule)} was measured: let it train "
            "on, or give a number as the step"
        )
    return found


class Kept:
    """What Orbax asks which checkpoints stay: the newest, and the best."""

    def __init__(self, newest: int, best: Callable[[Iterable[int]], int | None] | None = None):
        """Takes how many of the newest stay, and which of some steps is the best."""
        self._newest, self._best = newest, best

    def should_preserve(self, checkpoints: Sequence[Any], *, context: Any) -> list[bool]:
        """Whether each of the checkpoints stays; Orbax's protocol."""
        del context
        found = sorted(checkpoint.step for checkpoint in checkpoints)
        kept = {*found[-self._newest :], self._best(found) if self._best else None}
        return [checkpoint.step in kept for checkpoint in checkpoints]
