"""Work on the next frames while this one is being worked on."""

import contextlib
import queue
import threading
from collections.abc import Generator, Iterable, Iterator
from typing import TypeVar

T = TypeVar("T")

_END = object()


@contextlib.contextmanager
def prefetch(items: Iterable[T], depth: int = 4) -> Iterator[Iterator[T]]:
    """Runs an iterable in a thread of its own, some items ahead of whoever takes them.

    Decoding, OpenCV and encoding leave Python's lock to others while they work.

    Args:
      items: what to run.
      depth: how many items may wait to be taken.

    Yields:
      The items in order; what the iterable raises is raised where its item would have been. The
      thread has ended when the context is left, with whatever it was working on.
    """
    waiting: queue.Queue = queue.Queue(depth)
    stopped = threading.Event()

    def put(item: object) -> None:
        while not stopped.is_set():
            with contextlib.suppress(queue.Full):
                waiting.put(item, timeout=0.1)
                return

    def work() -> None:
        error = None
        source = iter(items)
        try:
            for item in source:
                put((item, None))
                if stopped.is_set():
                    break
        except BaseException as raised:  # Raised again where it is seen.
            error = raised
        finally:
            # Of what can be iterated only generators have to be closed.
            if isinstance(source, Generator):
                source.close()
        put((_END, error))

    def taken() -> Iterator[T]:
        while True:
            item, error = waiting.get()
            if error:
                raise error
            if item is _END:
                return
            yield item

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    try:
        yield taken()
    finally:
        stopped.set()
        thread.join()
