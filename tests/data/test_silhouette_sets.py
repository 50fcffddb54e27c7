import types

import ml_collections
import numpy as np
import pytest
from stores import make_store

from gait_jax.data.gaits import Gaits
from gait_jax.data.silhouette_sets import SetPacks, set_data
from gait_jax.data.silhouette_store import SilhouetteStore
from gait_jax.runtime.errors import InputError

_FRAMES = (12, 20, 9, 8)


@pytest.fixture(scope="module")
def gaits(tmp_path_factory):
    """Five people of four sequences each."""
    body = np.ones((2, 1), np.uint8)
    sequences = [
        (f"{k:03d}", "nm", n + 1, 90, [body] * frames)
        for k in range(5)
        for n, frames in enumerate(_FRAMES)
    ]
    return Gaits.of(make_store(tmp_path_factory.mktemp("sets") / "gaits-0", sequences))


@pytest.fixture(scope="module")
def store(gaits):
    """Images whose pixels say which sequence it is, and which of its frames."""
    frames = [(row, i) for row in range(len(gaits)) for i in range(_FRAMES[row % 4])]
    ends = np.cumsum([0] + [_FRAMES[row % 4] for row in range(len(gaits))])
    return SilhouetteStore(np.array(frames, np.uint8)[:, :, None], ends)


def test_a_pack_holds_people_sequences_and_frames_in_order(gaits, store):
    packs = SetPacks(store, gaits, people=3, sequences=2, frames=5)
    assert len(packs) == 20
    batch = packs.take(np.arange(20), np.arange(20, dtype=np.uint32))
    assert batch["silhouettes"].shape == (20, 6, 5, 2, 1) and batch["people"].shape == (20, 3)
    for index, sets, people in zip(range(20), batch["silhouettes"], batch["people"], strict=True):
        rows, frames = sets[:, :, 0, 0], sets[:, :, 1, 0].astype(int)
        # One sequence's frames each, in order of time, none twice.
        assert (rows == rows[:, :1]).all() and (np.diff(frames) > 0).all()
        assert len(set(people)) == 3 and len(set(rows[:, 0])) == 6
        np.testing.assert_array_equal(rows[:, 0] // 4, people.repeat(2))
        # The first person is that of the sequence that the pack is drawn for, which is in it.
        assert people[0] == index // 4 and (rows[:, 0] == index).sum() == 1


def test_a_pack_depends_on_its_seed_alone(gaits, store):
    packs = SetPacks(store, gaits, people=3, sequences=2, frames=5)
    a = packs.take(np.array([4, 9]), np.array([1, 2], np.uint32))
    b = packs.take(np.array([9, 4]), np.array([2, 1], np.uint32))
    for name in a:
        np.testing.assert_array_equal(a[name], b[name][::-1])
    other = packs.take(np.array([4]), np.array([3], np.uint32))
    assert not np.array_equal(other["silhouettes"][0], a["silhouettes"][0])


def test_frames_come_from_a_span_that_begins_anywhere(gaits, store):
    packs = SetPacks(store, gaits, people=2, sequences=4, frames=4, span=6)
    sets = packs.take(np.arange(20), np.arange(20, dtype=np.uint32))["silhouettes"]
    frames = sets[..., 1, 0].astype(int)
    widths = frames.max(-1) - frames.min(-1)
    assert widths.max() == 5 and widths.min() >= 3
    assert frames.min() == 0 and frames.max() == max(_FRAMES) - 1
    whole = SetPacks(store, gaits, people=2, sequences=4, frames=4).take(
        np.arange(20), np.arange(20, dtype=np.uint32)
    )["silhouettes"][..., 1, 0]
    assert (whole.max(-1) - whole.min(-1)).max() > 6


def test_short_sequences_and_people_of_few_are_shown_more_than_once(gaits, store):
    packs = SetPacks(store, gaits.take(np.arange(20) % 4 >= 2), 2, 3, frames=10)
    sets = packs.take(np.arange(10), np.arange(10, dtype=np.uint32))["silhouettes"]
    assert sets.shape == (10, 6, 10, 2, 1)
    assert (np.diff(sets[..., 1, 0].astype(int)) >= 0).all()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((6, 2, 5), "5 people .* are too few for packs of 6: set a smaller data.pack.people"),
        ((2, 2, 5, 4), "data.span 4 has no 5 frames .*: set it to 5 or more, or to 0"),
    ],
)
def test_packs_that_cannot_be_made_are_refused(gaits, store, arguments, message):
    with pytest.raises(InputError, match=message):
        SetPacks(store, gaits, *arguments)


def _dataset(gaits, groups):
    return types.SimpleNamespace(gaits=gaits.store, members=groups.get, description={"name": "x"})


def _config(**changes):
    config = {"pack": {"people": 3, "sequences": 2}, "frames": 4, "span": 0, "sequences": ()}
    config["augmented"] = {"flip": 0.0, "rotate": 0.0, "perspective": 0.0}
    return ml_collections.ConfigDict(
        config | {"group": "train", "validation_group": "validation"} | changes
    )


def test_what_a_configuration_asks_for(gaits):
    groups = {"train": ["000", "001", "004"], "validation": ["002", "003"]}
    data = set_data(_dataset(gaits, groups), _config(sequences=(1, 3)), (16, 11), progress=False)
    assert len(data.train) == 6 and data.train.names.tolist() == groups["train"]
    assert data.summary == "6 sequences of 000, 001, 004"
    assert data.unit == ("sequences", 6) and data.statistics == {"people": 3}
    # Of those who are watched, no more people than there are, and all of their sequences.
    batch = data.held_out.take(np.arange(8), np.arange(8, dtype=np.uint32))
    assert len(data.held_out) == 8 and batch["silhouettes"].shape == (8, 4, 4, 16, 11)


def test_one_person_cannot_be_watched(gaits):
    groups = {"train": ["000", "001", "004"], "validation": ["002"]}
    with pytest.raises(InputError, match="'validation' .* has 1 people who walk long enough"):
        set_data(_dataset(gaits, groups), _config(), (16, 11), progress=False)
