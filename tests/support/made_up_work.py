"""Work on videos that is over at once, for processes that are started anew: named by the files."""

import dataclasses
import os
import pathlib
import signal
import threading

from gait_jax.runtime.errors import InputError
from gait_jax.runtime.files import replacing


@dataclasses.dataclass(frozen=True)
class Work:
    """In place of `batches.Work`; `cannot` says why it cannot begin."""

    cannot: str | None = None

    def begin(self, cores):
        """Says what it has, and does what a file's name says."""
        if self.cannot == "dies":
            os.kill(os.getpid(), signal.SIGKILL)
        if self.cannot:
            raise InputError(self.cannot)
        usable = sorted(os.sched_getaffinity(0))
        return {"cores": cores, "usable": usable}, self._do

    def _do(self, source: pathlib.Path, out: pathlib.Path):
        if source.name == "bad":
            raise InputError(f"{source} is bad")
        if source.name == "mistake":
            [].pop()
        if source.name == "deadly":
            os.kill(os.getpid(), signal.SIGKILL)
        with replacing(out) as partial:
            partial.write_text(source.name)
            if source.name.startswith("endless"):
                threading.Event().wait()
        return {"input": str(source), "output": str(out), "process": os.getpid()}
