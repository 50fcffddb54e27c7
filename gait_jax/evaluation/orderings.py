"""What the papers found, held against what was measured, whichever way it falls."""

from typing import Any

from gait_jax.recognition.scoring import ALL, SAME_VIEW

Ordering = dict[str, str]


def _success(results: dict[str, Any], method: str, recogniser: str) -> float | None:
    """Top-1 success as the papers measure it: clean gallery, same view, all probes."""
    for row in results["rows"]:
        if (
            row["method"] == method
            and row["recogniser"] == recogniser
            and row["attacker"] == results["attackers"][0]
            and row["setting"] == SAME_VIEW
            and row["condition"] == row["view"] == ALL
            and row["rank"] == results["ranks"][0]
        ):
            return row["success"]
    return None


def _judge(ordering: str, values: list[tuple[str, float]]) -> Ordering:
    """Whether labelled values rise from first to last."""
    numbers = [value for _, value in values]
    rises = all(a < b for a, b in zip(numbers[:-1], numbers[1:], strict=True))
    measured = ", ".join(f"{label}: {100 * value:.1f} %" for label, value in values)
    return {"ordering": ordering, "holds": "yes" if rises else "no", "measured": measured}


def check(results: dict[str, Any]) -> list[Ordering]:
    """The orderings that the measured methods and recognisers allow to judge.

    Success rises with α for both recognisers (2019, figures 15 and 16) and is higher against Zheng
    than against Wu (2019 §4.2); noise that G_N draws gives more natural frames than a Gaussian seed
    (2019, figure 7).

    Args:
      results: as in `results.json`, with "attackers" the papers' attacker first.

    Returns:
      {"ordering", "holds": yes or no, "measured"} each.
    """
    methods, recognisers = results["methods"], list(results["recognisers"])
    found = []
    gan = {n: m for n, m in methods.items() if m["noise"] == "noise_gan"}
    by_alpha = sorted(gan, key=lambda name: gan[name]["alpha"])
    if len({gan[name]["alpha"] for name in gan}) == len(gan) > 1:
        for recogniser in recognisers:
            values = [(n, _success(results, n, recogniser)) for n in by_alpha]
            if all(value is not None for _, value in values):
                labelled = [(f"α {gan[n]['alpha']}", value) for n, value in values]
                found.append(_judge(f"success against {recogniser} rises with α", labelled))
    if {"zheng2011", "wu2017"} <= set(recognisers):
        for name, described in gan.items():
            pair = [(r, _success(results, name, r)) for r in ("wu2017", "zheng2011")]
            if all(value is not None for _, value in pair):
                what = f"{described['label']}: success higher against Zheng than against Wu"
                found.append(_judge(what, pair))
    for name, described in methods.items():
        for other in gan.values():
            if described["noise"] == "gaussian" and described["alpha"] == other["alpha"]:
                shares = [(m["label"], m["naturalness"]) for m in (methods[name], other)]
                if all(shares[i][1] for i in (0, 1)):
                    found.append(
                        _judge(
                            "frames that look like a person: more with G_N than with a Gaussian "
                            "seed",
                            [(label, n["one_region"]) for label, n in shares],
                        )
                    )
    return found
