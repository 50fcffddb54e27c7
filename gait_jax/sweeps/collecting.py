"""Collects what came of a sweep: its tables and curves."""

import pathlib

import pandas as pd

from gait_jax.runtime import records
from gait_jax.runtime.errors import InputError
from gait_jax.runtime.files import reason_of
from gait_jax.sweeps import table
from gait_jax.sweeps.directory import SweepDirectory


def collect(folder: pathlib.Path) -> tuple[pd.DataFrame, list[str]]:
    """Writes the tables and curves of a sweep.

    Args:
      folder: the sweep's.

    Returns:
      (the means, as `table.means` gives them; the names of runs that are not finished).

    Raises:
      InputError: it is no sweep, nothing was measured yet, or a file is damaged or cannot be
        written.
    """
    found, unfinished = table.read(SweepDirectory(folder))
    means = table.means(found)
    try:
        records.write_atomically(folder / "table.csv", found.to_csv(index=False))
        records.write_atomically(folder / "means.csv", means.to_csv(index=False))
        table.draw(means, folder / "curves.png")
    except OSError as error:
        raise InputError(f"{folder} cannot be written ({reason_of(error)})") from None
    return means, unfinished
