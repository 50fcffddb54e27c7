"""Noise gaits of training people: who has one, what is kept of it, which frame meets which."""

import types

import ml_collections
import numpy as np
import pytest
from drawn import draw_walk
from stores import make_store

from gait_jax.data.noise_gaits import noisy_data
from gait_jax.gait.noise_gaits import RecordedWalks, name_of
from gait_jax.runtime.errors import InputError

_BULKS = {"a": 0.5, "b": 1.0, "c": 1.6, "d": 2.3}
_POINTS = 32


def walk(frames, bulk):
    return [mask // 255 for mask in draw_walk(frames, bulk=bulk)]


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    """Four people with walks of 9, 10 and 11 frames; of a's second the third frame is empty."""
    sequences = [
        (name, "nm", n, 90, walk(8 + n, bulk)) for name, bulk in _BULKS.items() for n in (1, 2, 3)
    ]
    sequences[1][4][2][:] = 0
    store = make_store(tmp_path_factory.mktemp("noise") / "gaits-0", sequences, part=12)
    groups = {"train": ["a", "b", "c"], "alone": ["d"]}
    return types.SimpleNamespace(gaits=store, members=groups.__getitem__, description={})


def config_of(**changes):
    config = ml_collections.ConfigDict(
        {
            "layout": "padded",
            "points": _POINTS,
            "frames": 4,
            "stride": 1,
            "group": "train",
            "validation_group": "alone",
            "noise": {"walks": 12, "frames": 6, "candidates": 2},
        }
    )
    config.update_from_flattened_dict(changes)
    return config


def test_what_is_kept(dataset):
    kept = noisy_data(dataset, config_of(), progress=False).statistics
    # The first walk of each, then the second ones, then the third ones.
    assert [name_of(row) for row in kept["names"]] == ["a", "b", "c"] * 3 + [""] * 3
    assert kept["people"].tolist() == [0, 1, 2] * 3 + [0] * 3
    assert kept["lengths"].tolist() == [9, 9, 9, 9, 10, 10, 11, 11, 11, 0, 0, 0]
    assert set(kept["views"][:9]) == {90}
    assert kept["contours"].shape == (12, 6, _POINTS, 2) and not kept["contours"][9:].any()
    np.testing.assert_allclose(np.ptp(kept["contours"][:9, ..., 1], axis=-1), 1, atol=0.1)
    fewer = noisy_data(dataset, config_of(**{"noise.walks": 4}), progress=False).statistics
    assert [name_of(row) for row in fewer["names"]] == ["a", "b", "c", "a"]


def test_the_noise_is_never_ones_own_and_each_frame_has_its_own(dataset):
    data = noisy_data(dataset, config_of(), progress=False)
    walks = RecordedWalks.of(data.statistics)
    everything = np.arange(len(data.train))
    batch = data.train.take(everything, np.zeros(len(everything), np.uint32))
    assert batch["noise_frames"].shape == batch["counts"].shape == (len(everything), 4)
    starts = data.train._windows.starts
    for start, frames in zip(starts, batch["noise_frames"], strict=True):
        sequence = next(s for s in dataset.gaits.sequences if s.first <= start < s.last)
        # One noise gait for all frames of a walk; six of its frames are kept.
        (chosen,) = set((frames // 6).tolist())
        assert "abc"[walks.people[chosen]] != sequence.subject
        assert frames.tolist() == [chosen * 6 + (start - sequence.first + k) % 6 for k in range(4)]
    again = noisy_data(dataset, config_of(), progress=False).train.take(
        everything, np.ones(len(everything), np.uint32)
    )
    np.testing.assert_array_equal(again["noise_frames"], batch["noise_frames"])
    held_out = data.held_out.take(np.array([0]), np.zeros(1, np.uint32))
    # Most unlike d, the broadest, of the two people nearest in length, which are the first ones.
    assert walks.people[held_out["noise_frames"][0, 0] // 6] == 0


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"group": "alone"}, "group 'alone' has fewer than two people in view 90"),
        ({"noise.walks": 2}, r"data\.noise\.walks 2 is too few .* set 3 or more"),
    ],
)
def test_too_few_are_refused(dataset, changes, message):
    with pytest.raises(InputError, match=message):
        noisy_data(dataset, config_of(**changes), progress=False)
