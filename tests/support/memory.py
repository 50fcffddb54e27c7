"""Keeps a test worker small: what JAX and the allocator hold on to is given back in time."""

import ctypes
import gc
import os
import pathlib
import sys

# MiB. A worker that has held more at any time fails the session.
MOST = 1536
# MiB above which a test is followed by giving back, and growth that makes it worth another time: a
# test that trains twice takes 800 beyond what its worker held before.
_AMPLE, _GROWTH = 650, 20
# MiB above which freed memory is given back within a test.
_MUCH = 850
# Of glibc's malloc.h.
_ARENA_MAX = -8

_libc = ctypes.CDLL(None)
_kept = 0.0


def share_arenas() -> None:
    """Lets all threads allocate in few places; before there are any.

    XLA compiles in as many threads as it likes, and each would keep what it once needed.
    """
    if hasattr(_libc, "mallopt"):
        _libc.mallopt(_ARENA_MAX, 2)


def resident() -> float:
    """MiB that this process holds now; 0 where the system does not tell."""
    try:
        pages = pathlib.Path("/proc/self/statm").read_text().split()[1]
    except OSError:
        return 0.0
    return int(pages) * os.sysconf("SC_PAGE_SIZE") / 2**20


def trim_while_compiling() -> None:
    """Gives freed memory back between the programs of a test, too; once, where JAX is in use.

    LLVM takes and frees more for a training's programs than they take themselves.
    """
    from jax import monitoring

    def compiled(event: str, seconds: float, **details) -> None:
        if event.endswith("backend_compile_duration") and resident() > _MUCH:
            _trim()

    monitoring.register_event_duration_secs_listener(compiled)


def _trim() -> None:
    if hasattr(_libc, "malloc_trim"):
        _libc.malloc_trim(0)


def peak() -> float:
    """MiB that this process has held at most; 0 where the system does not tell."""
    # Not getrusage's figure, which begins with what the parent held.
    try:
        lines = pathlib.Path("/proc/self/status").read_text().splitlines()
    except OSError:
        return 0.0
    return next(int(x.split()[1]) / 2**10 for x in lines if x.startswith("VmHWM:"))


def give_back() -> None:
    """Drops compiled programs, figures and freed memory, once they have become much."""
    global _kept
    if resident() < max(_AMPLE, _kept + _GROWTH):
        return
    if "jax" in sys.modules:
        sys.modules["jax"].clear_caches()
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close("all")
    gc.collect()
    _trim()
    _kept = resident()
