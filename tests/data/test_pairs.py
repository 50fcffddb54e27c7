import types

import ml_collections
import numpy as np
import pytest
from energy_sets import keep_images, make_images
from stores import make_store

from gait_jax.data import pairs
from gait_jax.data.pairs import PairPacks, pair_data
from gait_jax.runtime.errors import InputError


@pytest.fixture(scope="module")
def made():
    """Small images whose first pixel says whose and the second which; subjects, numbers."""
    images, labels = make_images(people=5, sequences=3, views=(0, 90), size=8)
    subjects, numbers, _ = (np.array(column) for column in zip(*labels, strict=True))
    images[:, 0, 0] = subjects.astype(int)
    images[:, 0, 1] = np.arange(len(images))
    return images, subjects, numbers


@pytest.fixture(scope="module")
def packs_of(made):
    """(people, images, pairs) → packs of everything, or of some of it."""

    def make(people, images, pairs, chosen=None):
        subjects = made[1] if chosen is None else np.where(chosen, made[1], "")
        return PairPacks(made[0], subjects, people, images, pairs)

    return make


@pytest.mark.parametrize("people, images, pairs", [(2, 2, 2), (3, 4, 10), (5, 2, 40)])
def test_half_of_the_pairs_are_of_one_person(packs_of, people, images, pairs):
    packs = packs_of(people, images, pairs)
    assert len(packs) == 30
    indices = np.arange(30)
    batch = packs.take(indices, np.arange(30, dtype=np.uint32))
    assert batch["images"].shape == (30, people * images, 8, 8)
    assert batch["pairs"].shape == (30, pairs, 2) and batch["same"].shape == (30, pairs)
    assert (batch["same"].mean(axis=1) == 0.5).all()
    for index, shown, chosen, same in zip(
        indices, batch["images"], batch["pairs"], batch["same"], strict=True
    ):
        owner, number = shown[:, 0, 0], shown[:, 0, 1]
        assert len(np.unique(owner)) == people
        # The image that the pack was drawn for is in it, and no image is in it twice.
        assert (number == index).sum() == 1 and len(np.unique(number)) == people * images
        np.testing.assert_array_equal(owner[chosen[:, 0]] == owner[chosen[:, 1]], same)
        # Nobody is compared with the very same image.
        assert (chosen[:, 0] != chosen[:, 1]).all()


def test_a_pack_depends_on_its_seed_alone(packs_of):
    packs = packs_of(3, 2, 4)
    a = packs.take(np.array([4, 9]), np.array([1, 2], np.uint32))
    b = packs.take(np.array([9, 4]), np.array([2, 1], np.uint32))
    for name in a:
        np.testing.assert_array_equal(a[name], b[name][::-1])
    other = packs.take(np.array([4]), np.array([3], np.uint32))
    assert not np.array_equal(other["images"][0], a["images"][0])


def test_every_person_and_every_pair_of_people_is_drawn(packs_of):
    packs = packs_of(2, 2, 2)
    batch = packs.take(np.tile(np.arange(30), 20), np.arange(600, dtype=np.uint32))
    met = set()
    for shown, chosen in zip(batch["images"], batch["pairs"], strict=True):
        met.add(frozenset(shown[chosen[1], 0, 0].tolist()))
    assert len(met) == 10


def test_a_person_of_few_images_stands_in_a_pack_more_than_once(packs_of):
    batch = packs_of(2, 4, 2, np.arange(30) % 6 < 2).take(
        np.arange(4), np.arange(4, dtype=np.uint32)
    )
    assert batch["images"].shape == (4, 8, 8, 8)


@pytest.mark.parametrize("pack", [(1, 2, 2), (2, 1, 2), (2, 2, 3), (2, 2, 0)])
def test_packs_that_cannot_be_made_are_refused(packs_of, pack):
    with pytest.raises(InputError, match="cannot be made: set data.pack.people"):
        packs_of(*pack)


def test_too_few_people_are_refused(packs_of):
    with pytest.raises(InputError, match="5 people .* are too few for packs of 6"):
        packs_of(6, 2, 2)


def test_those_without_a_name_are_not_taken(made, packs_of):
    rows = np.flatnonzero(np.isin(made[2], (1, 3)))
    packs = packs_of(2, 2, 2, np.isin(made[2], (1, 3)))
    assert len(packs) == len(rows) == 20
    shown = packs.take(np.arange(20), np.arange(20, dtype=np.uint32))["images"]
    assert set(shown[..., 0, 1].ravel()) == set(rows)
    # Each pack holds the image that it is drawn for.
    assert all(row in numbers for row, numbers in zip(rows, shown[..., 0, 1], strict=True))


@pytest.mark.parametrize("numbers", [(), (1, 3)])
def test_what_a_configuration_asks_for(tmp_path, numbers):
    images, labels = make_images(people=5, sequences=3, views=(0, 90), size=8)
    images[:, 0, 1] = np.arange(len(images))
    body = np.ones((1, 1), np.uint8)
    sequences = [(who, "nm", n, view, [body]) for who, n, view in labels]
    gaits = make_store(tmp_path / "store", sequences)
    keep_images(gaits, images)
    groups = {"train": ["000", "001", "004"], "validation": ["002", "003"]}
    dataset = types.SimpleNamespace(gaits=gaits, members=groups.get, description={"name": "made"})
    config = ml_collections.ConfigDict(
        {
            "size": 8,
            "pack": {"people": 3, "images": 2, "pairs": 4},
            "group": "train",
            "validation_group": "validation",
            "sequences": numbers,
            "standardized": True,
        }
    )
    data = pair_data(dataset, config, progress=False)
    known = np.array(
        [who in groups["train"] and n in (numbers or (1, 2, 3)) for who, n, _ in labels]
    )
    assert len(data.train) == known.sum() == 3 * 2 * (len(numbers) or 3)
    assert data.unit == ("pairs", 4) and data.description == {"name": "made"}
    assert data.summary == f"{known.sum()} gait energy images of 000, 001, 004"
    indices = np.arange(len(data.train))
    shown = data.train.take(indices, indices.astype(np.uint32))["images"]
    assert set(shown[..., 0, 1].ravel()) == set(np.flatnonzero(known))
    # All of those who are watched, and of them no more people than there are.
    watched = data.held_out.take(np.arange(12), np.arange(12, dtype=np.uint32))["images"]
    assert watched.shape == (12, 2 * 2, 8, 8) and len(data.held_out) == 12
    assert set(watched[..., 0, 1].ravel()) == set(range(12, 24))
    values = images[known] / 255
    np.testing.assert_allclose(data.statistics["mean"], values.mean(0), rtol=1e-5)
    np.testing.assert_allclose(
        data.statistics["spread"], (values - values.mean(0)).std(), rtol=1e-5
    )


def test_statistics_by_hand_whatever_the_chunks(monkeypatch):
    images = np.zeros((5, 1, 2), np.uint8)
    images[1], images[3], images[4] = (0, 255), (255, 255), (9, 9)
    rows = np.array([0, 1, 3])
    for size in (1, 2, 100):
        monkeypatch.setattr(pairs, "_CHUNK", size)
        found = pairs.statistics_of(images, rows)
        # Of 0, 0, 1 and of 0, 1, 1: each is off its mean by 1/3, 1/3 and 2/3.
        np.testing.assert_allclose(found["mean"], [[1 / 3, 2 / 3]], rtol=1e-6)
        np.testing.assert_allclose(found["spread"], np.sqrt(2) / 3, rtol=1e-6)
        assert found["mean"].dtype == found["spread"].dtype == np.float32
