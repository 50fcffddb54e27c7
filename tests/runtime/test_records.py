import os

import jax
import pytest

from gait_jax.runtime import records
from gait_jax.runtime.errors import InputError


def _names(folder) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_flatten_joins_keys_and_keeps_lists_as_values():
    tree = {"a": {"b": 1, "c": {"d": (2, 3)}}, "e": [4], "f": {}}
    assert records.flatten(tree) == {"a.b": 1, "a.c.d": [2, 3], "e": [4]}


def test_write_atomically_replaces_and_leaves_no_partial_file(tmp_path):
    path = tmp_path / "a.json"
    records.write_atomically(path, "old")
    records.write_atomically(path, "né")
    assert path.read_bytes() == "né".encode()
    assert _names(tmp_path) == ["a.json"]


def test_write_atomically_keeps_the_old_file_when_it_fails(tmp_path, monkeypatch):
    path = tmp_path / "a.json"
    records.write_atomically(path, "old")

    def fail(source, target):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(OSError, match="No space left on device"):
        records.write_atomically(path, "new")
    assert path.read_text() == "old"


def test_the_version_of_what_is_not_installed_is_none():
    assert records.version_of("no-such-distribution") is None
    assert records.version_of("jax") == jax.__version__


def test_a_workdir_that_is_a_file_or_below_one_is_refused(tmp_path):
    file = tmp_path / "file"
    file.touch()
    with pytest.raises(InputError, match=r"file cannot be made \(it is a file\): choose another"):
        records.make_workdir(file)
    with pytest.raises(InputError, match=r"below cannot be made \(Not a directory\)"):
        records.make_workdir(file / "below")
    records.make_workdir(tmp_path / "a" / "b")
    records.make_workdir(tmp_path / "a" / "b")
    assert (tmp_path / "a" / "b").is_dir()


def test_of_what_is_refused_no_folder_is_left(tmp_path):
    workdir = tmp_path / "new" / "run"
    with pytest.raises(InputError, match="no such protocol"), records.tried_in(workdir):
        assert workdir.is_dir()
        raise InputError("no such protocol")
    assert not _names(tmp_path)
    # What holds something stays, and so does what was there before.
    with pytest.raises(InputError), records.tried_in(workdir):
        (workdir / "kept.txt").touch()
        raise InputError("later")
    assert _names(workdir) == ["kept.txt"]
    (tmp_path / "there").mkdir()
    with pytest.raises(InputError), records.tried_in(tmp_path / "there"):
        raise InputError("refused")
    assert (tmp_path / "there").is_dir()
