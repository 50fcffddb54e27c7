import platform
import sys

import processes
import pytest

# Fills 64 MB in a thread of its own and frees them, again and again; prints the pages that the
# system had to give after the first time.
_PROGRAM = """
import resource, sys, threading
import numpy as np
from gait_jax.runtime import allocator

if sys.argv[1] == "kept":
    allocator.keep_freed_memory()
pages = []

def work():
    for _ in range(6):
        np.ones(8_000_000)
        pages.append(resource.getrusage(resource.RUSAGE_SELF).ru_minflt)

thread = threading.Thread(target=work)
thread.start()
thread.join()
print(pages[-1] - pages[0])
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another C library")
def test_arrays_come_from_memory_that_was_freed_before():
    def pages(how):
        done = processes.run([sys.executable, "-c", _PROGRAM, how])
        assert done.returncode == 0, done.stderr
        return int(done.stdout)

    before, after = pages("given back"), pages("kept")
    # Even in huge pages 5 times 64 MB are 160.
    assert before >= 150
    assert after < before / 10


# Frees arrays of 3 MB below one that stays; prints how many MiB of them the process still holds.
_FREED = """
import sys
import numpy as np
from gait_jax.runtime import allocator

if sys.argv[1] == "returned":
    allocator.return_freed_memory()
held = lambda: int(open("/proc/self/statm").read().split()[1]) * 4096 / 2**20
np.ones(4_000_000, np.uint8)
before = held()
arrays = [np.ones(3_000_000, np.uint8) for _ in range(40)]
del arrays[:-1]
print(held() - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another C library")
def test_what_is_freed_goes_back_to_the_system():
    def held(how):
        done = processes.run([sys.executable, "-c", _FREED, how])
        assert done.returncode == 0, done.stderr
        return float(done.stdout)

    assert held("usual") > 60
    assert held("returned") < 20
