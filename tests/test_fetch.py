import hashlib
import sys

import made_up_pip
import processes
import pytest

from gait_jax import fetch
from gait_jax.video import blazepose_files

_CONTENTS = {name: name.encode() * 9 for name in fetch._WITHIN}
_HASHES = {name: hashlib.sha256(data).hexdigest() for name, data in _CONTENTS.items()}

# Both at once: as they would be, but with the made-up package's hashes.
_FETCH = """
import sys
from gait_jax import fetch
from gait_jax.video import blazepose_files
fetch._WHEEL_HASH = sys.argv[1]
blazepose_files.HASHES.update(zip(fetch._WITHIN, sys.argv[2:]))
sys.exit(fetch.main([]))
"""


@pytest.fixture
def pip(tmp_path, monkeypatch):
    """A pip that brings a small package, which is the known one."""
    inside = {fetch._WITHIN[name]: data for name, data in _CONTENTS.items()}
    made = made_up_pip.MadeUpPip(tmp_path / "pip", monkeypatch, fetch._WHEEL, inside)
    monkeypatch.setattr(fetch, "_WHEEL_HASH", made.hash)
    monkeypatch.setattr(blazepose_files, "HASHES", _HASHES)
    return made


@pytest.fixture
def kept(tmp_path, monkeypatch):
    """The folder that files are kept in; it is not there yet."""
    monkeypatch.setenv("GAIT_JAX_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "blazepose"


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def refused(capsys):
    """The one line of a command that failed."""
    assert fetch.main([]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    (line,) = err.splitlines()
    return line.removeprefix("gait_jax.fetch: ")


def test_it_brings_both_files_once_and_says_where_they_are(pip, kept, capsys):
    assert fetch.main([]) == 0
    assert contents(kept) == _CONTENTS
    assert fetch.main([]) == 0
    assert capsys.readouterr().out.splitlines() == [
        f"BlazePose is in {kept}",
        f"BlazePose is in {kept} already",
    ]
    (call,) = pip.calls()
    # The same build whichever Python asks, without what it would want to have beside it.
    assert call.startswith("download ") and call.endswith(" mediapipe==0.10.21")
    for flag in ("--no-deps", "--only-binary=:all:", "--python-version=3.12", "--abi=cp312"):
        assert f" {flag} " in call


@pytest.mark.parametrize("name", _CONTENTS)
def test_a_damaged_or_missing_file_is_fetched_anew_and_the_other_one_left(pip, kept, name):
    kept.mkdir(parents=True)
    other = next(each for each in _CONTENTS if each != name)
    (kept / other).write_bytes(_CONTENTS[other])
    before = (kept / other).stat().st_ino
    (kept / name).write_bytes(_CONTENTS[name][:-1])
    assert fetch.fetch() == (kept, True)
    assert contents(kept) == _CONTENTS and len(pip.calls()) == 1
    assert (kept / other).stat().st_ino == before
    (kept / name).unlink()
    assert fetch.fetch() == (kept, True)
    assert contents(kept) == _CONTENTS


def test_another_package_or_another_file_in_it_is_refused(pip, kept, monkeypatch, capsys):
    monkeypatch.setitem(_HASHES, blazepose_files.LANDMARKS, "0" * 64)
    what = "is not the one that is known: run the same command again"
    assert refused(capsys).startswith(f"{blazepose_files.LANDMARKS} {what}")
    assert contents(kept) == {}
    monkeypatch.setattr(fetch, "_WHEEL_HASH", "0" * 64)
    assert refused(capsys).startswith(f"{fetch._WHEEL} {what}")
    assert contents(kept) == {}


def test_two_at_once_fetch_once(pip, kept):
    pip.takes(1.5)
    command = [sys.executable, "-c", _FETCH, pip.hash, *_HASHES.values()]
    running = [processes.start(command) for _ in range(2)]
    ended = [processes.finish(process) for process in running]
    assert [(status, err) for status, _, err in ended] == [(0, ""), (0, "")]
    assert len(pip.calls()) == 1
    said = sorted(out.splitlines()[-1] for _, out, _ in ended)
    assert said == [f"BlazePose is in {kept}", f"BlazePose is in {kept} already"]
    assert contents(kept) == _CONTENTS


_NO_NETWORK = """WARNING: Retrying (total=0) after connection broken by 'Error("no route")': /x/
ERROR: Could not find a version that satisfies the requirement mediapipe==0.10.21
ERROR: No matching distribution found for mediapipe==0.10.21
"""


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        (_NO_NETWORK, 'Error("no route")'),
        ("WARNING: old\nERROR: Disk is full\nERROR: later\n", "Disk is full"),
        ("Traceback:\n  line\nOSError: gone\n\n", "OSError: gone"),
        ("\n", "it does not say why"),
    ],
)
def test_what_pip_says_is_said_in_one_line(pip, kept, capsys, told, reason):
    pip.fails(told)
    line = refused(capsys)
    assert line == (
        f"pip cannot download mediapipe==0.10.21 ({reason}): mend that, or copy {kept} from a "
        "machine where this command worked"
    )
    assert contents(kept) == {}


def test_a_pip_that_brings_nothing_is_not_believed(pip, kept, capsys):
    pip.brings_nothing()
    assert refused(capsys).startswith("pip cannot download mediapipe==0.10.21 (it does not say why")
    assert contents(kept) == {}


def test_without_pip_it_says_how_to_get_it(kept, tmp_path, monkeypatch, capsys):
    # A Python that sees no installed packages, as in a uv environment.
    bare = tmp_path / "python"
    bare.write_text(f'#!/bin/sh\nexec "{sys.executable}" -I -S "$@"\n')
    bare.chmod(0o755)
    monkeypatch.setattr(fetch.sys, "executable", str(bare))
    assert refused(capsys) == (
        "pip is not installed beside this Python: run python -m ensurepip, or uv pip install pip, "
        "then the same command again"
    )


def test_a_cache_that_cannot_be_written_is_said_before_anything_is_downloaded(
    pip, tmp_path, monkeypatch, capsys
):
    (tmp_path / "file").touch()
    monkeypatch.setenv("GAIT_JAX_CACHE", str(tmp_path / "file"))
    folder = tmp_path / "file" / "blazepose"
    assert refused(capsys) == (
        f"{folder} cannot be written (Not a directory): set GAIT_JAX_CACHE to a folder that can "
        "be, or let somebody who can write it run the same command"
    )
    assert pip.calls() == []


def test_a_cache_that_cannot_be_written_but_holds_the_files_is_used(pip, kept, monkeypatch):
    kept.mkdir(parents=True)
    for name, data in _CONTENTS.items():
        (kept / name).write_bytes(data)

    def refuse(*_, **__):
        raise AssertionError("it writes")

    monkeypatch.setattr(fetch, "_alone", refuse)
    assert fetch.fetch() == (kept, False)
    assert pip.calls() == []


def test_the_command_line_fails_in_one_line(pip, kept):
    pip.fails("ERROR: no\n")
    done = processes.module("gait_jax.fetch")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("gait_jax.fetch: pip cannot download mediapipe==0.10.21 (no): ")
    assert len(done.stderr.splitlines()) == 1 and contents(kept) == {}
