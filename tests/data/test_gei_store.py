import logging
import shutil

import ml_collections
import numpy as np
import pytest

from gait_jax.data import derived, energies, energy_store
from gait_jax.data.dataset import EVERYBODY, GaitDataset
from gait_jax.data.energies import Energies
from gait_jax.data.source import direction
from gait_jax.gait import energy, silhouette
from gait_jax.runtime.errors import InputError


@pytest.fixture(scope="module")
def dataset(casia_a_dir, data_dir):
    config = {
        "name": "casia_a",
        "data_dir": str(data_dir),
        "manual_dir": str(casia_a_dir),
        "subjects": 0,
        "groups": "few",
    }
    return GaitDataset(ml_collections.FrozenConfigDict(config), progress=False)


def test_an_energy_image_is_the_mean_of_the_cleaned_aligned_frames(dataset):
    sequences, _ = dataset.energies(32)
    assert sequences.images.shape == (len(dataset.walks), 32, 32)
    for index in (0, len(dataset.walks) - 1):
        cleaned = [silhouette.clean(mask) for mask in dataset.masks(index)]
        expected = energy.energy_image(np.stack([energy.align(mask, 32) for mask in cleaned]))
        # A bridge between a body's parts is one pixel wide in the store's contours.
        assert np.abs(sequences.images[index].astype(int) - expected).mean() < 1
        walk = dataset.walks[index]
        assert sequences.subjects[index] == walk.subject
        assert (sequences.sequences[index], sequences.conditions[index]) == (walk.sequence, "nm")


def test_they_are_made_once(dataset, monkeypatch):
    first = dataset.energies(32)
    monkeypatch.setattr(energy_store, "_aligned", None)
    for a, b in zip(first, dataset.energies(32), strict=True):
        np.testing.assert_array_equal(a.images, b.images)


def test_images_lie_in_parts_as_in_one(dataset, monkeypatch):
    sequences, cycles = dataset.energies(32)
    assert len(cycles) > 0
    monkeypatch.setattr(derived, "SEQUENCES", 3)
    monkeypatch.setattr(derived.parts, "cores", lambda: 1)
    monkeypatch.setattr(energy_store, "_VERSION", -1)
    for found, expected in zip(dataset.energies(32), (sequences, cycles), strict=True):
        for name, array in expected.arrays().items():
            np.testing.assert_array_equal(getattr(found, name), array)


def test_images_stay_on_the_disk(dataset):
    store = dataset.energy_store(32)
    for found in (store.everything, store.sequences, store.cycles):
        assert not found.images.flags.owndata and not found.images.flags.writeable
    assert len(store.sequences) + len(store.cycles) == len(store.everything)


def test_a_store_cut_short_is_named(dataset):
    dataset.energies(24)
    images = max(dataset.directory.glob("energies-*/images"), key=lambda path: path.stat().st_mtime)
    images.write_bytes(images.read_bytes()[:-1])
    with pytest.raises(
        InputError,
        match=r"energies-.* is damaged \(it has not an image for each",
    ):
        dataset.energies(24)
    shutil.rmtree(images.parent)


def test_other_sizes_are_other_images(dataset):
    assert dataset.energies(16)[0].images.shape[1:] == (16, 16)


def test_too_short_walks_are_announced(dataset, monkeypatch, caplog):
    monkeypatch.setattr(energy, "MIN_FRAMES", 11)
    with caplog.at_level(logging.WARNING):
        sequences, cycles = dataset.energies(17)
    assert len(sequences) == len(cycles) == 0 and sequences.images.shape == (0, 17, 17)
    assert f"{len(dataset.walks)} sequences of casia_a have fewer than 11" in caplog.text


def test_a_damaged_file_is_named(dataset, tmp_path):
    path = tmp_path / "energies.npz"
    energies.save(path, sequence=dataset.energies(32)[0])
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(InputError, match=r"energies\.npz is damaged .*remove it"):
        energies.load(path)


def test_sets_are_joined_and_chosen_from(dataset):
    sequences, cycles = dataset.energies(32)
    both = Energies.join(sequences, cycles)
    assert len(both) == len(sequences) + len(cycles)
    someone = sequences.subjects[0]
    assert set(both.of_subjects([someone]).subjects) == {someone}
    assert len(both.of_subjects([])) == 0


def test_everybody_is_a_group(dataset):
    members = dataset.members(EVERYBODY)
    assert members == sorted(set().union(*dataset.groups.values()))


def test_casia_as_even_sequences_walk_the_other_way():
    assert [direction("casia_a", 45, n) for n in (1, 2, 3, 4)] == [45, 225, 45, 225]
    assert [direction("casia_b", 90, n) for n in (1, 2)] == [90, 90]
