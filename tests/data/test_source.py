import cv2
import pytest
import tensorflow_datasets as tfds
from drawn import draw_person

import tfds_casia
from gait_jax.data import source
from gait_jax.runtime.errors import InputError
from tfds_casia import folders, parts
from tfds_casia.data_set import GaitDataSet


@pytest.fixture(autouse=True)
def _no_progress_bars():
    tfds.disable_progress_bar()


@pytest.fixture(scope="module")
def manual_dir(tmp_path_factory):
    folder = tmp_path_factory.mktemp("manual")
    for frame in (1, 2):
        cv2.imwrite(str(folder / f"001-nm-01-090-{frame:03d}.png"), draw_person(frame, 40))
    return folder


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory, manual_dir):
    """Holds CASIA-B prepared from `manual_dir`."""
    folder = tmp_path_factory.mktemp("data")
    tfds.disable_progress_bar()
    source.open_dataset("casia_b", str(folder), str(manual_dir))
    return folder


def _refused(*args) -> str:
    with pytest.raises(InputError) as error:
        source.open_dataset(*args)
    return str(error.value)


def test_a_prepared_data_set_is_opened_without_its_original_files(data_dir, manual_dir):
    builder = source.open_dataset("casia_b", str(data_dir), "")
    assert builder.info.splits["all"].num_examples == 1
    assert source.describe(builder) == {
        "name": "casia_b",
        "version": "1.0.0",
        "manual_dir": str(manual_dir.resolve()),
        "synthetic": False,
    }


def test_a_prepared_data_set_is_not_prepared_again(data_dir, manual_dir, monkeypatch):
    def refuse(*args, **kwargs):
        raise AssertionError("prepared twice")

    monkeypatch.setattr(tfds.core.DatasetBuilder, "download_and_prepare", refuse)
    # Another way to write the same folder.
    same = f"{manual_dir}/../{manual_dir.name}"
    assert source.open_dataset("casia_b", str(data_dir), same).is_prepared()


def test_a_home_folder_is_understood(data_dir, monkeypatch):
    monkeypatch.setenv("HOME", str(data_dir.parent))
    builder = source.open_dataset("casia_b", f"~/{data_dir.name}", "")
    assert str(builder.data_path).startswith(str(data_dir))


def test_an_unknown_data_set_is_refused(tmp_path):
    message = _refused("casia_z", str(tmp_path), "")
    assert message.startswith(
        "data.name 'casia_z' is not known: use one of walkers, casia_a, casia_b"
    )


def test_a_form_that_a_data_set_lacks_is_refused_and_others_are_named(tmp_path):
    message = _refused("casia_a", str(tmp_path), "", None, source.RGB)
    assert message == ("casia_a has no colour: choose walkers or casia_b (--config=FILE:casia_b)")


def test_original_files_of_a_synthetic_data_set_are_refused(tmp_path):
    message = _refused("walkers", str(tmp_path), str(tmp_path))
    assert message == (
        "walkers is made, not read: leave data.manual_dir empty, or choose the data set whose "
        "files these are (--config=FILE:casia_a or :casia_b)"
    )


def test_a_data_set_costs_its_builder_and_a_line(tmp_path, monkeypatch):
    opened = []

    class Drawn(GaitDataSet):
        SYNTHETIC = True

        @classmethod
        def open(cls, data_dir, subjects, form):
            opened.append((data_dir, subjects, form))
            return tfds_casia.CasiaB(data_dir=data_dir)

        @staticmethod
        def direction(view, sequence, led):
            return view - sequence + int(led[0])

    assert [source.is_synthetic(name) for name in ("walkers", "casia_b")] == [True, False]
    monkeypatch.setitem(tfds_casia.DATA_SETS, "drawn", Drawn)
    monkeypatch.setattr(tfds_casia.CasiaB, "is_prepared", lambda self: True)
    assert source.open_dataset("drawn", str(tmp_path), "", 7).name == "casia_b"
    assert opened == [(str(tmp_path), 7, source.SILHOUETTES)]
    assert source.is_synthetic("drawn")
    assert source.direction("drawn", 90, 2, (5.0, 0.0)) == 93


def test_an_unprepared_data_set_without_original_files_is_refused(tmp_path):
    message = _refused("casia_b", str(tmp_path), "")
    assert message.startswith(f"casia_b is not prepared in {tmp_path}")
    assert "set --config.data.manual_dir to the folder that holds its original files" in message


def test_a_folder_that_does_not_exist_is_refused(tmp_path):
    missing = tmp_path / "missing"
    message = _refused("casia_b", str(tmp_path / "data"), str(missing))
    assert message == (
        f"{missing} (data.manual_dir) is not a folder: give the one that holds casia_b"
    )
    assert not (tmp_path / "data").exists()


def test_a_folder_without_frames_of_the_data_set_is_refused(tmp_path):
    folder = tmp_path / "manual"
    folder.mkdir()
    (folder / "readme.txt").write_text("nothing here")
    message = _refused("casia_b", str(tmp_path / "data"), str(folder))
    assert str(folder) in message
    assert "001-bg-01-000-001.png" in message
    # It can be tried again with the right folder.
    cv2.imwrite(str(folder / "001-nm-01-090-001.png"), draw_person(0, 40))
    assert source.open_dataset("casia_b", str(tmp_path / "data"), str(folder)).is_prepared()


def test_a_data_set_prepared_from_another_folder_is_refused(data_dir, manual_dir, tmp_path):
    message = _refused("casia_b", str(data_dir), str(tmp_path))
    assert f"was prepared from {manual_dir.resolve()}, not from {tmp_path.resolve()}" in message
    assert "set --config.data.data_dir to another folder" in message


@pytest.mark.parametrize("error", [parts.WorkerLostError("lost"), folders.NoLocksError("no locks")])
def test_what_stops_a_preparation_costs_one_line(tmp_path, manual_dir, monkeypatch, error):
    def fail(*args):
        raise error

    monkeypatch.setattr(parts.Workers, "make", fail)
    assert _refused("casia_b", str(tmp_path / "data"), str(manual_dir)) == str(error)
    assert not list((tmp_path / "data").rglob("1.0.0"))
