"""Runs one of BlazePose's networks by LiteRT."""

import contextlib
import os
import sys
from collections.abc import Iterator

import numpy as np
from ai_edge_litert.interpreter import Interpreter

from gait_jax.video import blazepose_files


class Network:
    """A loaded network. Not for two threads at once; a process that is forked loads its own."""

    def __init__(self, name: str, threads: int = 1):
        """Loads it.

        Args:
          name: one of `blazepose_files.HASHES`.
          threads: how many it may compute with.

        Raises:
          InputError: its file is missing or damaged.
        """
        path = blazepose_files.find(name)
        with _silent():
            self._network = Interpreter(model_path=str(path), num_threads=threads)
            self._network.allocate_tensors()
        self._input = self._network.get_input_details()[0]["index"]
        self._outputs = [each["index"] for each in self._network.get_output_details()]

    def __call__(self, picture: np.ndarray) -> list[np.ndarray]:
        """Computes the outputs of a picture [h, w, 3] float32, without their axis of pictures."""
        self._network.set_tensor(self._input, picture[None])
        self._network.invoke()
        return [self._network.get_tensor(index)[0] for index in self._outputs]


@contextlib.contextmanager
def _silent() -> Iterator[None]:
    """Keeps LiteRT from telling on the standard error output that it loads, which nothing stops."""
    if sys.stderr is None:  # Python's word for one that is closed.
        yield
        return
    sys.stderr.flush()
    kept = os.dup(2)
    try:
        with open(os.devnull, "wb") as nowhere:
            os.dup2(nowhere.fileno(), 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
