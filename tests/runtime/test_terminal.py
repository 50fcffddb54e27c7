import os
import pathlib
import sys

import processes
import pytest

# Prints far more than a pipe or a buffer holds, and leaves a file when it is done.
_LINES = """
import pathlib, sys
from gait_jax.runtime import terminal
terminal.show_what_it_can()
terminal.show_what_it_can()
for i in range(20000):
    print("line", i)
print("naïve \\u2192", file=sys.stderr, flush=True)
pathlib.Path(sys.argv[1]).touch()
"""


def _closed() -> int:
    """The writing end of a pipe that nobody reads."""
    reading, writing = os.pipe()
    os.close(reading)
    return writing


@pytest.mark.parametrize("buffered", [True, False])
def test_work_goes_on_when_nobody_reads_any_more(tmp_path, buffered):
    writing = _closed()
    done = processes.run(
        [sys.executable, "-c", _LINES, tmp_path / "done"],
        stdout=writing,
        # Empty is not set.
        env=os.environ | {"PYTHONUNBUFFERED": "" if buffered else "1"},
    )
    os.close(writing)
    assert done.returncode == 0 and (tmp_path / "done").exists()
    assert done.stderr == "naïve →\n"


def test_everything_arrives_where_somebody_reads(tmp_path):
    environment = os.environ | {"PYTHONIOENCODING": "cp1252"}
    with open(tmp_path / "out", "wb") as out, open(tmp_path / "error", "wb") as error:
        processes.run(
            [sys.executable, "-c", _LINES, tmp_path / "done"],
            stdout=out,
            stderr=error,
            env=environment,
        )
    lines = pathlib.Path(tmp_path / "out").read_text().splitlines()
    assert lines == [f"line {i}" for i in range(20000)]
    # What the encoding lacks comes as its number.
    assert (tmp_path / "error").read_bytes().splitlines() == [b"na\xefve \\u2192"]
