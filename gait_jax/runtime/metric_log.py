"""What a run measures, step by step: a file of rows, and their curves."""

import contextlib
import json
import math
import pathlib
from collections.abc import Iterator, Sequence
from typing import Any

from gait_jax.runtime.errors import InputError
from gait_jax.runtime.files import read_regular, reason_of, replacing
from gait_jax.runtime.records import write_atomically


class MetricWriter:
    """Appends rows to a file."""

    def __init__(self, path: pathlib.Path, step: int):
        """Opens the file, without a torn last line and the rows that a restart writes again.

        Args:
          path: the file, a JSON object a line.
          step: steps done.
        """
        kept = [json.dumps(row) + "\n" for row in read_metrics(path) if row["step"] <= step]
        write_atomically(path, "".join(kept))
        self._file = path.open("a", encoding="utf-8")

    def write(self, step: int, values: dict[str, float]) -> None:
        """Writes one row of scalars for the state after `step` steps."""
        self._file.write(json.dumps({"step": step} | values) + "\n")
        self._file.flush()

    def close(self) -> None:
        """Closes the file."""
        self._file.close()


def read_metrics(path: pathlib.Path) -> list[dict[str, float]]:
    """The rows of a file, none where it is missing; a last line torn by a crash is left out.

    Raises:
      InputError: any other line is damaged.
    """
    if not path.exists():
        return []
    rows: list[dict[str, float]] = []
    try:
        lines = read_regular(path).split(b"\n")
        for line in lines:
            last = len(rows) == len(lines) - 1
            if last and not line.endswith(b"}"):
                break
            rows.append(_metrics(json.loads(line)))
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(
            f"{path} is damaged in line {len(rows) + 1} ({reason_of(error)}): mend or remove it"
        ) from None
    return rows


def _metrics(row: Any) -> dict[str, float]:
    """A row, if it is one."""
    numbers = isinstance(row, dict) and all(type(value) in (int, float) for value in row.values())
    if not numbers or type(row.get("step")) is not int:
        raise ValueError("it is no row of numbers with a step")
    return row


@contextlib.contextmanager
def panels(names: Sequence[str], path: pathlib.Path, below: float = 0.0) -> Iterator[dict]:
    """A picture of small diagrams, one below each name, written when they are drawn.

    Args:
      names: of the diagrams, each once and at least one.
      path: the picture's file.
      below: inches left free at the bottom.

    Yields:
      Matplotlib's axes by name.
    """
    # Slow to import and needed once, at the end of a run. Not by way of pyplot, which takes longer
    # and keeps what it draws.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    columns = 3
    lines = math.ceil(len(names) / columns)
    width, height = 4.2 * columns, 2.6 * lines + below
    figure = Figure(figsize=(width, height))
    axes = figure.subplots(lines, columns, squeeze=False)
    # In inches from the edges and between the axes; to find room by drawing takes as long again.
    figure.subplots_adjust(
        left=0.6 / width, right=1 - 0.15 / width, top=1 - 0.3 / height,
        bottom=(0.3 + below) / height, wspace=0.22, hspace=0.3,
    )  # fmt: skip
    for axis in axes.flat[len(names) :]:
        axis.axis("off")
    for axis, name in zip(axes.flat, names, strict=False):
        axis.set_title(name, fontsize=9)
        axis.tick_params(labelsize=7)
    yield dict(zip(names, axes.flat, strict=False))
    with replacing(path) as partial:
        FigureCanvasAgg(figure).print_figure(partial, dpi=100)


def draw_curves(rows: list[dict[str, float]], path: pathlib.Path) -> None:
    """Draws every metric of some rows over the steps; without any, nothing.

    Args:
      rows: as `read_metrics` gives them.
      path: the picture's file.
    """
    names = list(dict.fromkeys(name for row in rows for name in row if name != "step"))
    if not names:
        return
    with panels(names, path) as axes:
        for name, axis in axes.items():
            points = [(row["step"], row[name]) for row in rows if name in row]
            # A run that was computed at once has one point.
            marker = "." if len(points) == 1 else ""
            axis.plot(*zip(*points, strict=True), linewidth=1, marker=marker)
