"""What `accelerator.py` writes: its record as JSON, and as tables in Markdown."""

import json
import pathlib
from typing import Any

from measuring import COMPILED, EAGER, JAX

Row = dict[str, Any]

# Operations/s by precision, and bytes/s, of data sheets: dense, SXM. 32-bit products outside of
# matrix units.
PEAKS = {
    "H100": {"float32": 67e12, "tf32": 495e12, "bfloat16": 989e12, "bytes": 3.35e12},
    "H200": {"float32": 67e12, "tf32": 495e12, "bfloat16": 989e12, "bytes": 4.8e12},
}
_NAMED = 10
_SHARES = ("compute", "memory", "kernels")


def write(folder: pathlib.Path, record: Row) -> None:
    """Writes accelerator.json and accelerator.md."""
    write_both(folder / "accelerator", record, markdown(record))


def write_both(path: pathlib.Path, record: Any, text: str) -> None:
    """Writes a record as JSON and a text as Markdown, each whole or not at all.

    Args:
      path: of both, without an ending.
      record: what JSON can say.
      text: of the Markdown.
    """
    for ending, content in {"json": json.dumps(record, indent=1) + "\n", "md": text}.items():
        beside = path.with_suffix(".new")
        beside.write_text(content, encoding="utf-8")
        beside.replace(path.with_suffix(f".{ending}"))


def peaks(device: str) -> dict[str, float] | None:
    """The peaks of a device by the name that JAX gives it; None where they are not known."""
    return next((peak for name, peak in PEAKS.items() if name in device), None)


def roofline(row: Row, peak: dict[str, float]) -> Row:
    """A step's shares of what a device could do.

    Args:
      row: a measurement with its cost.
      peak: see `PEAKS`.

    Returns:
      "compute", "memory" and "kernels": the least time that operations, bytes by XLA's count and
      bytes at the kernels' borders could take, over the time that the step takes; "binding":
      whether the first or the greater of the others is larger.
    """
    seconds, cost = row["ms"] / 1000, row["cost"]
    shares = {
        "compute": cost["flops"] / peak[row["precision"]] / seconds,
        "memory": cost["bytes"] / peak["bytes"] / seconds,
        "kernels": cost["kernel_bytes"] / peak["bytes"] / seconds,
    }
    computes = shares["compute"] > max(shares["memory"], shares["kernels"])
    return shares | {"binding": "compute" if computes else "memory"}


def rate(number: float) -> str:
    """Examples a second: few where an example is a pack."""
    return f"{number:.0f}" if number >= 100 else f"{number:.3g}"


def _table(head: list[str], rows: list[list[str]]) -> str:
    if not rows:
        return "Nothing yet.\n"
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _what(row: Row) -> str:
    parts = [row["side"], row["precision"]]
    parts += [f"{row['dispatch']} a dispatch"] * (row["dispatch"] > 1)
    return ", ".join(parts + [row["form"]] * bool(row["form"]))


def _plain(row: Row) -> bool:
    return row["dispatch"] == 1 and not row["form"]


def _side_by_side(rows: list[Row]) -> str:
    """One line for each step that several sides took: milliseconds, ratios, differences."""
    groups: dict[tuple, dict[str, Row]] = {}
    for row in rows:
        if _plain(row):
            key = row["network"], row["batch"], row["precision"]
            groups.setdefault(key, {})[row["side"]] = row
    lines = []
    for (network, batch, precision), sides in groups.items():
        if len(sides) < 2 or JAX not in sides:
            continue
        line = [network, str(batch), precision, f"{sides[JAX]['ms']:.3f}"]
        for name in (EAGER, COMPILED):
            row = sides.get(name)
            line.append(f"{row['ms']:.3f} ({row['ms'] / sides[JAX]['ms']:.2f} ×)" if row else "")
        apart = [max(s["losses_apart"]) for s in sides.values() if "losses_apart" in s]
        lines.append([*line, f"{max(apart):.1e}" if apart else ""])
    head = ["network", "batch", "precision", "JAX, ms", "eager, ms", "compile, ms", "losses apart"]
    return _table(head, lines)


def _best(rows: list[Row]) -> str:
    """The most examples a second of each side, whatever the batch and the dispatch."""
    best: dict[tuple[str, str], dict[str, Row]] = {}
    for row in rows:
        if row["form"]:
            continue
        found = best.setdefault((row["network"], row["precision"]), {})
        if row["examples_per_s"] > found.get(row["side"], {}).get("examples_per_s", 0):
            found[row["side"]] = row
    lines = []
    for (network, precision), sides in best.items():
        if JAX not in sides:
            continue
        line = [network, precision]
        for name in (JAX, EAGER, COMPILED):
            row = sides.get(name)
            line.append(f"{rate(row['examples_per_s'])} at {row['batch']}" if row else "")
        for name in (EAGER, COMPILED):
            row = sides.get(name)
            over = row and sides[JAX]["examples_per_s"] / row["examples_per_s"]
            line.append(f"{over:.2f}" if row else "")
        lines.append(line)
    head = ["network", "precision", "JAX, examples/s", "eager", "compile", "over eager"]
    return _table([*head, "over compile"], lines)


def _all(rows: list[Row], peak: dict[str, float] | None) -> str:
    lines = []
    for row in rows:
        low, high = 1000 * min(row["seconds"]), 1000 * max(row["seconds"])
        line = [row["network"], str(row["batch"]), _what(row)]
        line += [f"{row['ms']:.3f} ({low:.3f} to {high:.3f})", f"{row['steps_per_s']:.1f}"]
        line += [rate(row["examples_per_s"]), f"{row['compile_s']:.0f}"]
        cost = row.get("cost")
        counts = [cost[k] / 1e9 for k in ("flops", "bytes", "kernel_bytes")] if cost else []
        line += [f"{count:.2f}" for count in counts] or [""] * 3
        shares = roofline(row, peak) if cost and peak else {}
        line += [f"{100 * shares[k]:.1f} %" if shares else "" for k in _SHARES]
        lines.append([*line, shares.get("binding", "")])
    head = ["network", "batch", "what", "ms a step", "steps/s", "examples/s", "compiled in, s"]
    head += ["GFLOP", "GB", "GB at kernels", "of peak", "of bandwidth", "of bandwidth at kernels"]
    return _table([*head, "binding"], lines)


def _profile(profile: Row, rows: list[Row]) -> str:
    alike = [r for r in rows if all(r[k] == profile[k] for k in ("network", "batch", "side"))]
    alike = [r for r in alike if _plain(r) and r["precision"] == profile["precision"]]
    text = (
        f"\n### {profile['network']}, batch {profile['batch']}, {profile['precision']}\n\n"
        f"{profile['kernels']:.0f} kernels a step; busy {profile['busy_ms']:.3f} ms of "
        f"{profile['window_ms']:.3f} ms a step under the profiler: idle "
        f"{100 * profile['idle']:.1f} %"
    )
    if alike:
        idle = 1 - profile["busy_ms"] / alike[0]["ms"]
        text += f"; of the {alike[0]['ms']:.3f} ms without it: idle {100 * idle:.1f} %"
    lines = [
        [f"`{c['name']}`", f"`{c['kernel'][:60]}`", f"`{c['source'][-90:]}`"]
        + [f"{c['microseconds']:.1f}", f"{c['calls']:.1f}", f"{100 * c['share']:.1f} %"]
        for c in profile["costliest"][:_NAMED]
    ]
    head = ["operation", "kernel", "from", "µs a step", "calls", "share"]
    return f"{text}.\n\n{_table(head, lines)}"


def _layers(found: Row) -> str:
    lines = [
        [f"{row['input']} → {row['features']}", f"{row['kernel']} / {row['strides']}"]
        + [str(row["padding"]), str(row["calls"])]
        + [
            f"{row['milliseconds'].get(k, float('nan')):.3f}"
            for k in ("xla", "products", "columns")
        ]
        for row in found["layers"]
    ]
    head = ["input", "kernel / stride", "padding", "calls", "xla", "products", "columns"]
    return f"\n### {found['network']}, batch {found['batch']}\n\n{_table(head, lines)}"


def markdown(record: Row) -> str:
    """The record as a page."""
    rows, facts = record["measurements"], record["environment"]
    peak = peaks(facts.get("device", ""))
    text = f"# Training steps on {facts.get('device', 'an unknown device')}\n\n"
    text += f"    {record['command']}\n\n{record['began']}, {record.get('seconds', 0)} s.\n\n"
    text += _table(["what", "which"], [[k, v] for k, v in facts.items() if v])
    examples = "; ".join(f"{name}: a {what}" for name, what in record["examples"].items())
    text += f"\nExamples: {examples}.\n\n## Side by side\n\n"
    text += "In brackets over JAX; losses of the first two steps, relative above 1.\n\n"
    text += _side_by_side(rows) + "\n## The best batch of each\n\n" + _best(rows)
    for found in record["outputs"]:
        apart = max(found["apart"].values())
        text += f"\nOutputs of {found['network']} in float32: at most {apart:.1e} apart.\n"
    text += "\n## All\n\n"
    if peak:
        text += (
            "Of the data sheet's dense peaks: "
            + ", ".join(f"{k} {v / 1e12:g} TFLOP/s" for k, v in peak.items() if k != "bytes")
            + f", {peak['bytes'] / 1e12:g} TB/s. "
        )
    text += (
        "Operations are XLA's count before optimisation (one turn of a loop); bytes are XLA's "
        "count of the compiled program, and what its kernels are given and give.\n\n"
    )
    text += _all(rows, peak)
    if record["ceilings"]:
        found = [f"{k} {v / 1e12:.2f} T" for k, v in record["ceilings"].items()]
        text += f"\nReached by one large product (operations/s) and copy (bytes/s): {found}.\n"
    text += "\n## Profiles\n" + "".join(_profile(p, rows) for p in record["profiles"])
    if record["layers"]:
        text += "\n## Convolutions one by one\n\nMilliseconds of output and both gradients.\n"
        text += "".join(map(_layers, record["layers"]))
    for title, key in (("Skipped, for want of time", "skipped"), ("Failed", "errors")):
        if record[key]:
            lines = [x if isinstance(x, str) else f"{x['what']}: {x['error']}" for x in record[key]]
            text += f"\n## {title}\n\n" + "".join(f"- {line.strip()}\n" for line in lines)
    return text
