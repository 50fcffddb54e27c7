import dataclasses

import numpy as np
import pytest
from stores import make_store

from gait_jax.data.gait_store import GaitStore
from gait_jax.data.gaits import MIN_FRAMES, Gaits


def _masks(frames, empty=()):
    """Bodies of one column, `i + 1` rows in frame `i`."""
    masks = []
    for i in range(frames):
        mask = np.zeros((20, 8), np.uint8)
        mask[: 0 if i in empty else i + 1, 3] = 1
        masks.append(mask)
    return masks


@pytest.fixture(scope="module")
def store(tmp_path_factory) -> GaitStore:
    sequences = [
        ("a", "nm", 1, 0, _masks(MIN_FRAMES)),
        ("a", "bg", 2, 90, _masks(MIN_FRAMES, [3])),
        ("b", "nm", 1, 90, _masks(MIN_FRAMES + 2, [0, 4])),
        ("b", "cl", 2, 0, _masks(10, range(10))),
        ("c", "nm", 6, 180, _masks(12)),
    ]
    return make_store(tmp_path_factory.mktemp("gaits") / "store", sequences)


def test_too_few_usable_frames_are_no_walk(store):
    gaits = Gaits.of(store)
    # Of the second, one of MIN_FRAMES is empty; of the third, MIN_FRAMES are left.
    assert gaits.rows.tolist() == [0, 2, 4]
    assert Gaits.of(store, min_frames=7).rows.tolist() == [0, 1, 2, 4]
    assert Gaits.of(store, min_frames=0).rows.tolist() == [0, 1, 2, 3, 4]


def test_labels(store):
    gaits = Gaits.of(store)
    assert len(gaits) == 3
    assert gaits.subjects.tolist() == ["a", "b", "c"]
    assert gaits.conditions.tolist() == ["nm", "nm", "nm"]
    assert gaits.numbers.tolist() == [1, 1, 6]
    assert gaits.views.tolist() == [0, 90, 180]


def test_the_direction_of_walking_is_the_view(tmp_path):
    store = make_store(tmp_path / "store", [("a", "nm", 1, 45, _masks(8))])
    store.sequences[0] = dataclasses.replace(store.sequences[0], direction=225)
    assert Gaits.of(store).views.tolist() == [225]


def test_some_are_taken_by_mask_or_by_index(store):
    gaits = Gaits.of(store)
    for chosen in (np.array([False, True, True]), np.array([1, 2])):
        found = gaits.take(chosen)
        assert found.store is store
        assert (found.rows.tolist(), found.subjects.tolist()) == ([2, 4], ["b", "c"])
        assert (found.numbers.tolist(), found.views.tolist()) == ([1, 6], [90, 180])
    assert gaits.take(np.array([2, 0])).subjects.tolist() == ["c", "a"]
    assert gaits.of_subjects(["c", "a", "nobody"]).subjects.tolist() == ["a", "c"]
    assert len(gaits.of_subjects([])) == len(gaits.take(np.zeros(3, bool))) == 0


def test_frames_and_silhouettes_are_the_usable_ones(store):
    # Of the second of the three: 10 frames from the 17th on, the first and the fifth are empty.
    second = Gaits.of(store).take(np.array([1]))
    start = 2 * MIN_FRAMES
    assert second.frames(0).tolist() == [start + i for i in (1, 2, 3, 5, 6, 7, 8, 9)]
    heights = [len(body) for body in second.silhouettes(0)]
    assert heights == [2, 3, 4, 6, 7, 8, 9, 10]
    assert all(body.shape[1] == 1 and body.all() for body in second.silhouettes(0))


def test_a_store_of_nobody(tmp_path):
    gaits = Gaits.of(make_store(tmp_path / "store", []))
    assert len(gaits) == 0 and len(gaits.of_subjects(["a"])) == 0
    assert gaits.subjects.dtype.kind == gaits.conditions.dtype.kind == "U"
