"""What every report is made of: one self-contained HTML file."""

import base64
import html
import pathlib
from typing import Any

from gait_jax.runtime import records

_STYLE = """
body { font: 15px/1.45 system-ui, sans-serif; max-width: 1100px; margin: 2em auto; padding: 0 1em;
  color: #222; }
table { border-collapse: collapse; margin: 1em 0; font-size: 13px; }
th, td { border: 1px solid #ccc; padding: 3px 8px; text-align: right; white-space: nowrap; }
th { background: #f2f2f2; } td:first-child, th:first-child { text-align: left; }
.synthetic { background: #fff3c4; border: 1px solid #e0b400; padding: .6em 1em; }
.note { color: #555; } img { max-width: 100%; }
"""


def table(head: list[str], body: list[list[Any]]) -> str:
    """A table of text; nothing in it is taken for markup."""
    cells = lambda tag, row: "".join(f"<{tag}>{html.escape(str(x))}</{tag}>" for x in row)  # noqa: E731
    lines = "".join(f"<tr>{cells('td', row)}</tr>\n" for row in body)
    return f"<table><tr>{cells('th', head)}</tr>\n{lines}</table>\n"


def image(data: bytes, alt: str) -> str:
    """A PNG within the page."""
    text = base64.b64encode(data).decode()
    return f'<p><img alt="{html.escape(alt)}" src="data:image/png;base64,{text}"></p>\n'


def write(
    path: pathlib.Path, title: str, heading: str, results: dict[str, Any], parts: list[str]
) -> None:
    """Writes a report, whole or not at all.

    Args:
      path: of the file.
      title: of the window.
      heading: over the page.
      results: of the evaluation; "data" says whether it is synthetic, "software" and "seed" stand
        at the end.
      parts: the page itself, as HTML.
    """
    text = lambda value: html.escape(str(value))  # noqa: E731
    lines = [
        "<!doctype html><html lang='en'><head><meta charset='utf-8'>",
        f"<title>gait_jax: {text(title)}</title><style>{_STYLE}</style></head><body>",
        f"<h1>{text(heading)}</h1>",
    ]
    if results["data"]["synthetic"]:
        lines.append(
            "<p class='synthetic'><b>Synthetic data.</b> No real person walks in it: these numbers "
            "say nothing of how real people are protected.</p>"
        )
    software = results["software"]
    versions = ", ".join(f"{name} {v}" for name, v in software["packages"].items() if v)
    lines += [
        *parts,
        f"<p class='note'>Revision {text(software['git_revision'])}, seed {results['seed']}, "
        f"{text(', '.join(software['devices']))}, Python {text(software['python'])}, "
        f"{text(versions)}.</p>",
        "</body></html>\n",
    ]
    records.write_atomically(path, "\n".join(lines))
