"""What a report says of how real gaits look: a table, and a picture of it beside privacy."""

from collections.abc import Iterator
from typing import NamedTuple

import pandas as pd

from gait_jax.evaluation import cells, plots, report, tables
from gait_jax.evaluation.attack_rows import SHUFFLED_LEVEL
from gait_jax.evaluation.attackers import KNOWING
from gait_jax.evaluation.report import Section
from gait_jax.evaluation.rows import ALL, CLEAN, MEASURED, SAME_VIEW, find

ONE_WALK = "one walk for everybody"
_ORIGINALS = "originals"
_WORDS = report.Terms(
    {
        "Distance": "is the squared Fréchet distance of what one half of the tested people look "
        "like from what the other half really looks like, to a network that has learned what gaits "
        "look like and nobody's name: of single frames, and of windows, which also show how people "
        "move. Mean over several ways to halve them.",
        "Over real": "is the distance over that of the same walks before anonymisation. 1 is "
        "ideal: as far from other people as people are from each other.",
        "One walk for everybody": "is one real person's walk in the same view in the place of "
        "everybody's. Each frame of it is real; that all are alike is not, and the distance, which "
        "is between crowds, says so.",
        "Told apart": "is how well a network that was trained to tell anonymised windows of some "
        "people from real ones does so for others: the share of pairs of both in which the "
        "anonymised one looks more so (AUC), whatever it is told by. 50 % is ideal, at 100 % each "
        "window gives itself away. Originals: real windows from real ones, told by nothing. One "
        "walk: by a judge who knows another person's in its place.",
    }
)


class _Spot(NamedTuple):
    """What is real, or made: what it is called, and of which rows."""

    label: str
    method: str
    setting: str


def _spots(labels: tables.Labels) -> list[_Spot]:
    real = [_Spot(_ORIGINALS, CLEAN, ""), _Spot(ONE_WALK, CLEAN, ONE_WALK)]
    return real + [_Spot(label, method, "") for method, label in labels.items()]


def _values(frame: pd.DataFrame, spot: _Spot) -> dict[str, pd.Series]:
    """Rows by metric."""
    found = find(
        frame, source=MEASURED, method=spot.method, setting=spot.setting, recogniser="",
        condition=ALL, view=ALL,
    )  # fmt: skip
    return {row["metric"]: row for _, row in found.iterrows()}


def _over_real(values: dict[str, pd.Series], name: str) -> float | None:
    if f"frechet_{name}" not in values or not values[f"floor_frechet_{name}"]["value"]:
        return None
    return values[f"frechet_{name}"]["value"] / values[f"floor_frechet_{name}"]["value"]


def realism_table(frame: pd.DataFrame, labels: tables.Labels) -> report.Table:
    """How real gaits look, beside those that are.

    Args:
      frame: rows as from `rows.to_frame`.
      labels: the methods' names in prose by their names, in the order wanted.
    """
    body = []
    for spot in _spots(labels):
        values = _values(frame, spot)
        line = [spot.label]
        for name in ("frame", "window"):
            over = _over_real(values, name)
            known = over is not None
            line.append(f"{values[f'frechet_{name}']['value']:.3g}" if known else tables.NOTHING)
            line.append(f"{over:.2f}" if known else tables.NOTHING)
        line.append(_area(values))
        body.append(line)
    head = ["gaits", "frames, distance", "over real", "windows, distance", "over real "]
    return report.Table(pd.DataFrame(body, columns=[*head, "told apart, %"]))


def _area(values: dict[str, pd.Series]) -> str:
    if "auc" not in values:
        return tables.NOTHING
    return cells.estimate(cells.percent, *values["auc"][["value", "low", "high"]])


def points(frame: pd.DataFrame, labels: tables.Labels) -> Iterator[plots.Point]:
    """Privacy beside naturalness, where both were measured.

    Who is found: by the strongest of the attackers, in the gallery of the probes' own view. Of
    originals, by the strongest recogniser; where everybody has the same walk, as by a guess.

    Args:
      frame: rows as from `rows.to_frame`.
      labels: the methods' names in prose by their names, in the order wanted.
    """
    attacks = find(frame, source=MEASURED, setting=SAME_VIEW, condition=ALL, view=ALL)
    attacks = attacks[attacks["attacker"].isin([*KNOWING])]
    found = attacks[attacks["metric"] == "found@1"].groupby("method")["value"].max()
    guesses = attacks[attacks["metric"] == f"{SHUFFLED_LEVEL}_found@1"]
    for spot in _spots(labels):
        told = _values(frame, spot).get("auc")
        if told is None or guesses.empty:
            continue
        if spot.setting:
            yield plots.Point(spot.label, guesses["value"].mean(), told["value"], corner=True)
        elif spot.method in found:
            corner = spot.method == CLEAN
            yield plots.Point(spot.label, found[spot.method], told["value"], corner)


def sections(frame: pd.DataFrame, labels: tables.Labels) -> list[Section]:
    """The table, what its words mean, and the picture where attackers were measured, too.

    Args:
      frame: rows as from `rows.to_frame`.
      labels: the methods' names in prose by their names, in the order wanted.
    """
    told = [Section("Do they look real?", [_WORDS, realism_table(frame, labels)])]
    drawn = [*points(frame, labels)]
    if any(not point.corner for point in drawn):
        figure = report.Figure(
            plots.privacy_and_naturalness(drawn),
            "privacy against naturalness, a point an anonymiser",
            note="Who is found: by the strongest attacker in the same view (rank-1). How natural: "
            "by how often a judge tells anonymised windows from real ones, on a scale on which the "
            "same way up is as much harder to miss. Not by distance, which is between crowds: it "
            "takes one real walk for everybody for less natural than many torn ones.",
        )
        told.append(Section("Privacy beside naturalness", [figure]))
    return told
