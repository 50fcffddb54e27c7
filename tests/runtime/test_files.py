import os
import stat

import pytest

from gait_jax.runtime import files
from gait_jax.runtime.errors import InputError
from gait_jax.runtime.files import replacing, writable


def _names(folder) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_takes_its_name_when_it_is_written(tmp_path):
    path = tmp_path / "a.png"
    path.write_text("old")
    with replacing(path) as partial:
        assert partial.parent == tmp_path and partial.suffix == ".png" and not partial.exists()
        assert partial.name.startswith(".")
        partial.write_text("new")
        assert path.read_text() == "old"
    assert path.read_text() == "new" and _names(tmp_path) == ["a.png"]
    # Others may read it as any other file.
    (tmp_path / "b.png").touch()
    assert stat.S_IMODE(path.stat().st_mode) == stat.S_IMODE((tmp_path / "b.png").stat().st_mode)


@pytest.mark.parametrize("error", [ValueError("torn"), KeyboardInterrupt()])
def test_where_writing_fails_the_old_file_stays_and_nothing_else(tmp_path, error):
    path = tmp_path / "a.txt"
    path.write_text("old")
    with pytest.raises(type(error)), replacing(path) as partial:
        partial.write_text("half")
        raise error
    assert path.read_text() == "old" and _names(tmp_path) == ["a.txt"]


def test_a_file_that_was_not_written_replaces_nothing(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("old")
    with pytest.raises(FileNotFoundError) as error, replacing(path):
        pass
    assert error.value.filename == str(path)
    assert path.read_text() == "old" and _names(tmp_path) == ["a.txt"]


def test_an_error_names_the_file_and_not_its_other_name(tmp_path):
    path = tmp_path / "none" / "a.txt"
    with pytest.raises(FileNotFoundError) as error:
        files.write_bytes(path, b"new")
    assert error.value.filename == str(path)
    (tmp_path / "folder").mkdir()
    with pytest.raises(IsADirectoryError) as error:
        files.write_bytes(tmp_path / "folder", b"new")
    assert str(error.value.filename) == str(tmp_path / "folder")
    assert _names(tmp_path) == ["folder"]


def test_names_as_long_as_a_name_can_be(tmp_path):
    path = tmp_path / ("a" * 251 + ".png")
    files.write_bytes(path, b"new")
    assert path.read_bytes() == b"new" and _names(tmp_path) == [path.name]


def test_two_that_write_the_same_file_do_not_disturb_each_other(tmp_path):
    path = tmp_path / "a"
    with replacing(path) as first, replacing(path) as second:
        assert first != second
        first.write_text("first")
        second.write_text("second")
    assert path.read_text() == "first" and _names(tmp_path) == ["a"]


def test_what_is_no_file_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="it is no regular file"):
        files.read_regular(tmp_path / "pipe")


def test_folders_made_to_see_whether_a_file_can_be_written_stay_where_something_was(tmp_path):
    (tmp_path / "there").mkdir()
    with pytest.raises(ValueError), writable(tmp_path / "there" / "a" / "b" / "r.json", "-o"):
        assert _names(tmp_path / "there" / "a") == ["b"]
        raise ValueError
    assert _names(tmp_path) == ["there"] and not _names(tmp_path / "there")
    with writable(tmp_path / "there" / "a" / "b" / "r.json", "-o"):
        (tmp_path / "there" / "a" / "r.txt").touch()
    assert _names(tmp_path / "there" / "a") == ["r.txt"]
    within = writable(tmp_path / "there" / "a" / "r.txt" / "b", "-o")
    with pytest.raises(InputError, match="r.txt/b cannot be written"), within:
        pytest.fail("is never begun")
