import hashlib
import pathlib

import pytest

from gait_jax.runtime.errors import InputError
from gait_jax.video import blazepose_files

_NAME = blazepose_files.DETECTOR


@pytest.fixture(autouse=True)
def _no_variables(monkeypatch, tmp_path):
    for name in ("GAIT_JAX_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))


def test_files_are_kept_in_the_users_cache_unless_another_folder_is_named(tmp_path, monkeypatch):
    home = tmp_path / "home" / ".cache" / "gait_jax" / "blazepose"
    assert blazepose_files.folder() == home
    # What is no whole path is to be passed over.
    for relative in ("", "cache", "~/cache"):
        monkeypatch.setenv("XDG_CACHE_HOME", relative)
        assert blazepose_files.folder() == home
    monkeypatch.setenv("XDG_CACHE_HOME", "/caches")
    assert blazepose_files.folder() == pathlib.Path("/caches/gait_jax/blazepose")
    monkeypatch.setenv("GAIT_JAX_CACHE", "/kept")
    assert blazepose_files.folder() == pathlib.Path("/kept/blazepose")
    monkeypatch.setenv("GAIT_JAX_CACHE", "~/kept")
    assert blazepose_files.folder() == tmp_path / "home" / "kept" / "blazepose"


@pytest.mark.parametrize("home", [None, "", "~", "somewhere"])
@pytest.mark.parametrize("named", [None, "~/kept"])
def test_without_a_home_no_folder_is_made_up(tmp_path, monkeypatch, home, named):
    def unknown(number):
        raise KeyError(number)

    # A user without an entry, as in many containers.
    monkeypatch.setattr("pwd.getpwuid", unknown)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("HOME")
    if home is not None:
        monkeypatch.setenv("HOME", home)
    if named:
        monkeypatch.setenv("GAIT_JAX_CACHE", named)
    message = "no home folder to keep files in: set GAIT_JAX_CACHE to a folder"
    with pytest.raises(InputError, match=message):
        blazepose_files.find(_NAME)
    monkeypatch.setenv("GAIT_JAX_CACHE", "kept")
    assert blazepose_files.folder() == pathlib.Path("kept/blazepose")
    assert list(tmp_path.iterdir()) == []


def test_a_file_is_found_where_it_is_the_right_one(tmp_path, monkeypatch):
    monkeypatch.setenv("GAIT_JAX_CACHE", str(tmp_path))
    path = tmp_path / "blazepose" / _NAME
    for problem in ("is missing", "is damaged", r"cannot be read \(it is no regular file\)"):
        with pytest.raises(InputError) as error:
            blazepose_files.find(_NAME)
        error.match(f"^{path} {problem}: run python -m gait_jax.fetch$")
        if problem == "is missing":
            path.parent.mkdir()
            path.write_bytes(b"something else")
        elif problem == "is damaged":
            path.unlink()
            path.mkdir()
    path.rmdir()
    path.write_bytes(b"the right one")
    right = hashlib.sha256(b"the right one").hexdigest()
    monkeypatch.setitem(blazepose_files.HASHES, _NAME, right)
    assert blazepose_files.find(_NAME) == path
