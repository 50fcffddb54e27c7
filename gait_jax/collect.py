r"""Collects what came of a sweep: one table, means with intervals over seeds, and curves.

    python -m gait_jax.collect runs/alpha

writes into the folder: table.csv (a line for each number of each run), means.csv (means over seeds,
their 95 % intervals, how many), and curves.png (the means over the steps of training, with the
intervals as bands). Prints the means after the last step. May be asked while runs are in work.
"""

import argparse
import pathlib
import sys

from gait_jax.runtime import homes, terminal
from gait_jax.runtime.errors import InputError


def main(argv: list[str] | None = None) -> int:
    """The command line; returns the exit status."""
    terminal.show_what_it_can()
    parser = argparse.ArgumentParser(
        prog="python -m gait_jax.collect", description=__doc__.split("\n\n    ")[0]
    )
    parser.add_argument("folder", type=pathlib.Path, help="the --workdir of a sweep")
    args = parser.parse_args(argv)
    # Here, not above: --help, and what is wrong with the arguments, does not wait for pandas.
    import pandas as pd

    from gait_jax.sweeps import table
    from gait_jax.sweeps.collecting import collect

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
