"""How numbers stand in the cells of tables."""

import math
from collections.abc import Callable

import pandas as pd

Show = Callable[[float], str]
FEW_PEOPLE = "few people"


def percent(value: float) -> str:
    """A share in 0..1 in per cent, with one digit."""
    return f"{100 * value:.1f}"


def number(value: float) -> str:
    """A number with three digits."""
    return f"{value:.3f}"


def count(value: float) -> str:
    """A whole number."""
    return f"{value:.0f}"


def decibels(value: float) -> str:
    """PSNR; "exact" where nothing differs."""
    return "exact" if value == math.inf else f"{value:.2f}"


def estimate(show: Show, value: float, low: float, high: float, few: str = "") -> str:
    """A number with its interval, "value (low to high)".

    Args:
      show: writes a number.
      value: the number.
      low: the interval's lower end; None or NaN where there is none.
      high: its upper end, likewise.
      few: what stands in brackets in its place; nothing by default.
    """
    if not pd.isna(low):
        return f"{show(value)} ({show(low)} to {show(high)})"
    return f"{show(value)} ({few})" if few else show(value)
