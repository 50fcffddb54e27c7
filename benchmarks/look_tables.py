"""Tables and summary of what `looks.py` measured, as Markdown."""

from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np

# Of a colouriser's variants: with blurred faces, as is the default, and with kept ones.
_BLUR, _KEEP = "blur", "keep"
_BODIES = {"kept": "%", "tall": ".2f", "turning": ".2f", "length": ".2f", "flicker": ".2f"}
_COLUMNS = {
    "score_before": ("score before", ".3f"), "score": ("after", ".3f"),
    "score_keep": ("faces kept", ".3f"),
    "flag_before": ("flag before", ".3f"), "flag": ("after", ".3f"),
    "flag_keep": ("faces kept", ".3f"),
    "flicker": ("colour flicker ×", ".2f"),
    "own": ("angles: own", ".2f"), "others": ("others", ".2f"),
    "own_lag": ("own, best lag", ".2f"), "others_lag": ("others, best lag", ".2f"),
}  # fmt: skip


def listed(rows: Sequence[Mapping[str, float | None]]) -> dict[str, list]:
    """Rows of the same names as a list for each name."""
    return {key: [row[key] for row in rows] for key in (rows[0] if rows else ())}


def mean(values: Iterable[float | None]) -> float | None:
    """Their mean, without what is None; None of nothing."""
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known else None


def ratio(flicker: Mapping[str, float | None], what: str) -> float | None:
    """A flicker over the original's; None where there is none."""
    made, original = flicker.get(f"{what}_anonymized"), flicker.get(f"{what}_original")
    return made / original if made is not None and original else None


def of_bodies(row: dict) -> dict[str, float | None]:
    """A situation's numbers that are the same whatever colours."""
    first = next(iter(row["variants"].values()))
    found = {key: mean(row["bodies"].get(key, ())) for key in ("kept", "tall", "turning", "length")}
    return found | {"flicker": ratio(first["flicker"], "outline")}


def of_colour(row: dict, colour: str) -> dict[str, float | None]:
    """A situation's numbers by one colouriser."""
    blurred, kept = (row["variants"][f"{colour}_{faces}"] for faces in (_BLUR, _KEEP))
    found = {key: mean(blurred[key]) for key in _COLUMNS if isinstance(blurred.get(key), list)}
    found |= {f"{key}_keep": mean(kept.get(key, ())) for key in ("score", "flag")}
    return dict.fromkeys(_COLUMNS) | found | {"flicker": ratio(blurred["flicker"], "colour")}


def _cell(value: float | None, form: str) -> str:
    if value is None:
        return "–"
    return f"{100 * value:.1f} %" if form == "%" else format(value, form)


def _table(rows: Sequence[dict], titles: Sequence[str], forms: Mapping[str, str],
           numbers: Callable[[dict], dict]) -> list[str]:  # fmt: skip
    lines = ["| situation | " + " | ".join(titles) + " |", "|---" * (len(titles) + 1) + "|"]
    for row in rows:
        if "refused" in row:
            cells = [f"refused: {row['refused']}"] + [""] * (len(titles) - 1)
        else:
            found = numbers(row)
            cells = [_cell(found[key], form) for key, form in forms.items()]
        lines.append(f"| {row['situation']} | " + " | ".join(cells) + " |")
    return lines


def _said(what: str, asked: str, value: str, met: bool | None, otherwise: str = "missed") -> str:
    verdict = {True: "met", False: otherwise, None: "not measured"}[met]
    return f"- {what}: asked {asked}, measured {value}: {verdict}"


def _at_most(what: str, limit: float, value: float | None, form: str) -> str:
    met = None if value is None else value <= limit
    return _said(what, f"at most {_cell(limit, form)}", _cell(value, form), met)


def _spread(values: Sequence[float]) -> str:
    return f"{np.mean(values):.2f} ± {np.std(values):.2f} ({len(values)} pairs)" if values else "–"


def summary(rows: Sequence[dict], colours: Sequence[str]) -> list[str]:
    """What was asked, and what was measured: means of the situations' means."""
    done = [row for row in rows if "refused" not in row]
    bodies = listed([of_bodies(row) for row in done])
    lines = [
        _at_most("outline kept", 0.35, mean(bodies.get("kept", ())), "%"),
        _at_most(
            "outline flicker over the original's", 1.1, mean(bodies.get("flicker", ())), ".2f"
        ),
    ]
    for colour in colours:
        each = [of_colour(row, colour) for row in done]
        for faces, end in ((_BLUR, ""), (_KEEP, "_keep")):
            people = [one for one in each if one["flag_before"]]
            apart = mean(one[f"score{end}"] - one["score_before"] for one in people)
            share = mean(one[f"flag{end}"] / one["flag_before"] for one in people)
            name = f"{colour}, faces {faces}"
            lines += [
                _said(f"{name}: score less the original's", "within 0.02", _cell(apart, "+.3f"),
                      None if apart is None else abs(apart) <= 0.02),
                _said(f"{name}: flag over the original's", "at least 0.98", _cell(share, ".3f"),
                      None if share is None else share >= 0.98),
            ]  # fmt: skip
        flicker = mean(one["flicker"] for one in each)
        lines.append(_at_most(f"{colour}: colour flicker over the original's", 1.2, flicker, ".2f"))
        lines += _angles(colour, [row["variants"][f"{colour}_{_BLUR}"] for row in done])
    return lines


def _angles(colour: str, variants: Sequence[dict]) -> list[str]:
    """What is asked of the angles; chance is two standard errors of the difference of means."""
    lines = []
    for end, how in (("", ""), ("_lag", " at the best lag")):
        own, others = ([v for one in variants for v in one[key + end]] for key in ("own", "others"))
        asked = f"at most other people's {_spread(others)}"
        met, otherwise = None, "missed"
        if own and others:
            above = np.mean(own) - np.mean(others)
            met = bool(above <= 0)
            if above <= 2 * np.hypot(*(np.std(x) / np.sqrt(len(x)) for x in (own, others))):
                otherwise = "above by no more than chance"
        name = f"{colour}: correlation of angles{how}"
        lines.append(_said(name, asked, _spread(own), met, otherwise))
    return lines


def report(rows: Sequence[dict], colours: Sequence[str]) -> str:
    """All tables, and the summary."""
    titles = ["outline kept", "tall ×", "turning ×", "length ×", "outline flicker ×"]
    lines = ["Bodies:", "", *_table(rows, titles, _BODIES, of_bodies), ""]
    forms = {key: form for key, (_, form) in _COLUMNS.items()}
    for colour in colours:
        titles = [title for title, _ in _COLUMNS.values()]
        block = _table(rows, titles, forms, lambda row, colour=colour: of_colour(row, colour))
        lines += [f"Coloured by {colour}:", "", *block, ""]
    return "\n".join(lines + summary(rows, colours))


def speed(seconds: Mapping[str, Sequence[tuple[float, float]]]) -> str:
    """Lines on how long the command takes, of (seconds, seconds of processors) by colouriser.

    What is asked is asked of pairs with `nearest`; without it nothing is said.
    """
    lines = []
    base = seconds.get("nearest", ())
    for colour, runs in seconds.items():
        if colour == "nearest" or not base:
            continue
        for column, what in enumerate(("seconds", "seconds of processors")):
            shares = [mine[column] / other[column] for mine, other in zip(runs, base, strict=True)]
            line = _at_most(f"{colour} over nearest, {what}", 1.2, float(np.median(shares)), ".2f")
            lines.append(f"{line} ({', '.join(f'{share:.2f}' for share in shares)})")
    return "\n".join(lines)
