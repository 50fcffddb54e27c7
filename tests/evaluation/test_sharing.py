"""Several processes, one evaluation: each piece is done, and by one of them."""

import os
import pathlib
import signal
import sys

import processes
import pytest

from gait_jax.evaluation import sharing
from gait_jax.evaluation.sharing import Board, do_share
from gait_jax.runtime.errors import InputError, InUseError

# A task of two, whose pieces say who did them; the last one needs what another must have made.
_SHARE = """
import functools, os, pathlib, sys, time
from gait_jax.evaluation.sharing import Board, do_share
from gait_jax.runtime.errors import InUseError
folder, task = pathlib.Path(sys.argv[1]), int(sys.argv[2])

def piece(number):
    if number == 5 and not (folder / "made").exists():
        raise InUseError("in work elsewhere")
    # Nobody does a second one before the other has begun, however busy the machine is.
    (folder / f"begun{task}").touch()
    while not (folder / f"begun{1 - task}").exists():
        time.sleep(0.01)
    with (folder / "log").open("a") as file:
        file.write(f"{number} {task}\\n")
    if number == 1:
        (folder / "made").touch()
    return []

do_share([functools.partial(piece, n) for n in range(6)], Board(folder / "board", 6), task, 2)
print("done", (folder / "log").read_text().count("\\n"))
"""

# Starts what is to end with it.
_PARENT = """
import os, subprocess, sys, time
code = "import sys, time; from gait_jax.evaluation import sharing; "
code += "sharing.end_with(int(sys.argv[1])); print('ready', flush=True); time.sleep(600)"
child = subprocess.Popen([sys.executable, "-c", code, str(os.getpid())], start_new_session=True)
print(child.pid, flush=True)
time.sleep(600)
"""


@pytest.fixture
def impatient(monkeypatch):
    monkeypatch.setattr(sharing, "_LOOK", 0.01)


def test_each_piece_is_done_once_by_one_of_two(tmp_path):
    script = [sys.executable, "-c", _SHARE, tmp_path]
    started = [processes.start([*script, task]) for task in range(2)]
    for process in started:
        assert processes.finish(process)[:2] == (0, "done 6\n")
    lines = [line.split() for line in (tmp_path / "log").read_text().splitlines()]
    assert sorted(number for number, _ in lines) == [*"012345"]
    # Each began somewhere else.
    assert {task for _, task in lines} == {"0", "1"}
    assert [line[0] for line in lines if line[1] == "1"][0] == "3"


def test_what_is_done_is_not_done_again(tmp_path, impatient):
    board, calls = Board(tmp_path / "board", 3), []
    pieces = [lambda n=n: calls.append(n) or [] for n in range(3)]
    do_share(pieces, board, 0, 1)
    assert calls == [0, 1, 2]
    do_share(pieces, board, 1, 2)
    assert calls == [0, 1, 2]


def test_a_piece_that_fails_is_left_for_the_next_start(tmp_path, impatient):
    board, mended = Board(tmp_path / "board", 2), []

    def piece():
        if not mended:
            raise InputError("a disk is full")
        return []

    with pytest.raises(InputError, match="a disk is full"):
        do_share([piece, piece], board, 0, 1)
    assert board.left() == [0, 1]
    mended.append(True)
    do_share([piece, piece], board, 0, 1)
    assert board.left() == []


def test_a_piece_is_held_by_one(tmp_path):
    first, second = Board(tmp_path, 2), Board(tmp_path, 2)
    with first.taken(0):
        with pytest.raises(InUseError), second.taken(0):
            raise AssertionError("taken twice")
        with second.taken(1):
            assert first.left() == [0, 1]
    assert second.left() == []


def test_what_a_killed_process_started_ends(tmp_path):
    parent = processes.start([sys.executable, "-c", _PARENT])
    child = int(parent.stdout.readline())
    assert parent.stdout.readline() == "ready\n"
    parent.send_signal(signal.SIGKILL)
    parent.wait()

    def gone():
        try:
            os.kill(child, 0)
            state = pathlib.Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()[0]
        except (ProcessLookupError, FileNotFoundError):
            return True
        # Nobody may have asked for its status yet.
        return state == "Z"

    processes.wait_for(gone)


@pytest.mark.parametrize(("task", "tasks"), [(2, 2), (-1, 3)])
def test_a_task_that_is_not_there_is_refused(task, tasks):
    with pytest.raises(InputError, match=rf"^--task={task} is not one of --tasks={tasks}: "):
        sharing.checked_share(task, tasks)
