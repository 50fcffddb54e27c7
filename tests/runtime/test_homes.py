import pathlib

import pytest

from gait_jax.runtime import homes
from gait_jax.runtime.errors import InputError


def test_homes_and_caches(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("GAIT_JAX_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
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
    for name in ("GAIT_JAX_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    assert homes.expanded("/data") == pathlib.Path("/data")
    with pytest.raises(InputError, match="this user has no home folder: set HOME"):
        homes.expanded("~/a")
    with pytest.raises(InputError, match="no home folder to keep files in: set GAIT_JAX_CACHE"):
        homes.cache()


@pytest.mark.parametrize("home", ["", "/", "somewhere"])
def test_what_is_nobodys_home_is_none(monkeypatch, home):
    monkeypatch.setenv("HOME", home)
    with pytest.raises(InputError, match="this user has no home folder: set HOME"):
        homes.expanded("~/a")
    assert homes.expanded("/data/~") == pathlib.Path("/data/~")
