import dataclasses
import types

import ml_collections
import numpy as np
import pytest
import tensorflow_datasets as tfds
from drawn import draw_walk
from stores import make_store

from gait_jax.data import source
from gait_jax.data.dataset import EVERYBODY, open_dataset
from gait_jax.data.source import derived_directory
from gait_jax.gait import silhouette
from gait_jax.runtime.errors import InputError


@pytest.fixture
def config(casia_a_dir, data_dir):
    return {
        "name": "casia_a",
        "data_dir": str(data_dir),
        "derived_dir": "",
        "manual_dir": str(casia_a_dir),
        "subjects": 0,
        "groups": "few",
    }


@pytest.fixture
def dataset(config):
    return open_dataset(ml_collections.FrozenConfigDict(config), progress=False)


def test_the_gaits_are_the_recorded_ones_in_the_data_sets_order(dataset):
    assert dataset.gaits is dataset.originals
    assert len(dataset.originals.sequences) == 10
    for index in (0, 9):
        sequence = dataset.originals.sequences[index]
        masks = dataset.masks(index)
        # As the data set has them: not cleaned yet.
        subject = ord(sequence.subject[1]) - ord("a")
        drawn = draw_walk(10, tall=56 + subject, bulk=0.8 + 0.05 * subject)
        np.testing.assert_array_equal(masks, np.array(drawn) // 255)
        for frame, mask in enumerate(masks):
            found = dataset.originals.mask(sequence.first + frame)
            np.testing.assert_array_equal(found, silhouette.clean(mask))


def test_what_is_derived_may_stand_elsewhere(dataset, config, tmp_path):
    own = dataset.directory
    before = sorted(own.rglob("*"))
    config["derived_dir"] = str(tmp_path / "derived")
    elsewhere = open_dataset(ml_collections.FrozenConfigDict(config), progress=False)
    assert elsewhere.directory.parent == tmp_path / "derived"
    assert elsewhere.gaits.directory.parent == elsewhere.directory
    assert elsewhere.gaits.key == dataset.gaits.key
    assert sorted(own.rglob("*")) == before
    # Another data set of the same name and version has a folder of its own there.
    info = own / "dataset_info.json"
    other = tmp_path / "other"
    other.mkdir()
    (other / info.name).write_text(info.read_text() + " ")
    moved = types.SimpleNamespace(
        data_path=other, name=elsewhere.builder.name, info=elsewhere.builder.info
    )
    found = derived_directory(moved, config["derived_dir"])
    assert found.parent == elsewhere.directory.parent and found != elsewhere.directory
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match=r"cannot be made \(.*choose another data.derived_dir"):
        derived_directory(elsewhere.builder, str(tmp_path / "file"))


def test_what_is_made_of_a_read_only_data_set_is_kept_in_the_users_cache(tmp_path, monkeypatch):
    own = tmp_path / "shared"
    own.mkdir()
    (own / "dataset_info.json").write_text("{}")
    info = types.SimpleNamespace(full_name="casia_b/1.0.0")
    builder = types.SimpleNamespace(data_path=own, name="casia_b", info=info)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    assert derived_directory(builder, "") == own
    monkeypatch.setattr("os.access", lambda path, mode: False)
    found = derived_directory(builder, "")
    assert found.is_dir() and found.parent == tmp_path / "cache" / "gait_jax" / "derived"
    # What was made there by somebody who could is not made again.
    (own / "gaits-1").mkdir()
    assert derived_directory(builder, "") == own


def test_without_a_home_a_folder_has_to_be_given(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("os.path.expanduser", lambda path: str(path))
    monkeypatch.setattr(tfds.core.constants, "DATA_DIR", "~/tensorflow_datasets")
    with pytest.raises(InputError, match="no home folder"):
        source.open_dataset("walkers", "", "")
    assert list(tmp_path.iterdir()) == []


def test_everybody_is_a_group(dataset):
    members = dataset.members(EVERYBODY)
    assert members == sorted(set().union(*dataset.groups.values()))
    assert len(members) == 10
    # Also where the gaits in use are those of some of them.
    assert dataclasses.replace(dataset, gaits=None).members(EVERYBODY) == members


def test_a_group_that_is_none(dataset):
    assert dataset.members("validation") == ["sg"]
    with pytest.raises(InputError, match="group 'many' is not in data.groups: use one of train,"):
        dataset.members("many")


def test_sequences_are_found_by_who_walks_and_how(dataset, tmp_path):
    mask = np.ones((2, 2), np.uint8)
    names = [("a", "nm", 1), ("b", "nm", 2), ("a", "cl", 1), ("c", "nm", 1), ("a", "nm", 2)]
    sequences = [(*name, 90, [mask]) for name in names]
    store = make_store(tmp_path / "store", sequences)
    other = dataclasses.replace(dataset, gaits=store, originals=store)
    assert other.indices(["a", "c"]) == [0, 2, 3, 4]
    assert other.indices({"b", "a"}, {"nm": [2]}) == [1, 4]
    assert other.indices(["a"], {"cl": [1, 2], "nm": [1]}) == [0, 2]
    assert other.indices([]) == other.indices(["a"], {}) == []
