"""Exports a trained method: what using it needs, in one small folder.

    python -m gait_jax.export runs/stgan_walkers -o models/stgan_walkers

The folder can be given wherever a training run's can be, to use it; not to train on. It names no
folder of anybody's machine, nor the command that the run was started by. What training does not
look at may be changed on the way, such as what a stand-in takes over of the original:

    python -m gait_jax.export shipped:stand_in -o models/stand_in_kept --set code.rhythm=kept
"""

import argparse
import pathlib
import sys

from gait_jax.runtime import interrupted, terminal
from gait_jax.runtime.errors import InputError


def _parsed(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise InputError(f"--set {text}: write FIELD=VALUE")
    return name, value


def main(argv: list[str] | None = None) -> int:
    """The command line; returns the exit status."""
    terminal.show_what_it_can()
    parser = argparse.ArgumentParser(
        prog="python -m gait_jax.export", description=__doc__.split("\n\n    ")[0]
    )
    parser.add_argument("workdir", help="folder of a training run, or shipped:NAME")
    parser.add_argument("-o", "--out", type=pathlib.Path, required=True, help="folder to write")
    parser.add_argument("--step", metavar="N", help="the checkpoint: a step, or best (default: "
        "the newest)")  # fmt: skip
    parser.add_argument("--set", action="append", default=[], metavar="FIELD=VALUE", help="another "
        "value of a field that training does not look at; may be given several times")  # fmt: skip
    args = parser.parse_args(argv)
    # Here, not above: what is wrong with the arguments, and --help, is said before JAX is loaded.
    from gait_jax.exporting import export

    try:
        step = export(args.workdir, args.out, args.step, dict(_parsed(text) for text in args.set))
    except InputError as error:
        print(f"gait_jax.export: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f"gait_jax.export: {interrupted.MESSAGE}", file=sys.stderr)
        return interrupted.STATUS
    print(f"The model after {step} steps is in {args.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
