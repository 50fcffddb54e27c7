"""In which order two workers take the tests, so that they end together and stay small."""

from collections.abc import Callable, Iterable
from typing import TypeVar

T = TypeVar("T")

# The files that take longest, and those whose programs take most memory while they are compiled:
# the largest first, and last those that also leave most behind.
LONGEST = ("test_cluster.py",)
LARGEST = (
    "methods/test_compute.py",
    "methods/test_methods.py",
    "methods/test_stgan_twins.py",
    "test_trainer.py",
    "methods/test_colour_transfer.py",
    "evaluation/test_colour.py",
    "test_anonymize.py",
)


def ordered(items: Iterable[T], file_of: Callable[[T], str]) -> list[T]:
    """Tests in the order in which they are given out.

    Of two workers one begins with the first half, the other with the second, and who is done first
    takes the rest from the other's end. What a worker holds for good grows with every file: the
    largest come while it is little.

    Args:
      items: the tests, file by file.
      file_of: a test's file, relative to the folder of all tests.
    """
    items = list(items)
    longest, largest = (
        [item for name in names for item in items if file_of(item) == name]
        for names in (LONGEST, LARGEST)
    )
    others = [item for item in items if file_of(item) not in LONGEST + LARGEST]
    before = max((len(items) + 1) // 2 - len(longest), 0)
    return longest + others[:before] + largest + others[before:]
