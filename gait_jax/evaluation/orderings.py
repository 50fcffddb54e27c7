"""What the papers found, held against what was measured, whichever way it falls."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from gait_jax.evaluation.rows import ALL, CLEAN_GALLERY, MEASURED, SAME_VIEW, find
from gait_jax.evaluation.scoring import OVER_METHOD, OVER_RECOGNISER

Ordering = dict[str, str]

YES, NO, UNTOLD = "yes", "no", "cannot be told"


def _row(frame: pd.DataFrame, **wanted: str) -> pd.Series | None:
    """What was measured over all conditions and views; None where it was not."""
    found = find(frame, source=MEASURED, condition=ALL, view=ALL, **wanted)
    return None if found.empty else found.squeeze(axis=0)


def _success(frame: pd.DataFrame, method: str, recogniser: str) -> float | None:
    """Top-1 success as the papers measure it: clean gallery, same view, all probes."""
    names = {"metric": "success@1", "attacker": CLEAN_GALLERY, "setting": SAME_VIEW}
    found = _row(frame, method=method, recogniser=recogniser, **names)
    return None if found is None else found["value"]


def _difference(
    frame: pd.DataFrame, metric: str, first: str, second: str, beside: str
) -> tuple[float, float | None, float | None] | None:
    """By how much the second one's success is higher, with its interval; None if not measured.

    Args:
      frame: rows as from `rows.to_frame`.
      metric: `OVER_METHOD` or `OVER_RECOGNISER`.
      first: a method or recogniser.
      second: another one.
      beside: the recogniser of both, or the method.
    """
    of, other = ("method", "recogniser") if metric == OVER_METHOD else ("recogniser", "method")
    names = {"metric": f"{metric}@1", "attacker": CLEAN_GALLERY, "setting": SAME_VIEW}
    for sign, mine, against in ((1, second, first), (-1, first, second)):
        found = _row(frame, **{of: mine, "against": against, other: beside}, **names)
        if found is not None:
            low, high = sorted(sign * found[end] for end in ("low", "high"))
            known = pd.notna(found["low"])
            return sign * found["value"], low if known else None, high if known else None
    return None


def _judge(
    ordering: str,
    values: Sequence[tuple[str, float | None]],
    differences: Sequence[tuple[float, float | None, float | None] | None],
) -> list[Ordering]:
    """Whether labelled values rise from first to last; nothing where one was not measured.

    They do where the interval of every difference lies above 0, they do not where one lies at or
    below it, and otherwise it cannot be told: of differences without an interval it never can.
    """
    if any(value is None for _, value in values):
        return []
    intervals = [d[1:] if d is not None else (None, None) for d in differences]
    if all(low is not None and low > 0 for low, _ in intervals):
        holds = YES
    elif any(high is not None and high <= 0 for _, high in intervals):
        holds = NO
    else:
        holds = UNTOLD
    measured = ", ".join(f"{label}: {100 * value:.1f} %" for label, value in values)
    shown = [
        f"{100 * value:+.1f} ({100 * low:+.1f} to {100 * high:+.1f})"
        for value, low, high in filter(None, differences)
        if low is not None
    ]
    measured += f"; {', '.join(shown)}" if shown else "; no interval"
    return [{"ordering": ordering, "holds": holds, "measured": measured}]


def check(frame: pd.DataFrame, methods: Mapping[str, Mapping[str, Any]]) -> list[Ordering]:
    """The orderings that the measured methods and recognisers allow to judge.

    Success rises with α for both recognisers (2019, figures 15 and 16) and is higher against Zheng
    than against Wu (2019 §4.2); noise that G_N draws gives more natural frames than a Gaussian seed
    (2019, figure 7). Judged by paired intervals, not by the numbers alone; the share of natural
    frames has none, so that of figure 7 nothing can be told by it.

    Args:
      frame: rows as from `rows.to_frame`.
      methods: by name, "label" and the method's own "facts", if it has some. Methods with the facts
        "alpha" and "noise" are judged, the others are none of the paper's.

    Returns:
      {"ordering", "holds": yes, no or cannot be told, "measured"} each.
    """
    facts = {name: described.get("facts", {}) for name, described in methods.items()}
    judged = {name: known for name, known in facts.items() if {"alpha", "noise"} <= known.keys()}
    gan = {name: known["alpha"] for name, known in judged.items() if known["noise"] == "noise_gan"}
    recognisers = [name for name in frame["recogniser"].unique() if name]
    found = []
    if len({*gan.values()}) == len(gan) > 1:
        by_alpha = sorted(gan, key=gan.get)
        for recogniser in recognisers:
            values = [(f"α {gan[n]}", _success(frame, n, recogniser)) for n in by_alpha]
            steps = [
                _difference(frame, OVER_METHOD, *pair, recogniser)
                for pair in zip(by_alpha[:-1], by_alpha[1:], strict=True)
            ]
            found += _judge(f"success against {recogniser} rises with α", values, steps)
    papers = ("wu2017", "zheng2011")
    if {*papers} <= {*recognisers}:
        for name in gan:
            values = [(recogniser, _success(frame, name, recogniser)) for recogniser in papers]
            step = _difference(frame, OVER_RECOGNISER, *papers, name)
            what = f"{methods[name]['label']}: success higher against Zheng than against Wu"
            found += _judge(what, values, [step])
    for name, known in judged.items():
        for other, alpha in gan.items():
            if known["noise"] == "gaussian" and known["alpha"] == alpha:
                rows = [(n, _row(frame, metric="one_region", method=n)) for n in (name, other)]
                values = [
                    (methods[n]["label"], None if row is None else row["value"]) for n, row in rows
                ]
                found += _judge(
                    "frames that look like a person: more with G_N than with a Gaussian seed",
                    values,
                    [None],
                )
    return found
