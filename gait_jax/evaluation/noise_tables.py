"""The tables of a report about noise: who is taken for whom, and how much of a change is random."""

import pandas as pd

from gait_jax.evaluation.report import Table
from gait_jax.evaluation.tables import NOTHING, RATES, Labels, with_text

# Its columns, by metric.
_NOISE_PEOPLE = {
    "taken_for_noise": "anonymised",
    "original_taken_for_noise": "before",
    "noise_chance": "chance",
}
_NOISE_SHARE = {
    "noise_distance": "‖Ŷ-Y‖₁",
    "noise_of_mean": "of the draws' mean",
    "noise_around": "around that mean",
    "noise_share": "noise's share, %",
    "noise_spread": "between two draws of noise",
    "real_spread": "between two real contours",
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


def noise_share_table(frame: pd.DataFrame, labels: Labels) -> Table | None:
    """How much of what methods change is random; None where it was not measured.

    Args:
      frame: rows as from `rows.to_frame`.
      labels: the methods' names in prose by their names, in the order wanted.
    """
    show = dict.fromkeys(_NOISE_SHARE, "{:.4f}".format) | {"noise_share": RATES["success"]}
    found = with_text(frame, show)
    if found.empty:
        return None
    text = found.pivot(index="method", columns="metric", values="text")
    text = text.reindex([name for name in labels if name in text.index], columns=[*_NOISE_SHARE])
    text = text.astype("str").fillna(NOTHING).rename(index=dict(labels), columns=_NOISE_SHARE)
    return Table(text.rename_axis(columns=None).reset_index())
