"""The C library's allocator: keeps what a training step frees for the next one."""

import ctypes

# Of glibc's malloc.h.
_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8
# The most that these parameters can take.
_LARGEST = 2**31 - 1


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
