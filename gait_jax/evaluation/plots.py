"""The plots of a report: pivots of the long rows."""

import io
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import pandas as pd

from gait_jax.evaluation.rows import ALL, CLEAN, CLEAN_GALLERY, SAME_VIEW, in_prose
from gait_jax.evaluation.tables import by_degrees, identified


def success_by_view(frame: pd.DataFrame, labels: Mapping[str, str], rank: int) -> bytes:
    """Success by view, a panel for each recogniser and attacker (2019, figures 11, 15, 16).

    Args:
      frame: rows as from `rows.to_frame`.
      labels: the methods' names in prose by their names, in the order wanted.
      rank: the k of rank-k.

    Returns:
      A PNG.

    Raises:
      ValueError: no success at this rank was measured by view.
    """
    from matplotlib.figure import Figure  # Slow to import and needed once.

    chosen = identified(frame, setting=SAME_VIEW, condition=ALL)
    chosen = chosen[(chosen["rank"] == rank) & (chosen["view"] != ALL)]
    names, attackers = chosen["recogniser"].unique(), chosen["attacker"].unique()
    if chosen.empty:
        raise ValueError(f"nothing was measured by view at rank {rank}")
    views = by_degrees(chosen["view"])
    percents = 100 * chosen.pivot(
        index=["recogniser", "method", "attacker", "metric"], columns="view", values="value"
    ).reindex(columns=views)
    at = [int(view) for view in views]
    figure = Figure(figsize=(5.4 * len(attackers), 3.4 * len(names)), layout="constrained")
    axes = figure.subplots(len(names), len(attackers), squeeze=False, sharex=True, sharey=True)
    for i, name in enumerate(names):
        for j, attacker in enumerate(attackers):
            axis = axes[i][j]
            curves = [
                (method, attacker, "success", {"marker": "o", "markersize": 3, "label": label})
                for method, label in labels.items()
            ]
            # Of the walks that the methods were probed with, which may be fewer than all.
            keys = ((name, method, CLEAN_GALLERY, "chance") for method in labels)
            probed = next((key[1] for key in keys if key in percents.index), CLEAN)
            clean = (probed, CLEAN_GALLERY)
            curves += [
                (*clean, "clean_error", {"color": "k", "linestyle": "--", "label": "clean error"}),
                (*clean, "chance", {"color": "k", "linestyle": ":", "label": "chance"}),
            ]
            for *key, style in curves:
                if (name, *key) in percents.index:
                    axis.plot(at, percents.loc[(name, *key)], **style)
            axis.set_title(f"{name}, {in_prose(attacker)}, top-{rank}", fontsize=10)
            axis.set_ylim(-3, 103)
            axis.set_xticks(at)
            axis.tick_params(labelsize=8)
            axis.grid(alpha=0.3)
            if j == 0:
                axis.set_ylabel("not identified, %")
            if i == len(names) - 1:
                axis.set_xlabel("view, degrees")
    # Below the panels: within one it would hide curves.
    lines, names_of_lines = axes[0][0].get_legend_handles_labels()
    figure.legend(lines, names_of_lines, loc="outside lower center", ncols=4, fontsize=8)
    buffer = io.BytesIO()
    figure.savefig(buffer, dpi=100)
    return buffer.getvalue()


class Point(NamedTuple):
    """Gaits, and what they give away.

    Attributes:
      label: in prose.
      found: the share of people who are found, 0..1.
      unreal: how far they lie from real ones, 1 where they are as real people's.
      corner: whether it is no anonymiser but what one is held against.
    """

    label: str
    found: float
    unreal: float
    corner: bool


def privacy_and_naturalness(points: Sequence[Point]) -> bytes:
    """Privacy against naturalness: who is found by how unreal it looks, on a scale of powers.

    Args:
      points: one at least.

    Returns:
      A PNG.
    """
    from matplotlib.figure import Figure  # Slow to import and needed once.

    figure = Figure(figsize=(7.0, 4.6), layout="constrained")
    axis = figure.subplots()
    for point in points:
        style = {"marker": "s", "color": "0.35"} if point.corner else {"marker": "o"}
        x, y = 100 * point.found, point.unreal
        axis.plot([x], [y], linestyle="", markersize=8, **style)
        # Towards the middle, where there is room.
        side, shift = ("left", 8) if x < 50 else ("right", -8)
        axis.annotate(
            point.label, (x, y), (shift, 8), textcoords="offset points", ha=side, fontsize=9
        )
    private = min(100 * point.found for point in points)
    axis.plot([private], [1.0], marker="*", color="tab:green", markersize=16, linestyle="")
    axis.annotate("ideal", (private, 1.0), (10, -4), textcoords="offset points", fontsize=9)
    axis.axhline(1.0, color="k", linestyle=":", linewidth=1)
    axis.set_yscale("log")
    axis.set_ylim(0.8, 1.5 * max(2.0, *(point.unreal for point in points)))
    axis.yaxis.set_major_formatter("{x:g}")
    axis.set_xlim(-3, 103)
    axis.set_xlabel("people found by the strongest attacker, % (private: left)")
    axis.set_ylabel("distance from real gaits\nover that of real ones (natural: low)")
    axis.grid(alpha=0.3)
    buffer = io.BytesIO()
    figure.savefig(buffer, dpi=100)
    return buffer.getvalue()
