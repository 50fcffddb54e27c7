"""What every report is made of: one self-contained HTML file of sections and their blocks."""

import base64
import dataclasses
import pathlib
import re
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

import jinja2
import markupsafe
import pandas as pd

from gait_jax.runtime import pages, records


@dataclasses.dataclass(frozen=True)
class Table:
    """A table of text.

    Attributes:
      frame: what stands in the cells; the index is not shown.
      caption: above it.
      note: below it.
      text_columns: how many columns, from the left, hold text, which may be broken over lines; the
        others hold numbers.
    """

    kind: ClassVar[str] = "table"

    frame: pd.DataFrame
    caption: str = ""
    note: str = ""
    text_columns: int = 1


@dataclasses.dataclass(frozen=True)
class Figure:
    """A picture.

    Attributes:
      png: the file's contents.
      alt: what it shows, for those who do not see it.
      caption: above it.
      note: below it.
    """

    kind: ClassVar[str] = "figure"

    png: bytes
    alt: str
    caption: str = ""
    note: str = ""

    @property
    def address(self) -> str:
        """The picture itself as an address."""
        return f"data:image/png;base64,{base64.b64encode(self.png).decode()}"


@dataclasses.dataclass(frozen=True)
class Text:
    """A paragraph."""

    kind: ClassVar[str] = "text"

    text: str


@dataclasses.dataclass(frozen=True)
class Terms:
    """What words mean.

    Attributes:
      meanings: by word, in the order in which they are explained.
    """

    kind: ClassVar[str] = "terms"

    meanings: Mapping[str, str]


@dataclasses.dataclass(frozen=True)
class Warning:
    """What a reader must not miss."""

    kind: ClassVar[str] = "warning"

    text: str


Block = Table | Figure | Text | Terms | Warning


@dataclasses.dataclass(frozen=True)
class Section:
    """Blocks under a title; without one they follow what stands above."""

    title: str
    blocks: Iterable[Block]


def _with_interval(cell: Any) -> markupsafe.Markup:
    """A number whose bracket is small and stays on one line: "70.0 (60.1 to 79.3)"."""
    escaped = str(markupsafe.escape(str(cell)))
    return markupsafe.Markup(re.sub(r"\([^()]*\)", r"<small>\g<0></small>", escaped))


def _template() -> jinja2.Template:
    environment = pages.environment("gait_jax.evaluation")
    environment.filters["with_interval"] = _with_interval
    return environment.get_template("report.html.j2")


def write_html(
    path: pathlib.Path,
    title: str,
    heading: str,
    results: Mapping[str, Any],
    sections: Iterable[Section],
) -> None:
    """Writes a report, whole or not at all.

    Args:
      path: of the file.
      title: of the window.
      heading: over the page.
      results: of the evaluation; "data" says whether it is synthetic, "software" (as from
        `records.software`) and "seed" stand at the end.
      sections: the page itself; no text in them is taken for markup.
    """
    page = _template().render(
        title=title,
        heading=heading,
        synthetic=results["data"]["synthetic"],
        seed=results["seed"],
        software=results["software"],
        sections=sections,
    )
    records.write_atomically(path, page)
