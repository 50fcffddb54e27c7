"""When a run does what: how many steps go to the devices at once, and what follows them."""

import collections
import pathlib
from collections.abc import Iterator, Sequence
from typing import Any

import jax
import ml_collections

from gait_jax.runtime import parallel
from gait_jax.runtime.errors import InputError

LOG, EVALUATE, SAVE = "log", "evaluate", "save"


def _window(text: str) -> tuple[int, int]:
    """Reads "FIRST-LAST", the steps to profile; (0, 0) where it is empty."""
    if not text:
        return 0, 0
    first, dash, last = text.partition("-")
    if not (dash and first.isdigit() and last.isdigit() and 1 <= int(first) <= int(last)):
        raise InputError(f"profile {text!r} is not FIRST-LAST: name two steps, such as 20-29")
    return int(first), int(last)


class Plan:
    """Which steps make a dispatch, and what follows them.

    Attributes:
      profile: the first and the last step to profile; 0 for none.
    """

    def __init__(self, config: ml_collections.ConfigDict):
        """Reads the plan.

        Args:
          config: train_steps, steps_per_dispatch, prefetch, log_every, eval_every,
            checkpoint_every, profile.

        Raises:
          InputError: `profile` names no steps.
        """
        self.profile = _window(config.profile)
        self._config = config

    def due(self, step: int) -> frozenset[str]:
        """What is to be done after a step."""
        config = self._config
        last = step == config.train_steps
        due = set()
        if last or step % config.eval_every == 0:
            due |= {LOG, EVALUATE}
        if last or step % config.checkpoint_every == 0:
            due |= {LOG, SAVE}
        if step % config.log_every == 0:
            due.add(LOG)
        return frozenset(due)

    def dispatches(self, start: int) -> Iterator[tuple[int, int]]:
        """The first and the last step of each dispatch after `start` steps.

        Nothing is due within a dispatch.
        """
        first = start + 1
        while first <= self._config.train_steps:
            last = first
            while (
                last + 1 - first < self._config.steps_per_dispatch
                and not self.due(last)
                and last + 1 != self.profile[0]
                and last != self.profile[1]
            ):
                last += 1
            yield first, last
            first = last + 1

    def feed(
        self, start: int, iterator: Any, devices: Sequence[jax.Device] | None = None
    ) -> Iterator[tuple[int, int, Any, Any]]:
        """Puts batches on their devices, ahead of the steps that use them.

        Args:
          start: steps done.
          iterator: over this process's batches (see `data.batches.BatchIterator`).
          devices: as `parallel.local_devices` gives them; all of this process where there are none.

        Yields:
          (first step, last step, batches as from `parallel.shard`, the iterator's position after
          them).
        """
        ready: collections.deque[tuple[int, int, Any, Any]] = collections.deque()
        for first, last in self.dispatches(start):
            drawn = [next(iterator) for _ in range(first, last + 1)]
            ready.append((first, last, parallel.shard(drawn, devices), iterator.get_state()))
            if len(ready) > self._config.prefetch:
                yield ready.popleft()
        yield from ready


class Profiler:
    """Writes a profile of some steps, for TensorBoard or Perfetto; use as a context manager."""

    def __init__(self, directory: pathlib.Path, window: tuple[int, int]):
        """Waits for the window.

        Args:
          directory: where the profile is written.
          window: its first and last step; 0 for none.
        """
        self._directory, self._window, self._running = directory, window, False

    def __enter__(self) -> "Profiler":
        return self

    def __exit__(self, *exc) -> None:
        # The run ended within the window.
        if self._running:
            jax.profiler.stop_trace()

    def before(self, step: int) -> None:
        """To be called before a dispatch that begins with `step`."""
        if step == self._window[0]:
            jax.profiler.start_trace(self._directory)
            self._running = True

    def after(self, step: int, result) -> None:
        """To be called after a dispatch that ends with `step`, with what comes of it."""
        if self._running and step >= self._window[1]:
            jax.block_until_ready(result)
            jax.profiler.stop_trace()
            self._running = False
