"""The C library's allocator: whether what is freed is kept for later, or given back at once."""

import ctypes

# Of glibc's malloc.h.
_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8
# The most that these parameters can take; and the bytes that are kept at an arena's end.
_LARGEST, _KEPT = 2**31 - 1, 2**20


def keep_freed_memory() -> None:
    """Makes large arrays come from memory that was used before; call it before threads start.

    On the CPU a step's arrays are given back to the system when it ends, and the next one gets new
    pages, which the system has to clear: a tenth of a padded ST-GAN's step. Kept are 2 GiB at most.
    Does nothing where the C library is another than glibc.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        # Only the first arena can grow that far: threads are to share it.
        mallopt(_ARENA_MAX, 1)
        mallopt(_MMAP_THRESHOLD, _LARGEST)
        mallopt(_TRIM_THRESHOLD, _LARGEST)


def return_freed_memory() -> None:
    """Makes large arrays, such as a video's frames, go back to the system when they are freed.

    glibc begins so, but takes the largest array that was ever freed for a usual size, and then
    keeps what is freed below anything that is in use, for each thread apart: with threads that hand
    frames on, a fifth of all that a clip of 1280×720 takes. Call it before threads start. Does
    nothing where the C library is another one.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_ARENA_MAX, 2)
        # Said once, neither this nor what is usual is adapted any more.
        mallopt(_TRIM_THRESHOLD, _KEPT)
