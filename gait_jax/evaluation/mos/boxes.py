"""The plot of opinions by view (2019, figure 12): a pivot of the long rows."""

import io

import numpy as np
import pandas as pd

from gait_jax.evaluation.mos.ratings import HIGHEST, LOWEST
from gait_jax.evaluation.mos.scores import BOX, SCORE
from gait_jax.evaluation.rows import ALL
from gait_jax.evaluation.tables import Labels, by_degrees


def boxes(frame: pd.DataFrame, labels: Labels) -> bytes:
    """Boxes of the raters' means by view, methods side by side, with means as triangles.

    Args:
      frame: rows as from `rows.to_frame`.
      labels: the methods' names in prose by their names, in the order wanted.

    Returns:
      A PNG.

    Raises:
      ValueError: nothing was rated.
    """
    from matplotlib.figure import Figure  # Slow to import and needed once.

    chosen = frame[frame["metric"].isin([SCORE, *BOX])]
    if chosen.empty:
        raise ValueError("nothing was rated")
    views = [*by_degrees(chosen["view"]), ALL]
    values = chosen.pivot(index=["method", "view"], columns="metric", values="value")
    figure = Figure(figsize=(max(6.0, 0.32 * len(views) * (len(labels) + 1)), 4.2),
                    layout="constrained")  # fmt: skip
    axis = figure.subplots()
    width = 0.8 / len(labels)
    parts = dict(zip(BOX, ("whislo", "q1", "med", "q3", "whishi"), strict=True))
    drawn = []
    for i, method in enumerate(labels):
        there = [k for k, view in enumerate(views) if (method, view) in values.index]
        found = [values.loc[(method, views[k])] for k in there]
        stats = [
            {part: row[metric] for metric, part in parts.items()} | {"mean": row[SCORE]}
            for row in found
        ]
        colour = f"C{i}"
        made = axis.bxp(
            stats,
            positions=np.array(there) + (i + 0.5) * width - 0.4,
            widths=0.85 * width,
            showmeans=True,
            showfliers=False,
            patch_artist=True,
            boxprops={"facecolor": colour, "alpha": 0.45},
            medianprops={"color": "k"},
            meanprops={"marker": "^", "markerfacecolor": colour, "markeredgecolor": "k"},
            manage_ticks=False,
        )
        drawn.append(made["boxes"][0])
    axis.axvline(len(views) - 1.5, color="0.6", linewidth=1)
    axis.set_xticks(range(len(views)), [view if view == ALL else f"{view}°" for view in views])
    axis.set_xlim(-0.5, len(views) - 0.5)
    axis.set_ylim(LOWEST - 0.1, HIGHEST + 0.1)
    axis.set_yticks(range(LOWEST, HIGHEST + 1))
    axis.set_xlabel("view")
    axis.set_ylabel("mean opinion score of a rater")
    axis.grid(axis="y", alpha=0.3)
    figure.legend(drawn, [*labels.values()], loc="outside lower center", ncols=4, fontsize=8)
    buffer = io.BytesIO()
    figure.savefig(buffer, dpi=100)
    return buffer.getvalue()
