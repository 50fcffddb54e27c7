"""What the papers found, held against what was measured, whichever way it falls."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from gait_jax.evaluation.rows import ALL, CLEAN_GALLERY, MEASURED, SAME_VIEW, find

Ordering = dict[str, str]


def _value(frame: pd.DataFrame, **wanted: str) -> float | None:
    """What was measured over all conditions and views; None where it was not."""
    found = find(frame, source=MEASURED, condition=ALL, view=ALL, **wanted)["value"]
    return None if found.empty else found.item()


def _success(frame: pd.DataFrame, method: str, recogniser: str) -> float | None:
    """Top-1 success as the papers measure it: clean gallery, same view, all probes."""
    return _value(
        frame,
        metric="success@1",
        method=method,
        recogniser=recogniser,
        attacker=CLEAN_GALLERY,
        setting=SAME_VIEW,
    )


def _judge(ordering: str, values: list[tuple[str, float | None]]) -> list[Ordering]:
    """Whether labelled values rise from first to last; nothing where one was not measured."""
    numbers = [value for _, value in values]
    if None in numbers:
        return []
    rises = all(a < b for a, b in zip(numbers[:-1], numbers[1:], strict=True))
    measured = ", ".join(f"{label}: {100 * value:.1f} %" for label, value in values)
    return [{"ordering": ordering, "holds": "yes" if rises else "no", "measured": measured}]


def check(frame: pd.DataFrame, methods: Mapping[str, Mapping[str, Any]]) -> list[Ordering]:
    """The orderings that the measured methods and recognisers allow to judge.

    Success rises with α for both recognisers (2019, figures 15 and 16) and is higher against Zheng
    than against Wu (2019 §4.2); noise that G_N draws gives more natural frames than a Gaussian seed
    (2019, figure 7).

    Args:
      frame: rows as from `rows.to_frame`.
      methods: by name, "label" and the method's own "facts", if it has some. Methods with the facts
        "alpha" and "noise" are judged, the others are none of the paper's.

    Returns:
      {"ordering", "holds": yes or no, "measured"} each.
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
            found += _judge(f"success against {recogniser} rises with α", values)
    if {"zheng2011", "wu2017"} <= {*recognisers}:
        for name in gan:
            pair = [(r, _success(frame, name, r)) for r in ("wu2017", "zheng2011")]
            what = f"{methods[name]['label']}: success higher against Zheng than against Wu"
            found += _judge(what, pair)
    for name, known in judged.items():
        for other, alpha in gan.items():
            if known["noise"] == "gaussian" and known["alpha"] == alpha:
                shares = [
                    (methods[n]["label"], _value(frame, metric="one_region", method=n))
                    for n in (name, other)
                ]
                found += _judge(
                    "frames that look like a person: more with G_N than with a Gaussian seed",
                    shares,
                )
    return found
