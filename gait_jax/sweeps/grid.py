"""Which runs a sweep has: every combination of some fields' values."""

import ast
import dataclasses
import itertools
import math
import pathlib
import re
from collections.abc import Sequence
from typing import Any

import ml_collections

from gait_jax.runtime import homes
from gait_jax.runtime.errors import InputError
from gait_jax.runtime.fingerprint import fingerprint

# More are a mistake, such as a range of steps where seeds were meant.
_MOST = 10_000
_RANGE = re.compile(r"(\d+)\.\.(\d+)")
# A folder's name has 255 bytes at most, and metrics are read beside it.
_LONGEST = 120


@dataclasses.dataclass(frozen=True)
class Planned:
    """One run of a sweep.

    Attributes:
      name: of its folder: says what its fields are.
      fields: values of the fields that the sweep varies, by dotted names.
      config: the whole configuration.
    """

    name: str
    fields: dict[str, Any]
    config: ml_collections.ConfigDict


def parse_axis(config: ml_collections.ConfigDict, text: str) -> tuple[str, list[Any]]:
    """One field and its values: "seed=0..4", "loss.alpha=0.2,0.3", "data.anonymized_by=runs/*".

    Args:
      config: the configuration, whose field tells the type of the values.
      text: FIELD=VALUES. Values are separated by commas outside brackets; whole numbers may be
        given as FIRST..LAST, both included, and folders by a pattern with *.

    Returns:
      (the field's dotted name, its values, each once).

    Raises:
      InputError: there is no such field, or a value does not fit.
    """
    field, equals, given = text.partition("=")
    if not equals or not given:
        raise InputError(f"--grid {text!r} is no FIELD=VALUE,VALUE: give it as 'seed=0..4'")
    now: Any = config
    for part in field.split("."):
        if not isinstance(now, ml_collections.ConfigDict) or part not in now:
            raise InputError(f"--grid {text!r}: the configuration has no field {field}")
        now = now[part]
    if isinstance(now, ml_collections.ConfigDict):
        raise InputError(f"--grid {text!r}: {field} is a group of fields: name one of them")
    values = [value for part in _split(given) for value in _values(text, part, now)]
    if len(set(values)) < len(values):
        raise InputError(f"--grid {text!r} names a value twice: each run is done once")
    return field, values


def _split(given: str) -> list[str]:
    """At commas outside brackets."""
    return [part.strip() for part in re.split(r",(?![^(\[]*[)\]])", given)]


def _values(text: str, part: str, now: Any) -> list[Any]:
    """What one part of an axis stands for."""
    if isinstance(now, bool):
        if part.lower() not in ("true", "false"):
            raise InputError(f"--grid {text!r}: {part!r} is neither true nor false")
        return [part.lower() == "true"]
    if isinstance(now, int) and (ends := _RANGE.fullmatch(part)):
        first, last = map(int, ends.groups())
        if not first <= last < first + _MOST:
            raise InputError(f"--grid {text!r}: {part} is no range of 1 to {_MOST} numbers")
        return list(range(first, last + 1))
    if isinstance(now, str):
        return _folders(text, part) if "*" in part else [part]
    try:
        value = ast.literal_eval(part)
    except (SyntaxError, ValueError, RecursionError):
        value = None
    if isinstance(now, tuple) and isinstance(value, (tuple, list)):
        return [tuple(value)]
    # A whole number is one of the numbers that a float field may have, and not the other way round.
    if isinstance(now, float) and type(value) is int:
        value = float(value)
    if type(value) is not type(now) or (isinstance(value, float) and not math.isfinite(value)):
        raise InputError(f"--grid {text!r}: {part!r} is no {type(now).__name__}, as {now!r} is")
    return [value]


def _folders(text: str, pattern: str) -> list[str]:
    path = homes.expanded(pattern)
    found = sorted(
        str(folder)
        for folder in pathlib.Path(path.anchor).glob(str(path.relative_to(path.anchor)))
        if folder.is_dir()
    )
    if not found:
        raise InputError(f"--grid {text!r}: there is no folder {pattern}")
    return found


def plan(config: ml_collections.ConfigDict, grid: Sequence[str]) -> list[Planned]:
    """Every combination of the axes' values, the last axis changing fastest.

    Args:
      config: what all runs share.
      grid: axes (see `parse_axis`); without any, there is one run.

    Raises:
      InputError: an axis does not fit, a field stands in two, or there are too many runs.
    """
    axes = [parse_axis(config, text) for text in grid]
    names = [field for field, _ in axes]
    if len(set(names)) < len(names):
        raise InputError(f"--grid names a field twice: {', '.join(names)}")
    count = math.prod(len(values) for _, values in axes)
    if count > _MOST:
        raise InputError(f"--grid has {count} combinations: {_MOST} are the most")
    planned = []
    for values in itertools.product(*(values for _, values in axes)):
        fields = dict(zip(names, values, strict=True))
        own = ml_collections.ConfigDict(config.to_dict())
        own.update_from_flattened_dict(fields)
        planned.append(Planned(name_of(fields), fields, own))
    return planned


def name_of(fields: dict[str, Any]) -> str:
    """The name of a run's folder: "seed=0,loss.alpha=0.2"; another one for other fields."""
    plain = ",".join(f"{name}={value}" for name, value in fields.items()) or "run"
    name = re.sub(r"[^\w.,=+-]+", "_", plain, flags=re.ASCII)
    if name == plain and len(name) <= _LONGEST:
        return name
    return f"{name[:_LONGEST]}-{fingerprint(fields)}"
