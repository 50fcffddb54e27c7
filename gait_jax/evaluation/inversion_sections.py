"""What a report says of inversion: who is found in what is given back, and how near it comes."""

from collections.abc import Mapping

import pandas as pd

from gait_jax.evaluation import cells, report, tables
from gait_jax.evaluation.attack_rows import CLEAN_LEVEL, SHUFFLED_LEVEL
from gait_jax.evaluation.attackers import IGNORANT
from gait_jax.evaluation.report import Section
from gait_jax.evaluation.rows import ALL, CROSS_VIEW, MEASURED, SAME_VIEW, find

INVERTING, MEAN_GAIT = "inverting", "mean gait"
# Of what was not inverted.
AS_IT_IS = "as anonymised"
CONTOUR_ERROR, OVERLAP = "contour_error", "contour_iou"

_WORDS = report.Terms(
    {
        "Given back": "is what a network makes of the anonymised gaits that has learned, from "
        "anonymised gaits of the people who train recognisers and their originals, to give the "
        "original's contour back. Recognisers of clean gaits are asked whom it shows, in a clean "
        "gallery.",
        "Mean gait": "is the guess of somebody who knows the view alone: the silhouette that half "
        "of those people's frames cover, standing still. It finds nobody but by chance.",
        "Contour error": "is how far the points of two contours are from each other's nearest, "
        "in % of the body's height, both brought to one height and middle; IoU, of the two areas, "
        "is 1 where they are the same. Where what is given back is nearer to the original than "
        "the anonymised gait, the anonymiser has hidden less than it seems.",
    }
)
_NAMES = {IGNORANT: "anonymised, as it is", INVERTING: "given back", MEAN_GAIT: "mean gait"}


def _text(frame: pd.DataFrame, scale: float, digits: int, **wanted: str) -> str:
    """A number with its interval; a dash where it was not measured."""
    rows = find(frame, source=MEASURED, condition=ALL, view=ALL, **wanted)
    if not len(rows):
        return tables.NOTHING
    show = lambda number: f"{scale * number:.{digits}f}"  # noqa: E731
    return cells.estimate(show, *rows.iloc[0][["value", "low", "high"]])


def found_table(frame: pd.DataFrame, method: str, rank: int) -> report.Table:
    """Who is found in a method's gaits as they are, in what is given back, and by the guess.

    Args:
      frame: rows as from `rows.to_frame`; those of the ignorant attacker are another evaluator's.
      method: its name.
      rank: the k of rank-k.
    """
    mine = find(frame, method=method)
    metric, body = f"found@{rank}", []
    for recogniser in find(mine, attacker=INVERTING, metric=metric)["recogniser"].unique():
        lines = [(name, attacker, metric) for attacker, name in _NAMES.items()]
        lines.append(("shuffled labels", INVERTING, f"{SHUFFLED_LEVEL}_{metric}"))
        lines.append(("clean gaits", INVERTING, f"{CLEAN_LEVEL}_{metric}"))
        for name, attacker, of in lines:
            wanted = {"recogniser": recogniser, "attacker": attacker, "metric": of}
            cells = [_text(mine, 100, 1, setting=s, **wanted) for s in (SAME_VIEW, CROSS_VIEW)]
            body.append([recogniser, name, *cells])
    head = ["recogniser", "asked about", SAME_VIEW, CROSS_VIEW]
    return report.Table(pd.DataFrame(body, columns=head), f"Found, rank-{rank}, %", text_columns=2)


def error_table(frame: pd.DataFrame, method: str) -> report.Table:
    """How near a method's gaits, what is given back and the guess come to the originals.

    Args:
      frame: rows as from `rows.to_frame`.
      method: its name.
    """
    mine = find(frame, method=method)
    lines = {AS_IT_IS: _NAMES[IGNORANT]} | {x: _NAMES[x] for x in (INVERTING, MEAN_GAIT)}
    body = [
        [
            name,
            _text(mine, 100, 2, attacker=attacker, metric=CONTOUR_ERROR),
            _text(mine, 1, 3, attacker=attacker, metric=OVERLAP),
        ]
        for attacker, name in lines.items()
    ]
    head = ["compared with the original", "contour error, % of height", "IoU"]
    return report.Table(pd.DataFrame(body, columns=head), "How near it comes")


def sections(
    frame: pd.DataFrame, labels: tables.Labels, rank: int, pictures: Mapping[str, bytes]
) -> list[Section]:
    """Words, and of each method tables and a picture.

    Args:
      frame: rows as from `rows.to_frame`.
      labels: the methods' names in prose by their names, in the order wanted.
      rank: the k of rank-k.
      pictures: PNGs by the method's name.
    """
    found = []
    for method, label in labels.items():
        blocks: list[report.Block] = []
        if len(find(frame, method=method, attacker=INVERTING)):
            blocks += [found_table(frame, method, rank), error_table(frame, method)]
        if method in pictures:
            blocks.append(report.Figure(pictures[method], f"what is given back of {label}"))
        if blocks:
            found.append(Section(f"{label}: the original given back", [*blocks]))
    return [Section("", [_WORDS]), *found] if found else []
