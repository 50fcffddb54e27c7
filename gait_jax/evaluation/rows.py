"""Long rows: every number that an evaluation gives is a line of one table, `results.csv`.

Tables and plots are pivots of it, and what the papers print are rows, too, of another source.
"""

import csv
import dataclasses
import io
import math
import pathlib
from collections.abc import Iterable
from typing import Any

import pandas as pd

from gait_jax.runtime import records
from gait_jax.runtime.errors import InputError
from gait_jax.runtime.files import read_regular, reason_of

MEASURED = "measured"
# Of a condition or view: over all of them. Of a method: gaits as they are.
ALL, CLEAN = "all", "none"
SAME_VIEW, CROSS_VIEW = "same view", "cross-view"
# The papers' attacker knows clean gaits; the honest one enrols anonymised gaits too.
CLEAN_GALLERY, ANONYMIZED_GALLERY = "clean gallery", "anonymized gallery"

_TEXTS = (
    "source", "method", "recogniser", "attacker", "metric", "against", "setting", "condition",
    "view",
)  # fmt: skip
COLUMNS = (*_TEXTS, "value", "low", "high", "n", "step")
_TYPES = dict.fromkeys(_TEXTS, "str") | dict.fromkeys(("value", "low", "high"), "float64")
_TYPES |= {"n": "Int64", "step": "Int64"}


@dataclasses.dataclass(frozen=True, kw_only=True)
class Row:
    """One number and what it is of; texts are empty where they do not apply.

    Attributes:
      source: "measured", or whoever published the number.
      method: name of the anonymiser or colouriser; "none" for gaits as they are.
      recogniser: name of who is asked.
      attacker: what he knows, such as "clean gallery".
      metric: what is measured, with the rank where it has one: "success@1".
      against: of a difference, the method or recogniser that is subtracted.
      setting: how, such as "same view".
      condition: which part, such as "nm"; "all".
      view: degrees, or "all".
      value: the number; rates are 0 to 1. May be infinite.
      low: of its 95 % interval.
      high: of its 95 % interval.
      n: of how many; None where the source does not say.
      step: training steps of the method; None where it was not trained, or nobody says.
    """

    source: str = MEASURED
    method: str = ""
    recogniser: str = ""
    attacker: str = ""
    metric: str
    against: str = ""
    setting: str = ""
    condition: str = ALL
    view: str = ALL
    value: float
    low: float | None = None
    high: float | None = None
    n: int | None = None
    step: int | None = None

    def __post_init__(self):
        for name in _TEXTS:
            text = getattr(self, name)
            # Line breaks and halves of characters do not come back from every file.
            if not isinstance(text, str) or not text.isprintable():
                raise ValueError(f"{name} {text!r} is no line of text")
        numbers = [x for x in (self.value, self.low, self.high) if x is not None]
        if any(math.isnan(x) for x in numbers):
            raise ValueError(f"{self.metric} is not a number: leave the row out")
        if (self.low is None) != (self.high is None):
            raise ValueError(f"{self.metric} has one end of an interval only")
        if self.n is not None and not 0 <= self.n < 2**63:
            raise ValueError(f"n {self.n} is no count")
        if self.step is not None and not 0 <= self.step < 2**63:
            raise ValueError(f"step {self.step} is no number of steps")


def to_frame(rows: Iterable[Row]) -> pd.DataFrame:
    """The rows as a table: columns `COLUMNS`.

    An absent end is NaN, an absent n or step `pd.NA`.
    """
    rows = list(rows)
    columns = {
        # Column by column: what pandas finds out of mixed ones passes through floats.
        name: pd.Series([getattr(row, name) for row in rows], dtype=kind)
        for name, kind in _TYPES.items()
    }
    return pd.DataFrame(columns, columns=list(COLUMNS))


def to_json(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """The lines of a table as from `to_frame`, as JSON values: what is absent is None."""
    plain = frame[list(COLUMNS)].astype("object")
    return plain.where(plain.notna(), None).to_dict("records")


def find(frame: pd.DataFrame, **wanted: str) -> pd.DataFrame:
    """The lines whose columns have these values.

    Args:
      frame: as from `to_frame`.
      **wanted: value by column.

    Raises:
      KeyError: there is no such column.
    """
    chosen = pd.Series(True, index=frame.index)
    for column, value in wanted.items():
        chosen &= frame[column] == value
    return frame[chosen]


def write_csv(path: pathlib.Path, frame: pd.DataFrame) -> None:
    """Writes a table, whole or not at all; `read_csv` gives every bit of it back.

    Args:
      path: of the file.
      frame: as from `to_frame`.
    """
    text = frame.to_csv(columns=list(COLUMNS), index=False, lineterminator="\n")
    records.write_atomically(path, text)


def read_csv(path: pathlib.Path) -> pd.DataFrame:
    """Reads what `write_csv` wrote.

    Raises:
      InputError: it cannot be read, or is damaged; names the line.
    """
    try:
        text = read_regular(path).decode("utf-8")
    except OSError as error:
        raise InputError(
            f"{path} cannot be read ({reason_of(error)}): give the results.csv that "
            "python -m gait_jax.evaluate wrote"
        ) from None
    except UnicodeDecodeError:
        raise _damaged(path, "it is no text") from None
    # Not pandas' reader, which takes a line that was cut off for one with empty fields.
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    found = []
    try:
        if next(reader, None) != list(COLUMNS):
            raise ValueError(f"its columns are not {', '.join(COLUMNS)}")
        for line in reader:
            found.append(_row(line))
    except (ValueError, csv.Error) as error:
        raise _damaged(path, f"line {max(reader.line_num, 1)}: {reason_of(error)}") from None
    return to_frame(found)


def _row(line: list[str]) -> Row:
    if len(line) != len(COLUMNS):
        raise ValueError(f"{len(line)} fields instead of {len(COLUMNS)}")
    fields = dict(zip(COLUMNS, line, strict=True))
    return Row(
        **{name: fields[name] for name in _TEXTS},
        value=float(fields["value"]),
        low=float(fields["low"]) if fields["low"] else None,
        high=float(fields["high"]) if fields["high"] else None,
        n=int(fields["n"]) if fields["n"] else None,
        step=int(fields["step"]) if fields["step"] else None,
    )


def _damaged(path: pathlib.Path, reason: str) -> InputError:
    return InputError(f"{path} is damaged ({reason}): remove it, and it is made again")


def in_prose(identifier: str) -> str:
    """An identifier as reports spell it: "anonymised gallery"."""
    return identifier.replace("anonymized", "anonymised")
