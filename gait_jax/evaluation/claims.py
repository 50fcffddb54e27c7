"""What a paper claims, held against what was measured, whichever way it falls."""

import dataclasses
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import pandas as pd

from gait_jax.evaluation.cells import Show, estimate
from gait_jax.evaluation.rows import ALL, MEASURED, find

# Differences that are listed one by one.
_MOST = 6

YES, NO, UNTOLD = "holds", "does not hold", "cannot be told"


class Difference(NamedTuple):
    """By how much something is higher than something else; a claim says that it is.

    Attributes:
      what: in words; empty where a claim has one difference alone.
      value: the number.
      low: of its 95 % interval; None where it has none.
      high: likewise.
    """

    what: str
    value: float
    low: float | None
    high: float | None


class Judgement(NamedTuple):
    """What became of a claim.

    Attributes:
      holds: `YES`, `NO` or `UNTOLD`.
      measured: the numbers.
      why: why it does not hold or cannot be told; empty where it holds.
    """

    holds: str
    measured: str
    why: str


UNMEASURED = Judgement(UNTOLD, "–", "it was not measured here")


def of_few(measured: str) -> Judgement:
    """What is said of fewer than ten people, however large their numbers."""
    return Judgement(UNTOLD, measured, "there is no interval of so few people")


@dataclasses.dataclass(frozen=True)
class Roles:
    """Which methods and colourisers of an evaluation are the paper's; empty where there is none.

    Attributes:
      ours: what the paper proposes.
      baseline: what it stands beside.
      gaussian: what it proposes, with a Gaussian seed for noise.
      sweep: what it proposes, in the order of α.
      anonymizer: whose gaits it colours.
      contours: the earlier model that this stands beside.
    """

    ours: str = ""
    baseline: str = ""
    gaussian: str = ""
    sweep: tuple[str, ...] = ()
    anonymizer: str = ""
    contours: str = ""

    def names(self) -> tuple[str, ...]:
        """All that are named."""
        named = self.ours, self.baseline, self.gaussian, self.anonymizer, self.contours
        return tuple(filter(None, (*named, *self.sweep)))


Judge = Callable[[pd.DataFrame, Roles], Judgement]


@dataclasses.dataclass(frozen=True)
class Claim:
    """A claim of a paper.

    Attributes:
      place: where the paper makes it.
      sentence: what it says, in our words.
      judge: holds it against rows as from `rows.to_frame`.
      known: what else is known of why it may fail; shown unless it holds.
    """

    place: str
    sentence: str
    judge: Judge
    known: str = ""


def points(value: float) -> str:
    """A difference of rates, in per cent points."""
    return f"{100 * value:+.1f}"


def plain(value: float) -> str:
    """A difference of anything else."""
    return f"{value:+.3f}"


def interval(row: pd.Series) -> tuple[float | None, float | None]:
    """Both ends of a row's interval; None where it has none."""
    if pd.isna(row["low"]):
        return None, None
    return float(row["low"]), float(row["high"])


def one(frame: pd.DataFrame, **wanted: str) -> pd.Series | None:
    """A measured row, over all conditions and views where nothing else is said, or None."""
    found = find(frame, **({"source": MEASURED, "condition": ALL, "view": ALL} | wanted))
    return None if found.empty else found.iloc[0]


def over(
    frame: pd.DataFrame,
    metric: str,
    first: str,
    second: str,
    what: str = "",
    by: str = "method",
    **wanted: str,
) -> Difference | None:
    """By how much one method, or recogniser, measures higher than another; None if nobody did.

    Args:
      frame: rows as from `rows.to_frame`.
      metric: of the rows that say so: "success_over_method@1".
      first: name of a method or recogniser.
      second: another one.
      what: see `Difference`.
      by: the column of these names.
      **wanted: value by column, besides.
    """
    for sign, mine, against in ((1, first, second), (-1, second, first)):
        row = one(frame, metric=metric, against=against, **{by: mine}, **wanted)
        if mine and against and row is not None:
            ends = sorted(sign * end for end in interval(row) if end is not None)
            return Difference(what, sign * float(row["value"]), *(ends or (None, None)))
    return None


def all_higher(differences: Iterable[Difference | None], show: Show = plain) -> Judgement:
    """Whether all differences are above 0, by their intervals.

    They are where every interval lies above 0, they are not where one lies at or below it, and
    otherwise it cannot be told: of a difference without an interval it never can.

    Args:
      differences: some; None stands for one that nobody measured.
      show: how the numbers are shown.
    """
    differences = [*differences]
    known = [found for found in differences if found is not None]
    if not known:
        return UNMEASURED
    measured = _all_shown(known, show)
    below = [found for found in known if found.high is not None and found.high <= 0]
    if below:
        return Judgement(NO, measured, f"the interval{_of(below)} does not reach above 0")
    if len(known) < len(differences):
        return Judgement(UNTOLD, measured, "not all of it was measured here")
    without = [found for found in known if found.low is None]
    if without:
        return of_few(measured)
    around = [found for found in known if found.low <= 0]
    if around:
        return Judgement(UNTOLD, measured, f"the interval{_of(around)} holds 0")
    return Judgement(YES, measured, "")


def _all_shown(known: Sequence[Difference], show: Show) -> str:
    if len(known) <= _MOST:
        return "; ".join(_shown(found, show) for found in known)
    values = [found.value for found in known]
    above = sum(value > 0 for value in values)
    ends = f"from {show(min(values))} to {show(max(values))}"
    return f"{len(known)} differences {ends}, of which {above} are above 0"


def _shown(found: Difference, show: Show) -> str:
    return f"{found.what} {estimate(show, found.value, found.low, found.high)}".strip()


def _of(found: Sequence[Difference]) -> str:
    names = [each.what for each in found if each.what]
    more = f" and {len(names) - _MOST} more" if len(names) > _MOST else ""
    return f" of {', '.join(names[:_MOST])}{more}" if names else ""


def judged(claims: Iterable[Claim], frame: pd.DataFrame, roles: Roles) -> list[list[str]]:
    """The lines of the table of claims: place, claim, what was measured, whether it holds, why.

    Args:
      claims: of a paper.
      frame: rows as from `rows.to_frame`.
      roles: which methods are the paper's.
    """
    lines = []
    for claim in claims:
        found = claim.judge(frame, roles)
        why = ". ".join(filter(None, (found.why, claim.known if found.holds != YES else "")))
        lines.append([claim.place, claim.sentence, found.measured, found.holds, why])
    return lines
