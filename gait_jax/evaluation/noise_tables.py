"""The table of a report that says who is taken for whom."""

import pandas as pd

from gait_jax.evaluation.report import Table
from gait_jax.evaluation.tables import RATES, Labels, with_text

# Its columns, by metric.
_NOISE_PEOPLE = {
    "taken_for_noise": "anonymised",
    "original_taken_for_noise": "before",
    "noise_chance": "chance",
}


def noise_people_table(frame: pd.DataFrame, labels: Labels) -> Table | None:
    """Who is taken for the person whose gait was the noise, %; None where it was not measured.

    Args:
      frame: rows as from `rows.to_frame`.
      labels: the methods' names in prose by their names.
    """
    found = with_text(frame, dict.fromkeys(_NOISE_PEOPLE, RATES["success"]))
    if found.empty:
        return None
    text = found.pivot(index=["method", "recogniser"], columns="metric", values="text")
    text = text[[*_NOISE_PEOPLE]].rename(columns=_NOISE_PEOPLE)
    text = text.rename(index=dict(labels), level="method").rename_axis(columns=None)
    return Table(text.reset_index(), text_columns=2)
