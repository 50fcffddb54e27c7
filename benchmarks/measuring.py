"""What both sides of `accelerator.py` share: what is measured, and how it is timed."""

import dataclasses
import time
from collections.abc import Callable
from typing import Any

# Who computes a step.
JAX, EAGER, COMPILED, GRAPHS = "jax", "eager", "compile", "graphs"
# How 32-bit products round, or what layers compute with. "tf32" is what training runs with: the
# default of XLA, which rounds to TF32 where the device has it.
FLOAT32, TF32, BFLOAT16 = "float32", "tf32", "bfloat16"


@dataclasses.dataclass(frozen=True)
class Case:
    """One training step as it is measured.

    Attributes:
      network: a key of `NETWORKS`.
      batch: examples a step.
      side: who computes.
      precision: what it computes with.
      dispatch: steps that are sent to the device at once; JAX's affair.
      form: of convolutions, a key of `accelerator_jax.FORMS`; the project's own where empty.
    """

    network: str
    batch: int
    side: str = JAX
    precision: str = TF32
    dispatch: int = 1
    form: str = ""

    def __str__(self) -> str:
        parts = [self.network, f"batch {self.batch}", self.side, self.precision]
        parts += [f"{self.dispatch} steps a dispatch"] * (self.dispatch > 1)
        return ", ".join(parts + [f"convolutions as {self.form}"] * bool(self.form))


def timed(run: Callable[[], Any], wait: Callable[[], Any], least: float, repeats: int) -> list:
    """Seconds a call, for each of some repeats that take at least `least` seconds each."""
    run()
    wait()
    begin = time.perf_counter()
    for _ in range(3):
        run()
    wait()
    calls = max(3, int(3 * least / (time.perf_counter() - begin)) + 1)
    seconds = []
    for _ in range(repeats):
        begin = time.perf_counter()
        for _ in range(calls):
            run()
        wait()
        seconds.append((time.perf_counter() - begin) / calls)
    return seconds


def one_line(error: BaseException) -> str:
    """An exception's type and the first of its text, on one line."""
    return f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"
