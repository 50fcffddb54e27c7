"""What came of a sweep's runs, in one tidy table; means and intervals over seeds; curves."""

import math
import pathlib
from collections.abc import Sequence
from typing import Any

import pandas as pd
from scipy import stats

from gait_jax.evaluation import rows
from gait_jax.runtime import metric_log
from gait_jax.runtime.errors import InputError
from gait_jax.runtime.run_directory import RunDirectory
from gait_jax.sweeps.directory import SweepDirectory

SEED = "seed"
# Of an evaluation's rows, what tells which number it is, besides the metric; and what else it is.
_OF_ROWS = (
    "source", "method", "recogniser", "attacker", "against", "setting", "condition", "view"
)  # fmt: skip
_INTERVAL = ("low", "high", "n")
_LEVEL = 0.95
# More lines in one picture cannot be told apart.
_MOST_LINES = 10
_LEGEND_COLUMNS = 3


def read(directory: SweepDirectory) -> tuple[pd.DataFrame, list[str]]:
    """Every number of every run.

    Args:
      directory: the sweep's folder.

    Returns:
      (a line a number: run, seed, step, a column for each other field that the sweep varies, for
      evaluations the columns of `rows.Row`, metric, value; names of runs that are not finished:
      what they measured so far is among the lines).

    Raises:
      InputError: it is no sweep, or a file of a run is damaged.
    """
    sweep = directory.read()
    unfinished, parts = [], []
    for run in sweep["runs"]:
        if not directory.finished_file(run["name"]).is_file():
            unfinished.append(run["name"])
        fields = {name: _plain(value) for name, value in run["fields"].items()}
        seed = fields.pop(SEED, sweep["shared"].get(SEED))
        found = _of_run(directory.run(run["name"]))
        names = {"run": run["name"], SEED: seed, **fields}
        for place, (name, value) in enumerate(names.items()):
            found.insert(place if place < 2 else place + 1, name, value)
        if len(found):
            parts.append(found)
    if not parts:
        raise InputError(f"{directory.path}: none of its {len(unfinished)} runs measured anything")
    return pd.concat(parts, ignore_index=True), unfinished


def _plain(value: Any) -> Any:
    """A value that a cell can hold."""
    return str(tuple(value)) if isinstance(value, list) else value


def _of_run(path: pathlib.Path) -> pd.DataFrame:
    """The numbers of a training or an evaluation: step, [what a row is of], metric, value."""
    results = path / "results.csv"
    if results.is_file():
        return rows.read_csv(results)[["step", *_OF_ROWS, "metric", "value", *_INTERVAL]]
    measured = [
        {"step": row["step"], "metric": name, "value": float(value)}
        for row in RunDirectory(path).read_metrics()
        for name, value in row.items()
        if name != "step"
    ]
    return pd.DataFrame(measured, columns=["step", "metric", "value"])


def means(table: pd.DataFrame) -> pd.DataFrame:
    """Means over seeds, with their 95 % intervals (Student's t).

    Args:
      table: as from `read`.

    Returns:
      A line for each combination of all other columns: mean, low, high (empty with one seed), sd,
      seeds (how many).
    """
    inner = {"run", SEED, "value", *_INTERVAL}
    names = [name for name in table.columns if name not in inner]
    grouped = table.groupby(names, dropna=False, sort=False)["value"]
    found = grouped.agg(mean="mean", sd="std", seeds="count").reset_index()
    # What is wide with few seeds; of one seed there is none.
    reach = [
        stats.t.ppf((1 + _LEVEL) / 2, n - 1) * sd / math.sqrt(n) if n > 1 else math.nan
        for n, sd in zip(found["seeds"], found["sd"], strict=True)
    ]
    found.insert(len(names) + 1, "low", found["mean"] - reach)
    found.insert(len(names) + 2, "high", found["mean"] + reach)
    return found


def last(found: pd.DataFrame) -> pd.DataFrame:
    """Of means over steps, those of each metric's last step."""
    names = [
        name for name in found.columns if name not in {"step", "mean", "low", "high", "sd", "seeds"}
    ]
    return found.loc[
        found.assign(_step=found["step"].fillna(-1))
        .groupby(names, dropna=False, sort=False)["_step"]
        .idxmax()
    ]


def label(fields: Sequence[str], line: Sequence[Any]) -> str:
    """What the fields of a line say: "loss.alpha = 0.2"."""
    return ", ".join(f"{name} = {value}" for name, value in zip(fields, line, strict=True))


def draw(found: pd.DataFrame, path: pathlib.Path) -> None:
    """Draws the mean of every metric over the steps, with its interval as a band.

    Args:
      found: as from `means`, of trainings.
      path: of the picture; none is drawn where no metric has two steps.
    """
    known = {"step", "metric", "mean", "low", "high", "sd", "seeds", *_OF_ROWS}
    fields = [name for name in found.columns if name not in known]
    steps = found.groupby("metric", sort=False)["step"].nunique()
    metrics = list(steps[steps > 1].index)
    if not metrics:
        return
    lines = 1 if not fields else min(found[fields].drop_duplicates().shape[0], _MOST_LINES)
    rows_of_legend = math.ceil(lines / _LEGEND_COLUMNS)
    with metric_log.panels(metrics, path, below=0.25 * rows_of_legend + 0.15) as axes:
        for metric, axis in axes.items():
            chosen = found[found["metric"] == metric]
            parts = chosen.groupby(fields, sort=False) if fields else [((), chosen)]
            for values, part in list(parts)[:_MOST_LINES]:
                (line,) = axis.plot(part["step"], part["mean"], linewidth=1)
                line.set_label(label(fields, values) or "all runs")
                band = part.dropna(subset=["low", "high"])
                axis.fill_between(
                    band["step"], band["low"], band["high"], color=line.get_color(), alpha=0.2
                )
        first = axes[metrics[0]]
        first.figure.legend(
            *first.get_legend_handles_labels(),
            loc="lower center", ncols=_LEGEND_COLUMNS, fontsize=8,
        )  # fmt: skip
