r"""Collects what came of a sweep: one table, means with intervals over seeds, and curves.

    python -m gait_jax.collect runs/alpha

writes into the folder: table.csv (a line for each number of each run), means.csv (means over seeds,
their 95 % intervals, how many), and curves.png (the means over the steps of training, with the
intervals as bands). Prints the means after the last step. May be asked while runs are in work.
"""

import argparse
import pathlib
import sys

import pandas as pd

from gait_jax.runtime import homes, records, terminal
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


def main(argv: list[str] | None = None) -> int:
    """The command line; returns the exit status."""
    terminal.show_what_it_can()
    parser = argparse.ArgumentParser(
        prog="python -m gait_jax.collect", description=__doc__.split("\n\n    ")[0]
    )
    parser.add_argument("folder", type=pathlib.Path, help="the --workdir of a sweep")
    args = parser.parse_args(argv)
    try:
        means, unfinished = collect(homes.expanded(args.folder))
    except InputError as error:
        print(f"gait_jax.collect: {error}", file=sys.stderr)
        return 1
    with pd.option_context("display.max_rows", None, "display.width", 200):
        print(table.last(means).to_string(index=False))
    if unfinished:
        print(f"gait_jax.collect: not finished: {', '.join(unfinished)}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
