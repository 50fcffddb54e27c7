import types

import ml_collections
import numpy as np
import pytest
from stores import make_store

from gait_jax.data.silhouette_windows import BentWindows, Windows, open_windows, window_data
from gait_jax.data.windows import window_starts
from gait_jax.runtime.errors import InputError


def _body(width):
    return np.ones((8, width), np.uint8)


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """Two people; of the first one's first walk the fourth frame is empty."""
    empty = np.zeros((8, 1), np.uint8)
    first = [_body(1 + i) for i in range(3)] + [empty] + [_body(1 + i) for i in range(4)]
    sequences = [
        ("a", "nm", 1, 90, first),
        ("a", "nm", 2, 90, [_body(1)] * 6),
        ("b", "nm", 1, 90, [_body(5)] * 5),
    ]
    return make_store(tmp_path_factory.mktemp("windows") / "gaits-0", sequences)


def test_windows_end_where_frames_are_missing(store):
    assert window_starts(store, ["a", "b"], 3, 1).tolist() == [0, 4, 5, 8, 9, 10, 11, 14, 15, 16]
    assert window_starts(store, ["a", "b"], 3, 3).tolist() == [0, 4, 8, 11, 14]
    assert window_starts(store, ["a"], 3, 3, (2,)).tolist() == [8, 11]
    assert window_starts(store, ["c"], 3, 3).tolist() == []


def test_windows_show_the_frames_that_they_begin_with(store):
    starts = np.array([4, 14])
    windows = open_windows(store, starts, 3, (16, 12), progress=False)
    images = windows.of(np.array([1, 0]))
    assert images.shape == (2, 3, 16, 12)
    # At twice its size, a body is as wide as twice its columns.
    wide = (images > 127).any(axis=2).sum(axis=2)
    assert wide.tolist() == [[10, 10, 10], [2, 4, 6]]


def test_what_is_bent_and_hidden_depends_on_the_seed_alone():
    images = np.zeros((12, 16, 11), np.uint8)
    images[:, 3:13, 3:8] = 255
    windows = Windows(images, np.arange(0, 8, 2), 4)
    bent = BentWindows(windows, bent=1.0, hidden=0.5, asked=2)
    a = bent.take(np.array([0, 3]), np.array([5, 6], np.uint32))
    b = bent.take(np.array([3, 0]), np.array([6, 5], np.uint32))
    for name in a:
        np.testing.assert_array_equal(a[name], b[name][::-1])
    assert (a["silhouettes"] != 255 * (a["silhouettes"] > 127)).any()
    many = bent.take(np.zeros(200, int), np.arange(200, dtype=np.uint32))
    assert many["asked"].shape == (200, 2) and {*many["asked"].ravel()} == {0, 1, 2, 3}
    assert 0.4 < many["hidden"].mean() < 0.6 and {*many["hidden"].ravel()} == {0, 1}
    plain = BentWindows(windows, bent=0.0, hidden=0.0, asked=1).take(np.arange(4), np.arange(4))
    np.testing.assert_array_equal(plain["silhouettes"], windows.of(np.arange(4)))
    assert not plain["hidden"].any()


def _config(**changes):
    config = {"frames": 3, "stride": 3, "bent": 0.0, "hidden": 0.0, "asked": 1, "sequences": ()}
    config |= {"group": "train", "validation_group": "watched"}
    return ml_collections.ConfigDict(config | changes)


def test_what_a_configuration_asks_for(store):
    groups = {"train": ["a"], "watched": ["b"]}
    dataset = types.SimpleNamespace(gaits=store, members=groups.get, description={"name": "x"})
    data = window_data(dataset, _config(sequences=(1,)), (16, 12), progress=False)
    assert (len(data.train), len(data.held_out)) == (2, 1)
    assert data.unit == ("frames", 3) and data.summary == "2 windows of 3 frames from a"
    with pytest.raises(InputError, match="'watched' .b. has no 6 consecutive usable frames"):
        window_data(dataset, _config(frames=6), (16, 12), progress=False)
