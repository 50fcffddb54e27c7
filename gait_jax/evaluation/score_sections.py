"""What a report says of frame and video scores: tables by view, and plots of them."""

from collections.abc import Iterator

import pandas as pd

from gait_jax.evaluation import cells, plots, report, tables
from gait_jax.evaluation.report import Section
from gait_jax.evaluation.rows import ALL, CLEAN, MEASURED, find
from gait_jax.evaluation.score_rows import FRAME, OVER, VIDEO

_ORIGINALS = "originals"
_TITLES = {FRAME: "Frame score: P(person)", VIDEO: "Video score: P(walking)"}
_MEANINGS = {
    FRAME: "is the mean over frames of how surely a detector takes who is shown for a person (2019 "
    "§4.3). A frame in which a method shows nobody is looked at where somebody was.",
    VIDEO: "is the mean over clips of how surely a network takes what is shown for walking (2019 "
    "§4.3). A clip in which a method shows nobody has 0.",
}


def sections(frame: pd.DataFrame, labels: tables.Labels, metric: str, told: str) -> list[Section]:
    """The scores by view, their plot, and the differences between methods.

    Args:
      frame: rows as from `rows.to_frame`.
      labels: the methods' names in prose by their names, in the order wanted.
      metric: `score_rows.FRAME` or `VIDEO`.
      told: what judged, and what it has learned from.
    """
    title = _TITLES[metric]
    words = {
        title.partition(":")[0]: _MEANINGS[metric],
        "Judged by": f"{told}.",
        "In brackets": "stand 95 % bootstrap intervals over people; “few people”: fewer than ten, "
        "of whom there is none.",
    }
    drawn = report.Figure(
        plots.scores_by_view(frame, _named(frame, labels, metric), metric, title),
        f"{title} by view",
    )
    blocks = [report.Terms(words), by_view_table(frame, labels, metric, told), drawn]
    if (over := differences_table(frame, labels, metric)) is not None:
        blocks.append(over)
    return [Section(title, blocks)]


def _named(frame: pd.DataFrame, labels: tables.Labels, metric: str) -> dict[tuple[str, str], str]:
    """What stands in a row, in prose: by source and method. What was measured comes first."""
    found = find(frame, metric=metric)
    names = {(MEASURED, name): label for name, label in ({CLEAN: _ORIGINALS} | {**labels}).items()}
    printed = found[found["source"] != MEASURED]
    for source, method, setting in (
        printed[["source", "method", "setting"]].drop_duplicates().values
    ):
        names[source, method] = f"{source} on CASIA-B, {setting}"
    return names


def by_view_table(
    frame: pd.DataFrame, labels: tables.Labels, metric: str, told: str
) -> report.Table:
    """Scores by view, beside what the paper prints.

    Args:
      frame: rows as from `rows.to_frame`.
      labels: the methods' names in prose by their names, in the order wanted.
      metric: `score_rows.FRAME` or `VIDEO`.
      told: what judged, and what it has learned from.
    """
    found = find(frame, metric=metric)
    views = tables.by_degrees(found["view"])
    body = []
    for (source, method), label in _named(frame, labels, metric).items():
        own = find(found, source=source, method=method).set_index("view")
        values = [own["value"].get(view) for view in views]
        shown = [tables.NOTHING if value is None else f"{value:.3f}" for value in values]
        body.append([label, *shown, _whole(own)])
    note = f"Judged by {told}. 2019: YOLOv3 and ResNeXt-101 in place of it."
    columns = ["clips", *(f"{view}°" for view in views), "all views"]
    return report.Table(pd.DataFrame(body, columns=columns), note=note)


def _whole(own: pd.DataFrame) -> str:
    """Over all views; the paper does not print it."""
    if ALL not in own.index:
        return tables.NOTHING
    return _with_interval(own.loc[ALL])


def _with_interval(row: pd.Series) -> str:
    return cells.estimate(cells.number, *row[["value", "low", "high"]], cells.FEW_PEOPLE)


def differences_table(
    frame: pd.DataFrame, labels: tables.Labels, metric: str
) -> report.Table | None:
    """By how much one method's scores are higher than another's; None where there is one alone.

    Args:
      frame: rows as from `rows.to_frame`.
      labels: the methods' names in prose by their names.
      metric: `score_rows.FRAME` or `VIDEO`.
    """
    found = find(frame, source=MEASURED, metric=metric + OVER, view=ALL)
    names = {CLEAN: _ORIGINALS, **labels}

    def lines() -> Iterator[list[str]]:
        for _, row in found.iterrows():
            yield [names[row["method"]], names[row["against"]], _with_interval(row)]

    if found.empty:
        return None
    caption = "Differences, of the same walks, the same people drawn for both"
    columns = ["clips", "over", "difference"]
    return report.Table(pd.DataFrame(lines(), columns=columns), caption=caption, text_columns=2)
