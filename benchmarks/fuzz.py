"""Bad input: reads thousands of damaged and unusual files with the project's own functions.

    python benchmarks/fuzz.py --cases 10000 [--seed N] [--only png,archive,...] [--keep DIR]
    python benchmarks/fuzz.py --replay DIR/png-123

Every case has to be read, left out and listed, or refused with an `InputError`. Any other
exception, a hang, a crash of the process, a result that cannot be (not finite, of another size, out
of range), a file where none should be written is a failure: each distinct one is printed with a
case that shows it, which is kept, and the exit status is 1.

The kinds, and what reads them: png (frames of a data set, backgrounds, masks), archive (folders and
archives of CASIA-A's frames), video, config (what a command does before its first step), checkpoint
(runs and exported models), tree (folder trees of silhouettes), store (what is kept beside a data
set), command (command lines, each in a process of its own).
"""

import argparse
import collections
import os
import pathlib
import random
import sys
import tempfile
import time

import tqdm

ROOT = pathlib.Path(__file__).parents[1]
# The cases are drawn from what the tests draw.
sys.path.insert(0, str(ROOT / "tests" / "support"))

from fuzzing import KINDS, SHARES  # noqa: E402
from fuzzing.harness import failures, run, table  # noqa: E402
from fuzzing.kind import FAILURE, READ, REFUSED, SKIPPED  # noqa: E402
from fuzzing.worker import run_case  # noqa: E402


def replay(folder: pathlib.Path) -> int:
    """Reads a kept case again; returns the exit status."""
    name, _, number = folder.name.rpartition("-")
    with tempfile.TemporaryDirectory() as seeds:
        KINDS[name].prepare(pathlib.Path(seeds))
        result = run_case(KINDS[name](pathlib.Path(seeds)), folder.absolute(), name, int(number))
    print(f"{result.outcome} {result.error} {result.place} {result.message}")
    return int(result.outcome == FAILURE)


def main() -> int:
    """The command line; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n    ")[0])
    parser.add_argument("--cases", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0, help="equal seeds draw equal cases")
    parser.add_argument("--only", default=",".join(KINDS), help="kinds, with commas between")
    parser.add_argument("--processes", type=int, default=os.cpu_count())
    parser.add_argument("--keep", type=pathlib.Path, default=pathlib.Path("fuzz-failures"))
    parser.add_argument("--replay", type=pathlib.Path, help="folder of a case that was kept")
    args = parser.parse_args()
    if args.replay:
        return replay(args.replay)
    chosen = args.only.split(",")
    if unknown := set(chosen) - set(KINDS):
        parser.error(f"{', '.join(sorted(unknown))}: use some of {', '.join(KINDS)}")
    total = sum(SHARES[name] for name in chosen)
    cases = [
        (name, i)
        for name in chosen
        for i in range(max(1, round(args.cases * SHARES[name] / total)))
    ]
    random.Random(args.seed).shuffle(cases)
    start, kinds = time.monotonic(), {name: KINDS[name] for name in chosen}
    found = collections.Counter()
    with tqdm.tqdm(total=len(cases), unit="case", disable=None) as bar:

        def tell(result):
            found[result.outcome] += 1
            bar.update()
            bar.set_postfix_str(f"{found[FAILURE]} failures", refresh=False)

        results = run(kinds, cases, args.seed, args.processes, args.keep, tell)
    print(table(results, (READ, SKIPPED, REFUSED, FAILURE)))
    print(f"{len(results)} cases in {time.monotonic() - start:.0f} s, seed {args.seed}")
    distinct = failures(results)
    for count, first in distinct:
        print(f"\n{count} × {first.kind}: {first.error} at {first.place}\n  {first.message}")
        print(f"  python benchmarks/fuzz.py --replay {first.folder}")
    return int(bool(distinct))


if __name__ == "__main__":
    sys.exit(main())
