"""The tables of a report that say by how much one thing is higher than another."""

import pandas as pd

from gait_jax.evaluation import cells
from gait_jax.evaluation.colour_scores import METRICS, over_method
from gait_jax.evaluation.report import Table
from gait_jax.evaluation.rows import ALL, MEASURED, find, in_prose
from gait_jax.evaluation.scoring import OVER_METHOD
from gait_jax.evaluation.tables import COLOUR_SETS, NOTHING, RATES, Labels, with_text


def differences_table(
    frame: pd.DataFrame, labels: Labels, metric: str, setting: str
) -> Table | None:
    """By how much success is higher with one method than with another, or by recogniser: points.

    Args:
      frame: rows as from `rows.to_frame`.
      labels: the methods' names in prose by their names.
      metric: `scoring.OVER_METHOD` or `scoring.OVER_RECOGNISER`.
      setting: "same view" or "cross-view".

    Returns:
      None where nothing of the kind was measured.
    """
    found = find(frame, source=MEASURED, setting=setting, view=ALL)
    parts = found["metric"].str.extract(rf"^({metric})@(\d+)$")
    # Shown as other differences are.
    found = found.assign(metric="difference", rank=parts[1])[parts[0].notna()]
    if found.empty:
        return None
    shown = with_text(found, RATES)
    # Methods by their labels; what is no method's name stays.
    first, against, beside = (
        [labels.get(name, name) for name in shown[column]]
        for column in (
            ("method", "against", "recogniser")
            if metric == OVER_METHOD
            else ("recogniser", "against", "method")
        )
    )
    head = ["success of", "over", "recogniser", "attacker", "rank", "difference"]
    if metric != OVER_METHOD:
        head[:3] = ["success against", "over", "method"]
    attackers = [in_prose(name) for name in shown["attacker"]]
    columns = (first, against, beside, attackers, shown["rank"], shown["text"])
    return Table(pd.DataFrame(dict(zip(head, columns, strict=True))), text_columns=4)


def colour_differences_table(frame: pd.DataFrame, labels: Labels, form: str) -> Table:
    """By how much one colouriser is ahead of another on the same frames: PSNR in dB, SSIM.

    Args:
      frame: rows as from `rows.to_frame`.
      labels: the colourisers' names in prose by their names, in the order wanted.
      form: the rows' setting.
    """
    names = [over_method(metric) for metric in METRICS]
    found = find(frame, source=MEASURED, setting=form)
    shown = with_text(found, dict(zip(names, (_signed(2), _signed(3)), strict=True)))
    cells = shown.set_index(["method", "against", "condition", "metric"])["text"].to_dict()
    pairs = dict.fromkeys(zip(shown["method"], shown["against"], strict=True))
    body = [
        [
            labels.get(method, method),
            labels.get(against, against),
            *(
                ", ".join(cells.get((method, against, one, name), NOTHING) for name in names)
                for one in COLOUR_SETS
            ),
        ]
        for method, against in pairs
    ]
    head = ["PSNR and SSIM of", "over", *COLOUR_SETS]
    return Table(pd.DataFrame(body, columns=head), text_columns=2)


def _signed(digits: int) -> cells.Show:
    return lambda value: f"{value:+.{digits}f}"
