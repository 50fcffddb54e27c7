"""What came of a page: rows and a report out of the raters' files."""

import pathlib
from collections.abc import Sequence

import pandas as pd

from gait_jax.evaluation import report, rows
from gait_jax.evaluation.mos import ratings, scores, sections
from gait_jax.evaluation.mos.key import Key
from gait_jax.evaluation.mos.ratings import Unusable
from gait_jax.runtime import records
from gait_jax.runtime.errors import InputError
from gait_jax.runtime.files import reason_of, writable

ROWS, REPORT = "rows.csv", "report.html"


def analyse(
    given: Sequence[pathlib.Path], key: pathlib.Path, out: pathlib.Path, leave_out: bool = False
) -> tuple[pd.DataFrame | None, list[Unusable]]:
    """Writes rows.csv and report.html.

    Args:
      given: files of ratings, and folders of them.
      key: the page's.
      out: the folder to write to, made where it is missing.
      leave_out: whether to go on without files that cannot be used, which the report lists.

    Returns:
      (the rows as from `rows.to_frame`, or None where files cannot be used and may not be left out;
      those files).

    Raises:
      InputError: the key, a folder or all files cannot be used, or nothing can be written.
    """
    known = Key.load(key)
    answers, wrong = ratings.read(given, known)
    if wrong and not leave_out:
        return None, wrong
    if not answers:
        raise InputError("no file of ratings can be used: look at what is wrong with them")
    frame = rows.to_frame(scores.rows(answers, known))
    parts = [*sections.sections(frame, {}), *sections.left_out(wrong)]
    results = {"data": {"synthetic": False}, "software": records.software(), "seed": 0}
    heading = f"How natural do they walk? What people say (raters: {len(answers)})"
    with writable(out / REPORT, "-o"):
        try:
            rows.write_csv(out / ROWS, frame)
            report.write_html(out / REPORT, "mean opinion score", heading, results, parts)
        except OSError as error:
            raise InputError(
                f"{out} cannot be written ({reason_of(error)}): choose another -o"
            ) from None
    return frame, wrong
