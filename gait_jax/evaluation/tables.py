"""The tables of a report: pivots of the long rows."""

import itertools
from collections.abc import Iterable, Mapping, Sequence

import pandas as pd

from gait_jax.evaluation import cells
from gait_jax.evaluation.papers import KNOWN_AT_BEST
from gait_jax.evaluation.report import Table
from gait_jax.evaluation.rows import (
    ALL,
    ANONYMIZED_GALLERY,
    CLEAN,
    CLEAN_GALLERY,
    CROSS_VIEW,
    MEASURED,
    SAME_VIEW,
    find,
    in_prose,
)
from gait_jax.gait import naturalness

Labels = Mapping[str, str]
NOTHING = "–"
# Tables I and II of 2020.
COLOUR_SETS = ("plain", "textural", "complete", "incomplete")
# How the numbers of each metric are shown.
RATES = dict.fromkeys(("success", "clean_error", "difference", "chance"), cells.percent)
_COUNTS = dict.fromkeys(("sequences", "sequences_lost", "frames", "frames_empty"), cells.count)
_NATURAL = {"one_region": cells.percent, naturalness.RAW: cells.percent} | dict.fromkeys(
    ("distance", "outline", "turning", "movement", "overlap", "foot_slide"), cells.number
)
# What has an interval wherever there are people enough for one.
_ESTIMATED = (
    "success", "clean_error", "difference", "taken_for_noise", "original_taken_for_noise", "mos",
    "mos_over_method", "odd_one_out", "whole_person",
)  # fmt: skip
# Shown in brackets behind another one.
_BESIDE = {"foot_slide_original": cells.number}
_COLOUR = {"psnr": cells.decibels, "ssim": cells.number}


def with_text(frame: pd.DataFrame, show: Mapping[str, cells.Show]) -> pd.DataFrame:
    """The rows of some metrics, each with its "text": "value (low to high)", or the value alone.

    Where an interval is lacking that there would be of more people, the cell says so.
    """
    found = frame[frame["metric"].isin([*show])]
    text = []
    for metric, *numbers in found[["metric", "value", "low", "high"]].itertuples(index=False):
        few = cells.FEW_PEOPLE if metric in _ESTIMATED else ""
        text.append(cells.estimate(show[metric], *numbers, few))
    return found.assign(text=pd.Series(text, index=found.index, dtype="str"))


def _filled(text: pd.DataFrame) -> pd.DataFrame:
    # Where nothing was found at all pandas takes the cells for numbers.
    return text.astype("str").fillna(NOTHING)


def identified(frame: pd.DataFrame, **wanted: str) -> pd.DataFrame:
    """What was measured of identification by the papers' attacker and the honest one.

    Args:
      frame: rows as from `rows.to_frame`.
      **wanted: value by column.

    Returns:
      The rows with a further column, `rank`, and `metric` without it: "success".
    """
    found = find(frame, source=MEASURED, **wanted)
    # Others have tables of their own.
    found = found[found["attacker"].isin([CLEAN_GALLERY, ANONYMIZED_GALLERY])]
    parts = found["metric"].str.extract(rf"^({'|'.join(RATES)})@(\d+)$")
    found = found.assign(metric=parts[0], rank=parts[1])[parts[0].notna()]
    return found.astype({"rank": "int64"})


def ranks(frame: pd.DataFrame) -> list[int]:
    """The k of the rank-k rates among rows as from `rows.to_frame`, rising."""
    return sorted(identified(frame)["rank"].unique().tolist())


def by_degrees(views: Iterable[str]) -> list[str]:
    """Views, each once, by their angle; without "all"."""
    return sorted({*views} - {ALL}, key=int)


def success_table(frame: pd.DataFrame, labels: Labels, setting: str) -> Table:
    """All attackers side by side, over all conditions and views.

    Clean error, chance and number of probes are those beside the first attacker.

    Args:
      frame: rows as from `rows.to_frame`.
      labels: the methods' names in prose by their names, in the order wanted.
      setting: "same view" or "cross-view".
    """
    chosen = identified(frame, setting=setting, condition=ALL, view=ALL)
    chosen = with_text(chosen[chosen["method"].isin([*labels])], RATES)
    attackers = chosen["attacker"].unique().tolist()
    lines = ["method", "recogniser", "rank", "attacker"]
    text = chosen.pivot(index=lines, columns="metric", values="text")
    text = _filled(text.reindex(columns=[*RATES]))
    probes = find(chosen, metric="success").set_index(lines)["n"]
    body = []
    for line in itertools.product(
        labels, chosen["recogniser"].unique(), sorted(chosen["rank"].unique())
    ):
        found = {a: text.loc[(*line, a)] for a in attackers if (*line, a) in text.index}
        if not found:
            continue
        first = next(iter(found))
        method, recogniser, rank = line
        shown = [labels[method], recogniser, str(rank), found[first]["clean_error"]]
        for attacker in attackers:
            row = found.get(attacker, {})
            shown += [row.get(rate, NOTHING) for rate in ("success", "difference")]
        body.append([*shown, found[first]["chance"], str(probes.get((*line, first), NOTHING))])
    head = ["method", "recogniser", "rank", "clean error"]
    for attacker in map(in_prose, attackers):
        head += [f"success, {attacker}", f"difference, {attacker}"]
    return Table(pd.DataFrame(body, columns=[*head, "chance", "probes"]), text_columns=2)


def identification_table(frame: pd.DataFrame, rank: int = 1) -> Table:
    """How well recognisers know gaits as they are: rank-k, %; of rank-1 also what papers say.

    Args:
      frame: rows as from `rows.to_frame`.
      rank: the k.
    """
    found = identified(frame, method=CLEAN, view=ALL)
    found = found[(found["metric"] == "clean_error") & (found["rank"] == rank)]
    # The other end of the interval comes first.
    known = found.assign(value=1 - found["value"], low=1 - found["high"], high=1 - found["low"])
    known = with_text(known, RATES)
    conditions = [*(name for name in known["condition"].unique() if name != ALL), ALL]
    lines = [known["recogniser"].unique(), [SAME_VIEW, CROSS_VIEW]]
    text = known.pivot(index=["recogniser", "setting"], columns="condition", values="text")
    text = _filled(text.reindex(pd.MultiIndex.from_product(lines), columns=conditions))
    text = text.rename_axis(index=["recogniser", "gallery"], columns=None).reset_index()
    published = find(frame, metric=KNOWN_AT_BEST) if rank == 1 else frame[:0]
    for row in published.itertuples():
        empty = [NOTHING] * len(conditions[:-1])
        told = f"up to {cells.percent(row.value)}"
        text.loc[len(text)] = [f"{row.source}: {row.recogniser}", "not said", *empty, told]
    return Table(text, text_columns=2)


def by_view_tables(frame: pd.DataFrame, labels: Labels) -> list[Table]:
    """Success by view, same view, all conditions, with clean error and chance under it.

    Args:
      frame: rows as from `rows.to_frame`.
      labels: the methods' names in prose by their names, in the order wanted.

    Returns:
      One for each recogniser and rank that were measured by view.
    """
    chosen = identified(frame, setting=SAME_VIEW, condition=ALL)
    chosen = chosen[chosen["view"] != ALL]
    # Eleven views leave no room for intervals.
    chosen = chosen.assign(text=chosen["value"].map(cells.percent).astype("str"))
    views = by_degrees(chosen["view"])
    attackers = chosen["attacker"].unique()
    found = []
    for recogniser, rank in itertools.product(
        chosen["recogniser"].unique(), sorted(chosen["rank"].unique())
    ):
        mine = chosen[(chosen["recogniser"] == recogniser) & (chosen["rank"] == rank)]
        text = mine.pivot(index=["method", "attacker", "metric"], columns="view", values="text")
        text = _filled(text.reindex(columns=views))
        nothing = [NOTHING] * len(views)
        line = lambda *key: text.loc[key].tolist() if key in text.index else nothing  # noqa: E731,B023
        body = [
            [f"{label}, {in_prose(attacker)}", *line(method, attacker, "success")]
            for (method, label), attacker in itertools.product(labels.items(), attackers)
        ]
        # Of the walks that the methods were probed with, which may be fewer than all.
        probed = next((m for m in labels if (m, CLEAN_GALLERY, "chance") in text.index), CLEAN)
        for rate in ("clean_error", "chance"):
            body.append([rate.replace("_", " "), *line(probed, CLEAN_GALLERY, rate)])
        head = ["success, same view", *(f"{view}°" for view in views)]
        found.append(Table(pd.DataFrame(body, columns=head), caption=f"{recogniser}, top-{rank}"))
    return found


def naturalness_table(frame: pd.DataFrame, labels: Labels) -> Table:
    """What became of the frames, and how natural they look.

    Args:
      frame: rows as from `rows.to_frame`.
      labels: the methods' names in prose by their names, in the order wanted.
    """
    shown = _COUNTS | _NATURAL | _BESIDE
    found = with_text(find(frame, source=MEASURED, condition=ALL), shown)
    text = found.pivot(index="method", columns="metric", values="text")
    text = text.reindex([*labels], columns=[*shown]).astype("str")
    titles = {
        "distance": "‖Ŷ-Y‖₁, body heights",
        "one_region": "person-like, %",
        naturalness.RAW: "before mending, %",
        "outline": "outline",
        "turning": "turning",
        "movement": "movement",
        "overlap": "overlap",
        "foot_slide": "foot slide (original's)",
    }
    text["foot_slide"] += " (" + text["foot_slide_original"] + ")"
    # Distances are of contours, and feet slide where people cross the picture: where no method has
    # any, neither has the table.
    titles = {name: title for name, title in titles.items() if text[name].notna().any()}
    text = _filled(text)
    columns = {
        "method": [*labels.values()],
        "sequences": text["sequences"] + " (" + text["sequences_lost"] + " lost)",
        "frames": text["frames"] + " (" + text["frames_empty"] + " left empty)",
    }
    columns |= {title: text[name] for name, title in titles.items()}
    return Table(
        pd.DataFrame({name: list(column) for name, column in columns.items()}),
        note="Person-like: frames that are one simple region as tall and as large as the original; "
        "before mending: of all frames, as outlines were filled, folds and specks left in. "
        "Outline: boundary length over the original's, median; turning: by how much it turns, with "
        "every dent and lump, likewise. Movement: IoU of neighbouring frames over the original's. "
        "Overlap: IoU with the original. Foot slide: where people cross the picture, the share of "
        "their way that the standing foot goes with them: 0 where feet stand, 1 where the figure "
        "is pushed along.",
    )


def colour_table(frame: pd.DataFrame, labels: Labels, form: str) -> Table:
    """PSNR and SSIM of the colourisers, and of the papers, by set of frames.

    Args:
      frame: rows as from `rows.to_frame`.
      labels: the colourisers' names in prose by their names, in the order wanted; those of the
        papers need none.
      form: the rows' setting.
    """
    found = find(frame, setting=form)
    lines = ["source", "method", "condition"]
    text = with_text(found, _COLOUR).pivot(index=lines, columns="metric", values="text")
    text = text.reindex(columns=[*_COLOUR])
    shown = (text["psnr"] + ", " + text["ssim"]).to_dict()
    frames = find(found, metric="psnr").set_index(lines)["n"]
    published = found[found["source"] != MEASURED].drop_duplicates(lines[:2])
    named = {(MEASURED, method): label for method, label in labels.items()}
    named |= {
        key: ": ".join(key) for key in published[lines[:2]].itertuples(index=False, name=None)
    }
    body = [
        [name, *(shown.get((*key, condition), NOTHING) for condition in COLOUR_SETS)]
        for key, name in named.items()
    ]
    # All colourisers see the same frames.
    first = next(iter(labels))
    counts = [frames.get((MEASURED, first, condition), 0) for condition in COLOUR_SETS]
    body.append(["frames", *map(str, counts)])
    return Table(pd.DataFrame(body, columns=["", *COLOUR_SETS]))


def claims_table(judged: Iterable[Sequence[str]]) -> Table:
    """What became of a paper's claims.

    Args:
      judged: as from `claims.judged`.
    """
    head = ["where", "claim", "measured", "here it", "why"]
    return Table(pd.DataFrame([*judged], columns=head), text_columns=5)
