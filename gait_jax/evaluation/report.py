"""The report of an evaluation: one self-contained HTML file, and its numbers as CSV."""

import csv
import html
import io
import pathlib
from collections.abc import Iterable
from typing import Any

from gait_jax.evaluation import orderings, page
from gait_jax.recognition.scoring import ALL, CROSS_VIEW, SAME_VIEW
from gait_jax.runtime import records

Row = dict[str, Any]


def _find(rows: Iterable[Row], **wanted: Any) -> list[Row]:
    return [row for row in rows if all(row[name] == value for name, value in wanted.items())]


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:.1f}"


def _interval(row: Row, name: str) -> str:
    text = _percent(row[name])
    if row[f"{name}_low"] is None:
        return text
    return f"{text} ({_percent(row[f'{name}_low'])} to {_percent(row[f'{name}_high'])})"


def _success_table(results: dict[str, Any], setting: str) -> str:
    """Both attackers side by side, over all conditions and views."""
    body = []
    chosen = _find(results["rows"], setting=setting, condition=ALL, view=ALL)
    for method, described in results["methods"].items():
        for recogniser in results["recognisers"]:
            for rank in results["ranks"]:
                found = _find(chosen, method=method, recogniser=recogniser, rank=rank)
                attackers = {row["attacker"]: row for row in found}
                if not found:
                    continue
                line = [
                    described["label"],
                    recogniser,
                    f"top-{rank}",
                    _interval(found[0], "clean_error"),
                ]
                for attacker in results["attackers"]:
                    row = attackers.get(attacker)
                    line += (
                        [_interval(row, "success"), _interval(row, "difference")]
                        if row
                        else ["–", "–"]
                    )
                body.append([*line, _percent(found[0]["chance"]), found[0]["probes"]])
    head = ["method", "recogniser", "", "clean error"]
    for attacker in results["attackers"]:
        head += [f"success, {attacker}", "difference"]
    return page.table([*head, "chance", "probes"], body)


def _identification_table(results: dict[str, Any]) -> str:
    """How well the recognisers know clean gaits."""
    body = []
    clean = _find(results["rows"], method="none", view=ALL, rank=results["ranks"][0])
    for recogniser in results["recognisers"]:
        for setting in (SAME_VIEW, CROSS_VIEW):
            found = _find(clean, recogniser=recogniser, setting=setting)
            conditions = {row["condition"]: row for row in found}
            body.append(
                [recogniser, setting]
                + [
                    _percent(1 - conditions[c]["clean_error"]) if c in conditions else "–"
                    for c in results["conditions"]
                ]
            )
    return page.table(["recogniser", "gallery", *results["conditions"]], body)


def _view_tables(results: dict[str, Any]) -> str:
    """Success by view, same view, all conditions, with the clean error under it."""
    parts = []
    chosen = _find(results["rows"], setting=SAME_VIEW, condition=ALL)
    views = sorted({row["view"] for row in chosen} - {ALL}, key=int)
    for recogniser in results["recognisers"]:
        for rank in results["ranks"]:
            mine = _find(chosen, recogniser=recogniser, rank=rank)
            body = []
            for method, described in results["methods"].items():
                for attacker in results["attackers"]:
                    by_view = {r["view"]: r for r in _find(mine, method=method, attacker=attacker)}
                    body.append(
                        [f"{described['label']}, {attacker}"]
                        + [_percent(by_view[v]["success"]) if v in by_view else "–" for v in views]
                    )
            clean = {r["view"]: r for r in _find(mine, method="none")}
            line = lambda name: [_percent(clean[v][name]) if v in clean else "–" for v in views]  # noqa: E731,B023
            body.append(["clean error", *line("clean_error")])
            body.append(["chance", *line("chance")])
            parts.append(f"<h3>{html.escape(recogniser)}, top-{rank}</h3>")
            parts.append(page.table(["success, same view", *(f"{v}°" for v in views)], body))
    return "\n".join(parts)


def _curves(results: dict[str, Any], rank: int) -> bytes:
    """Success by view, a panel for each recogniser and attacker (2019, figures 11, 15, 16)."""
    import matplotlib  # Slow to import and needed once.

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    names, attackers = list(results["recognisers"]), results["attackers"]
    figure, axes = plt.subplots(
        len(names),
        len(attackers),
        figsize=(5.4 * len(attackers), 3.4 * len(names)),
        squeeze=False,
        sharex=True,
        sharey=True,
    )
    chosen = _find(results["rows"], setting=SAME_VIEW, condition=ALL, rank=rank)
    for i, name in enumerate(names):
        for j, attacker in enumerate(attackers):
            axis = axes[i][j]
            for method, described in results["methods"].items():
                found = _find(chosen, recogniser=name, attacker=attacker, method=method)
                found = sorted((r for r in found if r["view"] != ALL), key=lambda r: r["view"])
                axis.plot(
                    [r["view"] for r in found],
                    [100 * r["success"] for r in found],
                    marker="o",
                    markersize=3,
                    label=described["label"],
                )
            clean = _find(chosen, recogniser=name, method="none")
            clean = sorted((r for r in clean if r["view"] != ALL), key=lambda r: r["view"])
            at = [r["view"] for r in clean]
            axis.plot(at, [100 * r["clean_error"] for r in clean], "k--", label="clean error")
            axis.plot(at, [100 * r["chance"] for r in clean], "k:", label="chance")
            axis.set_title(f"{name}, {attacker}, top-{rank}", fontsize=10)
            axis.set_ylim(-3, 103)
            axis.set_xticks(at)
            axis.tick_params(labelsize=8)
            axis.grid(alpha=0.3)
            if j == 0:
                axis.set_ylabel("not identified, %")
            if i == len(names) - 1:
                axis.set_xlabel("view, degrees")
    axes[0][0].legend(fontsize=8)
    figure.tight_layout()
    buffer = io.BytesIO()
    figure.savefig(buffer, dpi=100)
    plt.close(figure)
    return buffer.getvalue()


def _methods_table(results: dict[str, Any]) -> str:
    body = []
    for described in results["methods"].values():
        natural = described["naturalness"] or {}
        empty = sum(described["frames_left_empty"].values())
        number = lambda value: "–" if value is None else f"{value:.3f}"  # noqa: E731
        body.append(
            [
                described["label"],
                f"{described['sequences']} ({described['sequences_without_energy_image']} lost)",
                f"{described['frames']} ({empty} left empty)",
                number(described["distance"]),
                _percent(natural.get("one_region")),
                number(natural.get("outline")),
                number(natural.get("movement")),
                number(natural.get("overlap")),
            ]
        )
    head = ["method", "sequences", "frames", "‖Ŷ-Y‖₁, body heights", "person-like, %"]
    return page.table([*head, "outline", "movement", "overlap"], body)


def write_csv(path: pathlib.Path, rows: list[Row]) -> None:
    """Writes all rates, a line each.

    Args:
      path: of the file.
      rows: of `results.json`.
    """
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    records.write_atomically(path, buffer.getvalue())


def write_html(path: pathlib.Path, results: dict[str, Any]) -> None:
    """Writes the report.

    Args:
      path: of the file; pictures named in the results are read from `anonymized/` beside it.
      results: as in `results.json`.
    """
    protocol, data = results["protocol"], results["data"]
    text = lambda value: html.escape(str(value))  # noqa: E731
    show = lambda conditions: ", ".join(  # noqa: E731
        f"{name}-{number:02d}" for name, numbers in conditions.items() for number in numbers
    )
    groups = ", ".join(f"{name} {len(members)}" for name, members in data["groups"].items())
    trained = _warnings(results)
    parts = [
        f"<p>Groups of subjects: {text(groups)}. Gallery: {text(show(protocol['gallery']))} of "
        f"“{text(protocol['enrolled'])}”. Probes: {text(show(protocol['probes']))} of "
        f"“{text(protocol['probed'])}”. {text(protocol['declared'])}</p>",
        *(f"<p class='synthetic'>{text(line)}</p>" for line in trained),
        "<p><b>Success</b> is the share of anonymised walks whose person is not among the k "
        "nearest of the gallery. <b>Clean error</b> is the same share of the same walks before "
        "anonymisation, in a clean gallery: what the recogniser gets wrong anyway. The "
        "<b>difference</b> is what the anonymiser adds. <b>Chance</b> is the success against a "
        "recogniser that guesses: no method needs more. In brackets: 95 % bootstrap intervals over "
        "people.</p>",
        "<p>Two attackers. The papers': a <b>clean gallery</b> against anonymised probes. And the "
        "honest one, who enrols anonymised gaits too: <b>anonymised gallery</b>, gallery and "
        "probes each with their own noise.</p>",
        "<h2>Success, %, probes in the gallery of their own view</h2>",
        _success_table(results, SAME_VIEW),
        "<h2>Success, %, mean over the galleries of all other views</h2>",
        _success_table(results, CROSS_VIEW),
        f"<h2>What the recognisers know of clean gaits: rank-{results['ranks'][0]}, %</h2>",
        _identification_table(results),
        "<h2>Naturalness</h2>",
        _methods_table(results),
        "<p class='note'>Person-like: frames that are one simple region as tall and as large as "
        "the original. Outline: boundary length over the original's, median. Movement: IoU of "
        "neighbouring frames over the original's. Overlap: IoU with the original.</p>",
        "<h2>Against the papers' orderings</h2>",
        page.table(
            ["ordering", "holds", "measured"],
            [[o["ordering"], o["holds"], o["measured"]] for o in orderings.check(results)],
        ),
        "<h2>By view</h2>",
        *(
            page.image(_curves(results, rank), f"success by view, top-{rank}")
            for rank in results["ranks"]
        ),
        _view_tables(results),
        "<h2>What it looks like</h2>",
    ]
    for described in results["methods"].values():
        file = path.parent / "anonymized" / described["picture"]
        parts.append(f"<h3>{text(described['label'])}</h3>")
        if file.exists():
            parts.append(page.image(file.read_bytes(), f"samples of {described['label']}"))
    name = protocol["name"]
    page.write(path, name, f"Does the anonymiser work? {name} on {data['name']}", results, parts)


def _warnings(results: dict[str, Any]) -> list[str]:
    """A warning for every method that has seen people whom it is measured on."""
    return [
        f"{described['label']} was trained on people who are probed here "
        f"({', '.join(described['trained_on_probed_people'])}): its success is not to be trusted."
        for described in results["methods"].values()
        if described["trained_on_probed_people"]
    ]
