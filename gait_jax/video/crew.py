"""Searches several pictures at once: for those that do not need each other."""

import queue
from collections.abc import Iterable
from concurrent import futures

import numpy as np

from gait_jax.video.blazepose_detector import Tile
from gait_jax.video.blazepose_landmarks import Pose
from gait_jax.video.bodies import Bodies


class Crew:
    """Networks of one thread each.

    Their layers are small: a picture a core keeps cores busier than all cores for one picture, most
    of all beside somebody else, for whom threads of one picture would wait.
    """

    def __init__(self, size: int):
        """Loads them.

        Args:
          size: how many pictures are searched at once.

        Raises:
          InputError: a network's file is missing or damaged.
        """
        self._idle: queue.SimpleQueue[Bodies] = queue.SimpleQueue()
        for _ in range(size):
            self._idle.put(Bodies())
        self._pool = futures.ThreadPoolExecutor(size)

    def __enter__(self) -> "Crew":
        return self

    def __exit__(self, *error: object) -> None:
        # Where something was raised nobody waits for pictures that are not begun.
        self._pool.shutdown(cancel_futures=True)

    def search(self, picture: np.ndarray, tiles: Iterable[Tile]) -> futures.Future[list[Pose]]:
        """Who is in parts of a picture, once it is known (see `Bodies.search`)."""
        return self._pool.submit(self._search, picture, tiles)

    def _search(self, picture: np.ndarray, tiles: Iterable[Tile]) -> list[Pose]:
        bodies = self._idle.get()
        try:
            return bodies.search(picture, tiles)
        finally:
            self._idle.put(bodies)
