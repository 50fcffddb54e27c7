"""What a report says of incomplete silhouettes: whether whole people come of them."""

import pandas as pd

from gait_jax.evaluation.report import Section, Table, Text
from gait_jax.evaluation.rows import MEASURED, find
from gait_jax.evaluation.tables import NOTHING, RATES, Labels, with_text

WHOLE = "whole_person"
INCOMPLETE, COMPLETE = "incomplete", "complete"


def sections(frame: pd.DataFrame, labels: Labels) -> list[Section]:
    """The share of frames that are one whole person, by what was given.

    Args:
      frame: rows as from `rows.to_frame`.
      labels: the methods' names in prose by their names, in the order wanted.
    """
    found = find(frame, source=MEASURED, metric=WHOLE)
    if found.empty:
        return []
    shown = with_text(found, {WHOLE: RATES["success"]})
    text = {(row.method, row.setting): row.text for row in shown.itertuples()}
    body = [
        [label, *(text.get((name, given), NOTHING) for given in (INCOMPLETE, COMPLETE))]
        for name, label in labels.items()
    ]
    told = Text(
        "Of frames whose complete silhouette is usable, the share that are one whole person beside "
        "it, %, mean over walks, where a method was given silhouettes as imperfect segmentation "
        "gives them, and where it was given the complete ones. A frame in which it gave nobody is "
        "no whole person. In brackets: 95 % bootstrap intervals over people."
    )
    head = ["method", "from incomplete silhouettes", "from complete ones"]
    return [Section("Whole people", [told, Table(pd.DataFrame(body, columns=head))])]
