"""The plots of a report: pivots of the long rows."""

import io
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy import stats

from gait_jax.evaluation.rows import ALL, CLEAN, CLEAN_GALLERY, MEASURED, SAME_VIEW, find, in_prose
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


def scores_by_view(
    frame: pd.DataFrame, labels: Mapping[tuple[str, str], str], metric: str, title: str
) -> bytes:
    """Scores by view, with what the paper prints (2019, figures 13 and 14).

    Args:
      frame: rows as from `rows.to_frame`.
      labels: by source and method what a curve is called, in the order wanted.
      metric: of the rows.
      title: of the axis.

    Returns:
      A PNG.
    """
    from matplotlib.figure import Figure  # Slow to import and needed once.

    figure = Figure(figsize=(7.0, 4.2), layout="constrained")
    axis = figure.subplots()
    for (source, method), label in labels.items():
        own = find(frame, source=source, method=method, metric=metric)
        own = own[own["view"] != ALL].astype({"view": int}).sort_values("view")
        if source != MEASURED:
            axis.plot(own["view"], own["value"], linestyle=":", linewidth=1, label=label)
            continue
        ends = np.abs(own[["low", "high"]].to_numpy().T - own["value"].to_numpy())
        style = {"color": "k", "linestyle": "--"} if method == CLEAN else {}
        axis.errorbar(
            own["view"],
            own["value"],
            ends,
            marker="o",
            markersize=3,
            capsize=2,
            label=label,
            **style,
        )
    axis.set_ylim(-0.03, 1.03)
    axis.set_xticks(sorted({int(view) for view in by_degrees(find(frame, metric=metric)["view"])}))
    axis.tick_params(labelsize=8)
    axis.grid(alpha=0.3)
    axis.set_xlabel("view, degrees")
    axis.set_ylabel(title)
    figure.legend(loc="outside lower center", ncols=2, fontsize=8)
    buffer = io.BytesIO()
    figure.savefig(buffer, dpi=100)
    return buffer.getvalue()


# Beyond this nobody can say how sure a judge is.
_SURE = 0.999


class Point(NamedTuple):
    """Gaits, and what they give away.

    Attributes:
      label: in prose.
      found: the share of people who are found, 0..1.
      told: the area under a judge's curve who tells them from real ones, 0.5 where nobody can.
      corner: whether it is no anonymiser but what one is held against.
    """

    label: str
    found: float
    told: float
    corner: bool


def privacy_and_naturalness(points: Sequence[Point]) -> bytes:
    """Privacy against naturalness: who is found by how surely it is told from what is real.

    Args:
      points: one at least.

    Returns:
      A PNG.
    """
    from matplotlib.figure import Figure  # Slow to import and needed once.

    figure = Figure(figsize=(7.0, 4.6), layout="constrained")
    axis = figure.subplots()
    # By how many standard deviations two kinds of scores are apart, not to crowd at 100 %.
    apart = lambda told: stats.norm.ppf(np.clip(told, 1 - _SURE, _SURE))  # noqa: E731
    for point in points:
        style = {"marker": "s", "color": "0.35"} if point.corner else {"marker": "o"}
        x, y = 100 * point.found, apart(point.told)
        axis.plot([x], [y], linestyle="", markersize=8, **style)
        # Towards the middle, where there is room.
        side, shift = ("left", 8) if x < 50 else ("right", -8)
        axis.annotate(
            point.label, (x, y), (shift, 8), textcoords="offset points", ha=side, fontsize=9
        )
    private = 100 * min(point.found for point in points)
    axis.plot([private], [0], marker="*", color="tab:green", markersize=16, linestyle="", zorder=1)
    axis.annotate("ideal", (private, 0), (0, -18), textcoords="offset points", fontsize=9)
    axis.axhline(0, color="k", linestyle=":", linewidth=1)
    ticks = np.array([0.3, 0.5, 0.7, 0.9, 0.99, _SURE])
    axis.set_yticks(apart(ticks), [f"{100 * tick:g}" for tick in ticks])
    axis.set_ylim(apart(0.3), apart(_SURE) + 0.4)
    axis.set_xlim(-3, 103)
    axis.set_xlabel("people found by the strongest attacker, % (private: left)")
    axis.set_ylabel("told from real gaits, % (natural: low)")
    axis.grid(alpha=0.3)
    buffer = io.BytesIO()
    figure.savefig(buffer, dpi=100)
    return buffer.getvalue()
