r"""Mean opinion score: people rate clips in a browser, and what they say is analysed.

    python -m gait_jax.mos page original stgan baseline -o page
    python -m gait_jax.mos receive page -o ratings
    python -m gait_jax.mos analyse ratings --key page.key.json -o runs/mos

`page` takes a folder of clips for each method, with names as CASIA-B's: 001-nm-01-090.mp4. The page
needs no network and no server: each rater's answers are a file that the browser saves. `receive`
serves it to a class-room and keeps these files. The key says which clip is of which method: keep it
from those who rate.
"""

import argparse
import pathlib
import sys

from gait_jax.runtime import homes, interrupted, terminal
from gait_jax.runtime.errors import InputError

_SEEDS = 2**32


# What each command needs is imported in it: --help, and what is wrong with the arguments, does not
# wait for all of it.
def _page(args: argparse.Namespace) -> int:
    from gait_jax.evaluation.mos import page

    out = homes.expanded(args.out)
    beside = out.parent / f"{out.resolve().name}.key.json"
    key = homes.expanded(args.key) if args.key else beside
    wanted = args.clips_per_rater, args.odd_one_out
    made = page.make(args.clips, out, key, *wanted, args.seed, args.progress)
    if made.warning:
        print(f"gait_jax.mos: {made.warning}", file=sys.stderr)
    print(
        f"{out / page.INDEX}: {made.each} clips a rater of each of {', '.join(made.methods)}, "
        f"{made.fours} sets of four\n{key}: which clip is which, not for raters"
    )
    return 0


def _receive(args: argparse.Namespace) -> int:
    from gait_jax.evaluation.mos.receiver import Receiver

    folder = homes.expanded(args.page)
    with Receiver(folder, args.out, args.host, args.port) as server:
        host, port = server.server_address[:2]
        print(f"http://{host}:{port}/ serves {folder}, until Ctrl-C", flush=True)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            print(f"Raters' files received: {server.received}, in {server.out}")
    return 0


def _analyse(args: argparse.Namespace) -> int:
    from gait_jax.evaluation.mos import analysis, scores
    from gait_jax.evaluation.rows import ALL, find

    given, out = [homes.expanded(path) for path in args.ratings], homes.expanded(args.out)
    frame, wrong = analysis.analyse(given, homes.expanded(args.key), out, args.leave_out)
    for one in wrong:
        print(f"gait_jax.mos: {one}", file=sys.stderr)
    if frame is None:
        print(
            "gait_jax.mos: nothing was written: mend these files, take them away, or give "
            "--leave-out",
            file=sys.stderr,
        )
        return 1
    for row in find(frame, metric=scores.SCORE, view=ALL).itertuples():
        print(f"{row.method}: {row.value:.2f} (raters: {row.n})")
    print(f"{out / analysis.REPORT}")
    return 0


def _number(least: int, most: int):
    def number(text: str) -> int:
        if not text.isascii() or not text.isdecimal() or not least <= int(text) <= most:
            raise argparse.ArgumentTypeError(f"{text}: use a whole number from {least} to {most}")
        return int(text)

    return number


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m gait_jax.mos", description=__doc__.split("\n\n    ")[0]
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    made = commands.add_parser("page", help="make a page on which clips are rated")
    made.set_defaults(run=_page)
    made.add_argument("clips", nargs="+", metavar="CLIPS", help="folder of a method's clips, "
        "called as the method is, or NAME=FOLDER; those of “original” are not rated, but "
        "stand beside one clip that is none")  # fmt: skip
    made.add_argument("-o", "--out", type=pathlib.Path, required=True, help="folder to write")
    made.add_argument("--key", type=pathlib.Path, help="file to write that says which clip is "
        "which (default: OUT.key.json)")  # fmt: skip
    made.add_argument("--clips-per-rater", type=_number(1, 10_000), default=60, metavar="N",
        help="how many clips each rater rates, as many of each method (default: 60)")  # fmt: skip
    made.add_argument("--odd-one-out", type=_number(0, 1000), metavar="N", help="how many sets of "
        "three originals and one other clip (default: 8, if there are originals)")  # fmt: skip
    made.add_argument("--seed", type=_number(0, _SEEDS - 1), help="to make the same page again; "
        "whoever knows it can tell which clip is which")  # fmt: skip
    made.add_argument("--no-progress", dest="progress", action="store_false", help="show no bar")

    served = commands.add_parser("receive", help="serve a page, and keep what raters send")
    served.set_defaults(run=_receive)
    served.add_argument("page", type=pathlib.Path, help="its folder")
    served.add_argument("-o", "--out", type=pathlib.Path, required=True, help="folder for ratings")
    served.add_argument("--port", type=_number(0, 65535), default=8000, help="default: 8000")
    served.add_argument("--host", default="127.0.0.1", help="the address to listen at; 0.0.0.0 "
        "serves the whole network (default: 127.0.0.1, this machine alone)")  # fmt: skip

    asked = commands.add_parser("analyse", help="write rows and a report of what raters said")
    asked.set_defaults(run=_analyse)
    asked.add_argument("ratings", nargs="+", type=pathlib.Path, help="raters' files, or folders")
    asked.add_argument("--key", type=pathlib.Path, required=True, help="of the page")
    asked.add_argument("-o", "--out", type=pathlib.Path, required=True, help="folder to write")
    asked.add_argument("--leave-out", action="store_true", help="go on without files that cannot "
        "be used; the report lists them")  # fmt: skip
    return parser


def main(argv: list[str] | None = None) -> int:
    """The command line; returns the exit status."""
    terminal.show_what_it_can()
    args = _parser().parse_args(argv)
    try:
        return args.run(args)
    except InputError as error:
        print(f"gait_jax.mos: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f"gait_jax.mos: {interrupted.MESSAGE}", file=sys.stderr)
        return interrupted.STATUS


if __name__ == "__main__":
    sys.exit(main())
