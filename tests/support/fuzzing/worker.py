"""The process that reads cases: what hangs or crashes takes it along, and nothing else."""

import dataclasses
import faulthandler
import os
import pathlib
import random
import resource
import shutil
import sys
import traceback
import warnings

from processes import slowness

from fuzzing.kind import FAILURE, REFUSED, Kind
from gait_jax.runtime.errors import InputError
from tfds_casia import parts

# Where the project's code lies in a traceback.
PARTS = ("/gait_jax/", "/tfds_casia/")
# Address space beyond what the libraries take: more for a small file is a bomb that went off.
_MEMORY = 6 * 2**30


@dataclasses.dataclass(frozen=True)
class Result:
    """What became of a case.

    Attributes:
      kind: of input.
      number: of the case.
      outcome: one of `READ`, `SKIPPED`, `REFUSED`, `FAILURE`.
      error: class of what was raised, or how the process ended; empty for what was read.
      place: innermost line of the project's that raised it.
      message: what it said.
      folder: where a failure's case is kept.
    """

    kind: str
    number: int
    outcome: str
    error: str = ""
    place: str = ""
    message: str = ""
    folder: str = ""


def place_of(lines: list[tuple[str, int, str]]) -> str:
    """The first of (file, line, function) that is the project's, as "file:line function"."""
    for file, line, function in lines:
        for part in PARTS:
            if part in file and "/site-packages/" not in file:
                return f"{part[1:]}{file.rsplit(part, 1)[1]}:{line} {function}"
    return "outside the project"


def run_case(kind: Kind, folder: pathlib.Path, name: str, number: int) -> Result:
    """Reads a case and says what became of it."""
    for made in kind.made:
        shutil.rmtree(folder / made, ignore_errors=True)
    try:
        return Result(name, number, kind.read(folder))
    except InputError as error:
        message = str(error)
        if message.strip() and "\n" not in message.strip():
            return Result(name, number, REFUSED, "InputError", "", message[:300])
        return Result(name, number, FAILURE, "InputError of several lines", "", message[:300])
    except Exception as error:
        frames = traceback.extract_tb(error.__traceback__)
        place = place_of([(f.filename, f.lineno or 0, f.name) for f in reversed(frames)])
        return Result(name, number, FAILURE, type(error).__name__, place, str(error)[:300])


def draw(kind: Kind, name: str, seed: int, number: int, folder: pathlib.Path) -> None:
    """Writes a case, the same for the same seed and number."""
    kind.write(random.Random(f"{seed} {name} {number}"), folder)


def work(connection, kinds: dict[str, type[Kind]], seeds: str, seed: int, here: str) -> None:
    """Takes (name, number) from a connection until None comes, and sends back results.

    Args:
      connection: to the parent.
      kinds: by name.
      seeds: folder of the valid inputs, a folder in it for each kind.
      seed: of all cases.
      here: an empty folder for cases and for the log of a crash.
    """
    # Decoders write of every damaged byte.
    silent = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silent, 1)
    os.dup2(silent, 2)
    sys.stdout = sys.stderr = open(os.devnull, "w")  # noqa: SIM115
    # A number that does not fit its type is cast to another one with no more than this.
    warnings.simplefilter("error", RuntimeWarning)
    # Data sets are prepared in this process, which may have no others of its own.
    parts.cores = lambda: 1
    loaded: dict[str, Kind] = {}
    with open(pathlib.Path(here) / "log", "w") as log:
        faulthandler.enable(log)
        for name, number in iter(connection.recv, None):
            if name not in loaded:
                loaded[name] = kinds[name](pathlib.Path(seeds) / name)
                used = int(pathlib.Path("/proc/self/statm").read_text().split()[0])
                limit = used * resource.getpagesize() + _MEMORY
                resource.setrlimit(resource.RLIMIT_AS, (limit, resource.RLIM_INFINITY))
            kind, folder = loaded[name], pathlib.Path(here) / f"{name}-{number}"
            folder.mkdir()
            try:
                draw(kind, name, seed, number, folder)
            except Exception:
                traceback.print_exc(file=log)
                raise
            connection.send(None)
            faulthandler.dump_traceback_later(kind.limit * slowness(), exit=True, file=log)
            try:
                result = run_case(kind, folder, name, number)
            finally:
                faulthandler.cancel_dump_traceback_later()
            if result.outcome == FAILURE:
                result = dataclasses.replace(result, folder=str(folder))
            else:
                shutil.rmtree(folder)
            connection.send(result)
