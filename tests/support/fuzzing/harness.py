"""Gives cases to worker processes, and counts what becomes of them."""

import collections
import itertools
import multiprocessing
import multiprocessing.connection
import pathlib
import re
import shutil
import tempfile
from collections.abc import Callable, Iterable

from processes import slowness

from fuzzing.kind import FAILURE, Kind
from fuzzing.worker import Result, place_of, work

# Seconds beyond a kind's limit after which a worker that does not even end itself is ended.
_GRACE = 30.0
_FRAME = re.compile(r'File "(?P<file>[^"]+)", line (?P<line>[0-9]+) in (?P<name>\S+)')


class _Worker:
    """A process with the case that it is at."""

    def __init__(self, kinds, seeds: pathlib.Path, seed: int, here: pathlib.Path):
        here.mkdir()
        self._here = here
        context = multiprocessing.get_context("spawn")
        self.connection, other = context.Pipe()
        self._process = context.Process(
            target=work, args=(other, kinds, str(seeds), seed, str(here)), daemon=True
        )
        self._process.start()
        other.close()
        self.case: tuple[str, int] | None = None
        self._begun = False

    def give(self, case: tuple[str, int]) -> None:
        self.case, self._begun = case, False
        self.connection.send(case)

    def take(self) -> Result | None:
        """The result, once there is one; a case that took the process along is a failure.

        Raises:
          RuntimeError: no case was to blame.
        """
        try:
            found = self.connection.recv()
        except (EOFError, ConnectionResetError):
            return self._died()
        if found is None:
            self._begun = True
        return found

    def _died(self) -> Result:
        self._process.join()
        name, number = self.case
        log = (self._here / "log").read_text(errors="replace")
        if not self._begun:
            raise RuntimeError(f"case {number} of {name} could not be drawn:\n{log}")
        frames = [(m["file"], int(m["line"]), m["name"]) for m in _FRAME.finditer(log)]
        hung = log.startswith("Timeout") or "\nTimeout" in log
        error = "hang" if hung else f"crash ({self._process.exitcode})"
        folder = str(self._here / f"{name}-{number}")
        first = log.strip().splitlines()[0] if log.strip() else ""
        return Result(name, number, FAILURE, error, place_of(frames), first, folder)

    @property
    def alive(self) -> bool:
        return self._process.is_alive()

    def end(self) -> None:
        """Ends the process and removes its folder."""
        if self.case is None and self.alive:
            self.connection.send(None)
        else:
            self._process.kill()
        self._process.join()
        self.connection.close()
        shutil.rmtree(self._here, ignore_errors=True)


def run(
    kinds: dict[str, type[Kind]],
    cases: Iterable[tuple[str, int]],
    seed: int,
    processes: int,
    keep: pathlib.Path,
    tell: Callable[[Result], object] = lambda result: None,
) -> list[Result]:
    """Reads cases in processes of their own.

    Args:
      kinds: by name.
      cases: (name, number) of each.
      seed: of what is drawn; equal seeds draw equal cases.
      processes: how many.
      keep: folder for the cases that failed, one of each failure.
      tell: called with each result.

    Returns:
      All results.
    """
    results, kept = [], {}
    cases, numbers = iter(cases), itertools.count()
    with tempfile.TemporaryDirectory(prefix="fuzz-") as root:
        seeds = pathlib.Path(root) / "seeds"
        for name, kind in kinds.items():
            (seeds / name).mkdir(parents=True)
            kind.prepare(seeds / name)

        def start() -> _Worker:
            here = pathlib.Path(root) / f"worker-{next(numbers)}"
            return _Worker(kinds, seeds, seed, here)

        workers = [start() for _ in range(processes)]
        try:
            for worker in workers:
                if case := next(cases, None):
                    worker.give(case)
            while busy := {w.connection: w for w in workers if w.case}:
                limit = (max(kind.limit for kind in kinds.values()) + _GRACE) * slowness()
                ready = multiprocessing.connection.wait(list(busy), limit)
                if not ready:
                    raise RuntimeError(f"stuck at {[w.case for w in busy.values()]}")
                for connection in ready:
                    worker = busy[connection]
                    result = worker.take()
                    if result is None:
                        continue
                    results.append(_kept(result, keep, kept))
                    tell(results[-1])
                    worker.case = None
                    if not worker.alive:
                        worker.end()
                        at = workers.index(worker)
                        workers[at] = worker = start()
                    if case := next(cases, None):
                        worker.give(case)
        finally:
            for worker in workers:
                worker.end()
    return results


def _kept(result: Result, keep: pathlib.Path, kept: dict) -> Result:
    """A result whose case, if it is the first of its failure, stands where it stays."""
    if result.outcome != FAILURE:
        return result
    what = (result.kind, result.error, result.place)
    source = pathlib.Path(result.folder)
    if what in kept or not source.is_dir():
        shutil.rmtree(source, ignore_errors=True)
        return Result(**{**vars(result), "folder": kept.get(what, "")})
    keep.mkdir(parents=True, exist_ok=True)
    target = keep / source.name
    shutil.rmtree(target, ignore_errors=True)
    # Moved, not copied: there may be pipes in it.
    shutil.move(source, target)
    kept[what] = str(target)
    return Result(**{**vars(result), "folder": str(target)})


def table(results: list[Result], outcomes: tuple[str, ...]) -> str:
    """How many cases of each kind came to what."""
    counts = collections.Counter((r.kind, r.outcome) for r in results)
    names = list(dict.fromkeys(sorted(r.kind for r in results)))
    lines = [("kind", "cases", *outcomes)]
    for name in (*names, "all"):
        mine = [sum(counts[k, o] for k in (names if name == "all" else [name])) for o in outcomes]
        lines.append((name, str(sum(mine)), *map(str, mine)))
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    rows = (
        "  ".join(
            cell.ljust(width) if i == 0 else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(line, widths, strict=True))
        )
        for line in lines
    )
    return "\n".join(rows)


def failures(results: list[Result]) -> list[tuple[int, Result]]:
    """Each distinct failure with how often it was met, the most frequent first."""
    found: dict[tuple, list[Result]] = collections.defaultdict(list)
    for result in results:
        if result.outcome == FAILURE:
            found[result.kind, result.error, result.place].append(result)
    return sorted(((len(same), same[0]) for same in found.values()), key=lambda one: -one[0])
