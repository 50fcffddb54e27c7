"""What a kind of bad input has to offer, and what may become of a case."""

import abc
import pathlib
import random

READ = "read"
SKIPPED = "listed skip"
REFUSED = "InputError"
FAILURE = "FAILURE"

# Every file of a case that says how the others are to be read; see `Kind.write`.
CASE = "case.json"


class WrongResult(Exception):
    """What was read cannot be: it says so in silence."""


def check(condition: object, what: str) -> None:
    """Raises `WrongResult` unless a condition holds."""
    if not condition:
        raise WrongResult(what)


class Kind(abc.ABC):
    """A kind of input: how bad ones are drawn, and which of the project's functions read them.

    Attributes:
      limit: seconds that reading one may take, on a core of its own.
      made: folders that reading makes, removed before a case is read again.
    """

    limit = 20.0
    made: tuple[str, ...] = ()

    def __init__(self, seeds: pathlib.Path):
        """Reads the valid inputs that `prepare` left in a folder, once a process."""
        self.seeds = seeds

    @staticmethod  # noqa: B027
    def prepare(seeds: pathlib.Path) -> None:
        """Writes valid inputs for all processes into an empty folder; most need none."""

    @abc.abstractmethod
    def write(self, rng: random.Random, folder: pathlib.Path) -> None:
        """Draws a case into an empty folder: all that `read` looks at."""

    @abc.abstractmethod
    def read(self, folder: pathlib.Path) -> str:
        """Reads a case with the project's own functions.

        Returns:
          `READ` or `SKIPPED`.

        Raises:
          InputError: it was refused.
          Exception: any other is a failure of the project.
        """
