import errno
import fcntl
import functools
import os
import pathlib
import signal
import sys
import threading
import time

import processes
import pytest

from tfds_casia import folders, parts


def _all(made, before, total):
    return made


def _make(folder, work, processes, progress):
    with parts.Workers(processes) as workers:
        return workers.make(folder, work, progress)


def _fill(text: str, directory: pathlib.Path) -> None:
    (directory / "text").write_text(text)


def _work(*texts):
    return {f"part-{text}": functools.partial(_fill, text) for text in texts}


def _die(directory: pathlib.Path) -> None:
    (directory / "text").write_text("half")
    os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.parametrize("processes", [1, 2])
def test_parts_are_made_in_order_and_once(tmp_path, processes):
    counted = []

    def count(made, before, total):
        counted.append((before, total))
        return made

    made = _make(tmp_path / "parts", _work("c", "a"), processes, count)
    assert [(part / "text").read_text() for part in made] == ["c", "a"]
    nodes = [(part / "text").stat().st_ino for part in made]
    more = _make(tmp_path / "parts", _work("c", "b", "d", "a"), processes, count)
    assert [(part / "text").read_text() for part in more] == ["c", "b", "d", "a"]
    assert [(more[k] / "text").stat().st_ino for k in (0, 3)] == nodes
    assert counted == [(0, 2), (2, 4)]


def test_a_part_that_fails_leaves_nothing_and_the_others_stay(tmp_path):
    def fail(directory):
        (directory / "text").write_text("half")
        raise ValueError("torn")

    with pytest.raises(ValueError, match="torn"):
        _make(tmp_path, {**_work("a"), "bad": fail, **_work("b")}, 1, _all)
    assert [path.name for path in tmp_path.iterdir()] == ["part-a"]


def test_a_worker_that_is_killed_costs_one_clear_line(tmp_path):
    with pytest.raises(parts.WorkerLostError, match="Start again, and it goes on") as error:
        _make(tmp_path, {"bad": _die, "worse": _die}, 2, _all)
    assert str(tmp_path) in str(error.value) and "\n" not in str(error.value)
    # What is half written does not bear a part's name, and is removed by the next call.
    assert not (tmp_path / "bad").exists()
    (part,) = _make(tmp_path, _work("a"), 1, _all)
    assert list(tmp_path.iterdir()) == [part]


def test_a_folder_is_there_only_when_it_is_whole(tmp_path):
    seen = []

    def build(partial):
        (partial / "a").write_text("a")
        seen.append((tmp_path / "made").exists())

    folders.make_once(tmp_path / "made", build)
    folders.make_once(tmp_path / "made", build)
    assert seen == [False]
    assert [path.name for path in tmp_path.iterdir()] == ["made"]


def test_two_that_make_the_same_folder_wait_for_each_other(tmp_path):
    built = []

    def build(partial):
        built.append(threading.get_ident())
        time.sleep(0.3)
        (partial / "a").write_text("a")

    threads = [
        threading.Thread(target=folders.make_once, args=(tmp_path / "made", build))
        for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(built) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["made"]


def test_who_is_not_to_wait_is_told_that_another_one_makes_it(tmp_path):
    with folders.locked(tmp_path / ".made.lock"):
        with pytest.raises(folders.BusyError, match=r"another process holds .*\.made\.lock"):
            folders.make_once(tmp_path / "made", pathlib.Path.touch, wait=False)
        assert (tmp_path / ".made.lock").exists()
    folders.make_once(tmp_path / "made", lambda partial: (partial / "a").touch(), wait=False)
    assert [path.name for path in tmp_path.iterdir()] == ["made"]


_HOLD = """
import pathlib, signal, sys
from absl import logging
from tfds_casia import folders
logging.set_verbosity(logging.INFO)
with folders.locked(pathlib.Path(sys.argv[1])):
    print("held", flush=True)
    signal.pause()
"""


def test_the_lock_of_a_killed_process_is_no_lock(tmp_path):
    lock = tmp_path / "lock"
    holder = processes.start([sys.executable, "-c", _HOLD, lock])
    assert holder.stdout.readline() == "held\n"
    entered = threading.Event()

    def enter():
        with folders.locked(lock):
            entered.set()

    waiting = threading.Thread(target=enter)
    waiting.start()
    assert not entered.wait(0.3)
    processes.end(holder)
    assert entered.wait(processes.limit())
    waiting.join()
    assert not lock.exists()


def test_who_gives_up_waiting_leaves_the_lock(tmp_path):
    lock, said = tmp_path / "lock", tmp_path / "said"
    with folders.locked(lock):
        with said.open("w") as file:
            waiting = processes.start([sys.executable, "-c", _HOLD, lock], stderr=file)
        processes.wait_for(lambda: "waiting for it" in said.read_text(), waiting)
        waiting.send_signal(signal.SIGINT)
        status, output, _ = processes.finish(waiting)
        assert output == "" and status != 0
        assert lock.exists()
    assert not lock.exists()


@pytest.mark.parametrize("code", [errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP])
def test_a_file_system_without_locks_is_named(tmp_path, monkeypatch, code):
    def refuse(descriptor, how):
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(fcntl, "flock", refuse)
    with pytest.raises(folders.NoLocksError, match="without locks") as error:
        folders.make_once(tmp_path / "made", lambda partial: None)
    assert str(tmp_path) in str(error.value)
    assert list(tmp_path.iterdir()) == []
