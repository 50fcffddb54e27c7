"""Writes what became of videos: JSON for programs, or a page for people, by the file's ending."""

import pathlib
from typing import TYPE_CHECKING, Any

from gait_jax.anonymization.accounts import frames_said
from gait_jax.runtime import pages, records
from gait_jax.runtime.files import write_bytes

if TYPE_CHECKING:
    import jinja2

_PAGES = (".html", ".htm")


def is_page(path: pathlib.Path) -> bool:
    """Whether a report is to be a page: whether its name ends so."""
    return path.suffix.lower() in _PAGES


def write(path: pathlib.Path, report: dict[str, Any]) -> None:
    """Writes a report, whole or not at all.

    Args:
      path: of the file; a page where its name ends in .html, which needs nothing else, or JSON.
      report: of videos (see `batches.run`); thumbnails are shown on the page alone.

    Raises:
      OSError: it cannot be written.
    """
    if not is_page(path):
        videos = [
            {name: value for name, value in entry.items() if name != "thumbnails"}
            for entry in report["videos"]
        ]
        records.write_json(path, {**report, "videos": videos})
        return
    page = _template().render(report=report, missed=any("failed" in x for x in report["videos"]))
    # Names of files need not be UTF-8, nor text at all: all else in the template is.
    write_bytes(path, page.encode("utf-8", "backslashreplace"))


def _template() -> "jinja2.Template":
    environment = pages.environment("gait_jax.anonymization")
    environment.filters["frames"] = _frames
    environment.tests["shown"] = _shown
    return environment.get_template("report.html.j2")


def _frames(spans: list[list[int]]) -> str:
    """[[1, 3], [7, 7]] → "1–3, 7 (4 frames)"."""
    count = sum(last - first + 1 for first, last in spans)
    return f"{frames_said(spans)} ({count} frame{'s' * (count != 1)})" if spans else "none"


def _shown(frame: int, person: dict[str, Any]) -> bool:
    return any(first <= frame <= last for first, last in person["shown"])
