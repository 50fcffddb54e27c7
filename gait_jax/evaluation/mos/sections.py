"""The sections of a report on what raters said."""

from collections.abc import Mapping, Sequence

import pandas as pd

from gait_jax.evaluation import report
from gait_jax.evaluation.mos import scores
from gait_jax.evaluation.mos.boxes import boxes
from gait_jax.evaluation.mos.ratings import Unusable
from gait_jax.evaluation.report import Section, Table
from gait_jax.evaluation.rows import ALL
from gait_jax.evaluation.tables import NOTHING, Labels, by_degrees, with_text

_TITLE = "Mean opinion score"
_TOLD = report.Terms(
    {
        "Score": "is the mean of the raters' means, from 1 (bad) to 5 (excellent), with the 95 % "
        "interval of a bootstrap over raters; “few people”: fewer than ten, of whom there is none.",
        "Alpha": "is Krippendorff's, of ordinal ratings: 1 where all raters agree, 0 where they "
        "agree as by chance.",
    }
)
_BOXES = (
    "Boxes are of the raters' means: quartiles, with the smallest and the largest at the ends. "
    "Triangles are means."
)


def _two(value: float) -> str:
    return f"{value:.2f}"


def _percent(value: float) -> str:
    return f"{100 * value:.1f}"


_SHOW = {scores.SCORE: _two, scores.OVER_METHOD: _two, scores.ALPHA: _two} | {
    scores.FOUND: _percent, scores.CHANCE: _percent,
}  # fmt: skip


def none_given() -> list[Section]:
    """What a report says where nobody was asked."""
    return [Section(_TITLE, [report.Text("No ratings were given.")])]


def sections(frame: pd.DataFrame, known: Mapping[str, str]) -> list[Section]:
    """Opinions by view, differences between methods, and who tells what is not real.

    Args:
      frame: rows as from `rows.to_frame`, with opinions among them.
      known: methods' names in prose by their names; others stand as they are.
    """
    found = frame[frame["metric"].isin([*_SHOW, *scores.BOX])]
    names = found[found["metric"] == scores.SCORE]["method"].unique()
    labels = {name: known.get(name, name) for name in names}
    shown = with_text(found, _SHOW)
    made = [
        Section(
            _TITLE,
            [
                _TOLD,
                report.Figure(boxes(found, labels), "opinions by view", note=_BOXES),
                _by_view(shown, labels),
            ],
        )
    ]
    if (shown["metric"] == scores.OVER_METHOD).any():
        made.append(Section("Score of one method over another", [_over(shown, labels)]))
    if (shown["metric"] == scores.FOUND).any():
        made.append(Section("Which of these four is not real? Found, %", [_odd(shown, labels)]))
    return made


def _by_view(shown: pd.DataFrame, labels: Labels) -> Table:
    given = shown[shown["metric"] == scores.SCORE]
    text = given.set_index(["method", "view"])["text"]
    raters = given[given["view"] == ALL].set_index("method")["n"]
    alpha = shown[shown["metric"] == scores.ALPHA].set_index("method")["text"]
    body = [
        [label, text[name, ALL]]
        + [text.get((name, view), NOTHING) for view in by_degrees(given["view"])]
        + [alpha.get(name, NOTHING), str(raters[name])]
        for name, label in labels.items()
    ]
    views = [f"{view}°" for view in by_degrees(given["view"])]
    head = ["method", "all views", *views, "alpha", "raters"]
    note = f"Alpha of all clips together: {alpha.get('', NOTHING)}."
    return Table(pd.DataFrame(body, columns=head), note=note)


def _over(shown: pd.DataFrame, labels: Labels) -> Table:
    given = shown[shown["metric"] == scores.OVER_METHOD]
    text = given.set_index(["method", "against", "view"])["text"]
    views = by_degrees(given["view"])
    body = [
        [
            labels[first],
            labels[second],
            *(text.get((first, second, v), NOTHING) for v in (ALL, *views)),
        ]
        for first, second in dict.fromkeys(zip(given["method"], given["against"], strict=True))
    ]
    head = ["score of", "over", "all views", *(f"{view}°" for view in views)]
    note = "Differences are of the same raters, who are drawn for both sides at once."
    return Table(pd.DataFrame(body, columns=head), note=note, text_columns=2)


def _odd(shown: pd.DataFrame, labels: Labels) -> Table:
    given = shown[shown["metric"] == scores.FOUND].set_index("method")
    chance = shown[shown["metric"] == scores.CHANCE].set_index("method")["text"]
    body = [
        [labels.get(name, name), row["text"], chance[name], str(row["n"])]
        for name, row in given.iterrows()
    ]
    return Table(pd.DataFrame(body, columns=["method", "found", "chance", "answers"]))


def left_out(wrong: Sequence[Unusable]) -> list[Section]:
    """The files that nothing was taken from; nothing where all could be used."""
    body = [[one.path.name, one.reason] for one in wrong]
    table = Table(pd.DataFrame(body, columns=["file", "why"]), text_columns=2)
    return [Section("Left out", [table])] if wrong else []
