"""One evaluation with several seeds: means over them, and how far they lie apart."""

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy import stats

from gait_jax.evaluation.report import Section, Table, Text
from gait_jax.evaluation.rows import ALL, CLEAN_GALLERY, COLUMNS, MEASURED, SAME_VIEW, find
from gait_jax.evaluation.tables import Labels

_NUMBERS = ("value", "low", "high", "n")
_LEVEL = 0.95


def combine(frames: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """The rows of one evaluation out of those of its seeds.

    Args:
      frames: as from `rows.to_frame`, one a seed.

    Returns:
      As from `rows.to_frame`. A value is the mean over the seeds that have it. Where all of them
      have an interval, which is over people, each of its halves is √(a² + b²): a is the mean of the
      seeds' halves, b the half of the interval of their mean by Student's t. What others published
      stands once.
    """
    if len(frames) == 1:
        return frames[0]
    together = pd.concat(frames, ignore_index=True)
    order = {name: i for i, name in enumerate(COLUMNS)}
    names = [name for name in COLUMNS if name not in _NUMBERS]
    lines = []
    for key, group in together.groupby(names, dropna=False, sort=False):
        line = dict(zip(names, key, strict=True)) | {"value": group["value"].mean()}
        line |= {"low": math.nan, "high": math.nan, "n": group["n"].iloc[0]}
        if line["source"] == MEASURED and group["low"].notna().all():
            own = _of_seeds(group["value"].to_numpy())
            for end, sign in (("low", -1), ("high", 1)):
                half = abs(group[end] - group["value"]).mean()
                line[end] = line["value"] + sign * math.hypot(half, own)
        lines.append(line)
    made = pd.DataFrame(lines)[sorted(order, key=order.get)]
    return made.astype(frames[0].dtypes)


def _of_seeds(values: np.ndarray) -> float:
    """Half of the 95 % interval of the mean over seeds; 0 of a single one."""
    count = len(values)
    if count < 2:
        return 0.0
    reach = stats.t.ppf((1 + _LEVEL) / 2, count - 1)
    return float(reach * values.std(ddof=1) / math.sqrt(count))


def sections(frames: Sequence[pd.DataFrame], seeds: Sequence[int], labels: Labels) -> list[Section]:
    """How far the seeds lie apart: success of each, as the papers measure it.

    Args:
      frames: as from `rows.to_frame`, one a seed.
      seeds: them.
      labels: the methods' names in prose by their names.

    Returns:
      Nothing of one seed.
    """
    if len(frames) < 2:
        return []
    told = Text(
        f"Everything was trained and measured with {len(seeds)} seeds. Numbers are their means, "
        "and intervals hold the spread of people and that of seeds. Here every seed stands by "
        "itself."
    )
    wanted = {"attacker": CLEAN_GALLERY, "setting": SAME_VIEW, "condition": ALL, "view": ALL}
    cells: dict[tuple[str, str], list[float]] = {}
    for number, frame in enumerate(frames):
        for row in find(frame, source=MEASURED, metric="success@1", **wanted).itertuples():
            mine = cells.setdefault((row.method, row.recogniser), [math.nan] * len(frames))
            mine[number] = 100 * row.value
    body = [
        [labels[method], recogniser, *(f"{x:.1f}" for x in values)]
        + [f"{np.nanmean(values):.1f}", f"{np.nanstd(values, ddof=1):.1f}"]
        for (method, recogniser), values in cells.items()
        if method in labels
    ]
    head = ["method", "recogniser", *(f"seed {seed}" for seed in seeds), "mean", "spread (sd)"]
    table = Table(pd.DataFrame(body, columns=head), caption="Success at rank 1, %", text_columns=2)
    return [Section("Seeds", [told, table])] if body else [Section("Seeds", [told])]
