"""What holds for every test: it leaves nothing, however it ends, and a worker stays small."""

import ast
import os
import pathlib
import shutil
import sys

import ordering
import processes
import pytest
from processes import ROOT

_TESTS = ROOT / "tests"

# A test that starts a shell with a child and grandchild, none of which ends by itself.
_STARTS = """
import os, pathlib, signal
import memory, processes
from processes import ROOT

def test_starts(tmp_path):
    note = pathlib.Path(os.environ["NOTE"])
    lines = "sleep 9999 & echo $! >$0; sleep 9999 & echo $! >>$0; echo $$ >>$0; wait"
    process = processes.start(["sh", "-c", lines, note])
    processes.wait_for(lambda: note.exists() and len(note.read_text().split()) == 3, process)
    (tmp_path / "file").write_text("left")
    {then}
"""


def _run(tmp_path, then, *arguments):
    """(pytest's result, processes that its one test started) of a test that ends with `then`."""
    inner, note, loose = tmp_path / "inner", tmp_path / "note", tmp_path / "loose"
    inner.mkdir()
    loose.mkdir()
    shutil.copy(_TESTS / "conftest.py", inner)
    (inner / "test_inner.py").write_text(_STARTS.replace("{then}", then))
    outer = ("PYTEST_", "GAIT_JAX_TESTS")
    environment = {k: v for k, v in os.environ.items() if not k.startswith(outer)}
    environment |= {"NOTE": str(note), "TMPDIR": str(loose)}
    environment["PYTHONPATH"] = os.pathsep.join([str(_TESTS / "support"), str(ROOT)])
    done = processes.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments],
        cwd=inner,
        env=environment,
    )
    return done, [int(number) for number in note.read_text().split()]


def _runs(process: int) -> bool:
    try:
        stat = pathlib.Path(f"/proc/{process}/stat").read_text()
    except FileNotFoundError:
        return False
    # One that nobody waited for yet has ended all the same.
    return stat.rpartition(")")[2].split()[0] != "Z"


def _nothing_is_left(tmp_path, started):
    assert len(started) == 3
    processes.wait_for(lambda: not any(map(_runs, started)))
    processes.wait_for(lambda: not list((tmp_path / "loose").iterdir()))


needs_proc = pytest.mark.skipif(not os.path.exists("/proc/self/stat"), reason="needs Linux")


@needs_proc
def test_a_test_that_fails_leaves_nothing(tmp_path):
    done, started = _run(tmp_path, "assert False, 'on purpose'")
    assert done.returncode == 1
    assert "1 failed in" in done.stdout and "on purpose" in done.stdout, done.stdout
    _nothing_is_left(tmp_path, started)


@needs_proc
def test_a_test_that_passes_must_have_ended_what_it_started(tmp_path):
    done, started = _run(tmp_path, "")
    assert done.returncode == 1
    assert "1 passed, 1 error" in done.stdout and "still ran: ['sh -c sleep" in done.stdout
    _nothing_is_left(tmp_path, started)


@needs_proc
def test_a_test_may_end_what_it_started(tmp_path):
    done, started = _run(tmp_path, "processes.end(process)")
    assert done.returncode == 0, done.stdout
    _nothing_is_left(tmp_path, started)


@needs_proc
@pytest.mark.parametrize(
    ("who", "workers", "status"),
    [("os.getpid()", 0, -9), ("os.getpid()", 1, 1), ("os.getppid()", 1, -9)],
    ids=["the run", "a worker", "the run of a worker"],
)
def test_a_test_run_that_is_killed_leaves_nothing(tmp_path, who, workers, status):
    then = f"os.kill({who}, signal.SIGKILL); signal.pause()"
    done, started = _run(tmp_path, then, f"--numprocesses={workers}")
    assert done.returncode == status, done.stdout
    _nothing_is_left(tmp_path, started)


@needs_proc
def test_a_disk_that_a_killed_test_mounted_is_taken_away(tmp_path):
    then = """
    done = processes.run(["mount", "-t", "tmpfs", "tmpfs", tmp_path])
    (note.parent / "status").write_text(str(done.returncode))
    os.kill(os.getpid(), signal.SIGKILL)
"""
    done, started = _run(tmp_path, then.strip())
    assert done.returncode == -9, done.stdout
    if (tmp_path / "status").read_text() != "0":
        pytest.skip("mounting a disk needs more rights than this user has")
    _nothing_is_left(tmp_path, started)
    assert str(tmp_path) not in pathlib.Path("/proc/mounts").read_text()


@needs_proc
@pytest.mark.parametrize("workers", [0, 1])
def test_a_worker_that_holds_too_much_fails_the_session(tmp_path, workers):
    then = "processes.end(process); held = bytearray(1700 << 20); held[::4096] = held[::4096]"
    # As pages that were never written take no room, each is.
    then = then.replace("held[::4096] = held[::4096]", "held[::4096] = b'x' * len(held[::4096])")
    done, _ = _run(tmp_path, then, f"--numprocesses={workers}")
    assert done.returncode == 1 and "1 passed" in done.stdout
    assert "of 1536 MiB allowed" in done.stdout


def test_one_worker_begins_with_the_longest_file_and_the_other_with_the_largest():
    assert all((_TESTS / name).is_file() for name in ordering.LONGEST + ordering.LARGEST)
    (longest,), (largest, next_largest, *_) = ordering.LONGEST, ordering.LARGEST
    given = ["a", next_largest, largest, longest, longest, "b", largest, "c"]
    found = ordering.ordered(given, str)
    assert found == [longest, longest, "a", "b", largest, largest, next_largest, "c"]
    assert ordering.ordered([largest], str) == [largest]


def test_what_does_not_come_is_not_waited_for_when_its_process_has_ended():
    process = processes.start(["sh", "-c", "echo said; echo why >&2; exit 3"])
    with pytest.raises(AssertionError, match="ended with 3:\nsaid\nwhy"):
        processes.wait_for(lambda: False, process)


@needs_proc
def test_what_hangs_is_killed_with_all_of_its_group(tmp_path, monkeypatch):
    note = tmp_path / "note"
    process = processes.start(["sh", "-c", "sleep 9999 & echo $! >$0; wait", note])
    processes.wait_for(lambda: note.exists() and note.read_text().strip(), process)
    monkeypatch.setattr(processes, "limit", lambda: 0.1)
    with pytest.raises(TimeoutError, match="sleep 9999"):
        processes.finish(process)
    assert process.returncode == -9
    monkeypatch.undo()
    processes.wait_for(lambda: not _runs(int(note.read_text())))


def test_limits_grow_with_what_else_runs(monkeypatch):
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    for load, expected in ((0.5, 600), (2.0, 600), (10.0, 3000)):
        monkeypatch.setattr(os, "getloadavg", lambda load=load: (load, 0.0, 0.0))
        assert processes.limit() == expected


def test_command_lines_are_started_in_one_place():
    found = []
    for path in sorted(_TESTS.rglob("*.py")):
        name = path.relative_to(_TESTS).as_posix()
        if name in ("support/processes.py", "support/guard.py"):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                found += [name for alias in node.names if alias.name == "subprocess"]
            if isinstance(node, ast.ImportFrom) and node.module == "subprocess":
                found.append(name)
    assert found == []
