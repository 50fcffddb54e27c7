"""Progress: a bar on a terminal, and now and then a line in the log elsewhere."""

import contextlib
import logging as stdlib_logging
import sys
import time
from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

import tqdm
from absl import logging

_T = TypeVar("_T")
# Seconds between two lines of the log where no bar is shown.
_EVERY = 30.0


def bar(iterable: Iterable[Any] | None = None, *, shown: bool, **options: Any) -> tqdm.tqdm:
    """A bar of tqdm's, on a terminal alone: in a file each of its moves would be a line.

    Args:
      iterable: what to pass through; None for a bar that is moved by `update`.
      shown: whether it is wanted at all.
      **options: of `tqdm.tqdm`.
    """
    return tqdm.tqdm(iterable, disable=None if shown else True, **options)


def over(
    items: Iterable[_T], *, shown: bool, desc: str, unit: str, total: int, initial: int = 0
) -> Iterator[_T]:
    """Passes items through, with a bar on a terminal, and lines in the log without one.

    Args:
      items: what is worked on, one after the other.
      shown: whether a bar is wanted.
      desc: what is done, for bar and log.
      unit: what an item is called.
      total: how many there are, with those done before.
      initial: how many were done before.
    """
    logged = time.monotonic()
    with bar(shown=shown, desc=desc, unit=unit, total=total, initial=initial) as moved:
        for done, item in enumerate(items, initial + 1):
            yield item
            moved.update()
            if moved.disable and time.monotonic() - logged > _EVERY:
                logged = time.monotonic()
                logging.info("%s: %d of %d %ss.", desc, done, total, unit)


@contextlib.contextmanager
def beside_bars(handler: stdlib_logging.Handler) -> Iterator[None]:
    """Puts a handler's lines above the bars that are on the terminal, not into them."""
    around, root = _Around(handler), stdlib_logging.getLogger()
    root.removeHandler(handler)
    root.addHandler(around)
    try:
        yield
    finally:
        root.removeHandler(around)
        root.addHandler(handler)


class _Around(stdlib_logging.Handler):
    """Takes bars away while another handler writes."""

    def __init__(self, handler: stdlib_logging.Handler):
        super().__init__()
        self._handler = handler

    def emit(self, record: stdlib_logging.LogRecord) -> None:
        with tqdm.tqdm.external_write_mode(file=sys.stderr):
            self._handler.handle(record)
