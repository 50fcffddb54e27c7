"""Which cores a process has: what it starts may begin on a share of them."""

import contextlib
import os
from collections.abc import Iterator

from tfds_casia.parts import cores as count

__all__ = ["count", "own", "share", "usable"]


def usable() -> list[int]:
    """The cores that this process may use; none where the system does not tell them apart."""
    told = getattr(os, "sched_getaffinity", None)
    return sorted(told(0)) if told else []


def share(task: int, tasks: int) -> list[int]:
    """A task's own of them; with more tasks than cores each has all.

    Args:
      task: from 0.
      tasks: how many there are.
    """
    everything = usable()
    return everything[task::tasks] or everything


@contextlib.contextmanager
def own(task: int, tasks: int) -> Iterator[list[int]]:
    """Lets what this thread starts begin on a task's own share of the cores, and gives it.

    Libraries start as many threads as a process has cores when it begins: with all cores each of
    several tasks would wait for the others.

    Args:
      task: from 0.
      tasks: how many there are.
    """
    everything, mine = usable(), share(task, tasks)
    if mine:
        os.sched_setaffinity(0, mine)
    try:
        yield mine
    finally:
        if mine:
            os.sched_setaffinity(0, everything)
