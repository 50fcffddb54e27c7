import os
import re
import sys

import filelock
import processes
import pytest

from gait_jax.runtime import lock
from gait_jax.runtime.errors import InputError
from gait_jax.runtime.lock import WorkdirLock

_HOLD = """
import pathlib, sys, time
from gait_jax.runtime import lock
lock.BEAT = 0.2
with lock.WorkdirLock(pathlib.Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(600)
"""


@pytest.fixture
def holder(tmp_path):
    """Another process that holds the folder's lock."""
    process = processes.start([sys.executable, "-c", _HOLD, tmp_path])
    assert process.stdout.readline() == "held\n"
    return process


@pytest.fixture
def impatient(monkeypatch):
    monkeypatch.setattr(lock, "BEAT", 0.2)
    monkeypatch.setattr(lock, "GONE", 1.0)
    monkeypatch.setattr(lock, "_LOOK", 0.05)


def _left_by(host, **changed):
    """The file of a process of another machine, as the library writes it."""
    known = {"pid": 77, "host": host, "mode": "lease", "token": "ab", "duration": 1.0, "start": 5}
    lines = [f"{name}={value}\n" for name, value in (known | changed).items()]
    return "".join(["filelock/2\n", *lines])


def test_a_folder_is_held_by_one_at_a_time_and_left_as_it_was(tmp_path):
    with WorkdirLock(tmp_path) as held:
        assert [path.name for path in tmp_path.iterdir()] == [".lock"]
        held.check()
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(ZeroDivisionError), WorkdirLock(tmp_path):
        raise ZeroDivisionError
    assert list(tmp_path.iterdir()) == []


def test_a_living_holder_is_named_and_nothing_is_touched(tmp_path, holder, impatient):
    before = (tmp_path / ".lock").read_bytes()
    with pytest.raises(InputError) as error:
        WorkdirLock(tmp_path)
    (line,) = str(error.value).splitlines()
    named = rf"{re.escape(str(tmp_path))} is in use: process {holder.pid} on \S+ since 20\d\d-.* "
    assert re.match(named + "writes it. Wait for it, stop it, or choose another --workdir", line)
    assert (tmp_path / ".lock").read_bytes() == before
    processes.end(holder)


def test_a_killed_one_is_followed_at_once(tmp_path, holder):
    processes.end(holder)
    assert (tmp_path / ".lock").exists()
    # No sign of life is waited for: that would take `lock.GONE` seconds, and they are not patched.
    with WorkdirLock(tmp_path) as held:
        held.check()
        assert f"pid={os.getpid()}\n" in (tmp_path / ".lock").read_text()
    assert not (tmp_path / ".lock").exists()


@pytest.mark.parametrize(
    "text",
    [
        _left_by("elsewhere"),
        # A holder of other settings, one of another version, and two whose disk was full.
        _left_by("elsewhere", duration=9.0),
        _left_by("elsewhere", mode="shared"),
        "filelock/2\npid=",
        "",
    ],
)
def test_a_holder_without_a_sign_of_life_is_taken_for_gone(tmp_path, impatient, text, caplog):
    (tmp_path / ".lock").write_text(text)
    with caplog.at_level("INFO"), WorkdirLock(tmp_path):
        assert f"pid={os.getpid()}\n" in (tmp_path / ".lock").read_text()
    assert caplog.text.count("looking whether it is alive") == 1
    assert ("process 77 on elsewhere:" in caplog.text) == ("pid=77" in text)


def test_a_process_that_stood_still_for_too_long_does_not_write_on(tmp_path, impatient):
    held = WorkdirLock(tmp_path)
    # Somebody else took it over.
    (tmp_path / ".lock").unlink()
    other = filelock.SoftFileLease(tmp_path / ".lock", lease_duration=1.0)
    other.acquire(timeout=0)

    def lost():
        try:
            held.check()
        except InputError as error:
            return str(error)

    message = processes.wait_for(lost)
    assert message.startswith(f"{tmp_path} was taken over (")
    held.release()
    # Whose lock it is now keeps it.
    assert (tmp_path / ".lock").exists()
    other.release()


def test_a_folder_that_cannot_be_written_costs_one_line(tmp_path):
    (tmp_path / ".lock").mkdir()
    with pytest.raises(InputError, match=r"cannot be locked \(Is a directory\): make room"):
        WorkdirLock(tmp_path)
