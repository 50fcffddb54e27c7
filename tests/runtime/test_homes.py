import pathlib

import pytest

from gait_jax.runtime import homes
from gait_jax.runtime.errors import InputError


def test_homes_and_caches(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    assert homes.expanded("~/a") == tmp_path / "a"
    assert homes.expanded("a/~") == pathlib.Path("a/~")
    assert homes.cache() == tmp_path / ".cache" / "gait_jax"
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "c"))
    assert homes.cache() == tmp_path / "c" / "gait_jax"
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    assert homes.cache() == tmp_path / ".cache" / "gait_jax"


def test_where_there_is_no_home_no_folder_of_that_name_is_made(monkeypatch):
    # As of a user who is a bare number in a container.
    monkeypatch.setattr("os.path.expanduser", lambda path: str(path))
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    assert homes.expanded("/data") == pathlib.Path("/data")
    for ask in (homes.cache, lambda: homes.expanded("~/a")):
        with pytest.raises(InputError, match="this user has no home folder: set HOME"):
            ask()
