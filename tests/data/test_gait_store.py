import json
import shutil

import numpy as np
import pytest
from stores import make_store

from gait_jax.data.gait_store import GaitStore
from gait_jax.runtime.errors import InputError


def _sequences():
    """Three sequences: frames of three sizes, with bodies at all edges, and empty ones."""
    rng = np.random.default_rng(0)
    empty = np.zeros((12, 10), np.uint8)
    body = empty.copy()
    # 5 × 3 pixels: two bytes, whose last bit is no pixel's.
    body[4:9, 6:9] = 1
    corner = np.zeros((7, 9), np.uint8)
    corner[-1, -1] = 1
    whole = np.ones((3, 2), np.uint8)
    noise = (rng.random((30, 41)) < 0.3).astype(np.uint8)
    return [
        ("001", "nm", 1, 90, [body, empty, corner]),
        ("001", "bg", 2, 0, [empty, empty]),
        ("002", "cl", 1, 180, [whole, noise, body]),
    ]


@pytest.fixture
def store(tmp_path):
    return make_store(tmp_path / "store", _sequences())


def _masks(store):
    return [store.mask(frame) for frame in range(len(store.numbers))]


def test_masks_come_back_as_they_were_given(store):
    given = [mask for *_, masks in _sequences() for mask in masks]
    for found, mask in zip(_masks(store), given, strict=True):
        assert found.dtype == np.uint8
        np.testing.assert_array_equal(found, mask)
    # A mask is the caller's own, to be changed.
    store.mask(0)[:] = 1
    np.testing.assert_array_equal(store.mask(0), given[0])


def test_bodies_and_their_places(store):
    np.testing.assert_array_equal(store.body(0), np.ones((5, 3), np.uint8))
    assert store.corner(0) == (6, 4)
    assert store.body(1).shape == (0, 0)
    assert store.body(2).tolist() == [[1]] and store.corner(2) == (8, 6)
    assert store.body(5).shape == (3, 2) and store.corner(5) == (0, 0)


def test_sequences_follow_each_other(store):
    assert [(s.name, s.first, s.last) for s in store.sequences] == [
        ("001-nm-01-090", 0, 3),
        ("001-bg-02-000", 3, 5),
        ("002-cl-01-180", 5, 8),
    ]
    assert store.numbers.tolist() == [1, 2, 3, 1, 2, 1, 2, 3]


def test_frames_without_a_person_are_known_and_counted(store):
    assert store.usable().tolist() == [True, False, True, False, False, True, True, True]
    assert store.usable(2, 4).tolist() == [True, False]
    assert store.unusable == {"no person": 3}


def test_parts_are_as_in_one(tmp_path):
    folders = {n: make_store(tmp_path / f"in-{n}", _sequences(), n).directory for n in (1, 2, 3)}
    names = sorted(path.name for path in folders[3].iterdir())
    assert names == ["bits", "boxes", "index.json", "numbers", "offsets", "sizes"]
    for name in names:
        for folder in folders.values():
            assert (folder / name).read_bytes() == (folders[3] / name).read_bytes()


def test_a_store_of_nothing_opens(tmp_path):
    for number, sequences in enumerate(([], [("001", "nm", 1, 0, [])])):
        store = make_store(tmp_path / str(number), sequences)
        assert len(store.sequences) == len(sequences)
        assert not len(store.numbers) and not len(store.usable())


def test_silhouettes_stay_on_the_disk(store):
    for array in (store.numbers, store._bits, store._boxes):
        assert not array.flags.owndata and not array.flags.writeable


def _index(store, change):
    path = store.directory / "index.json"
    index = json.loads(path.read_text())
    change(index)
    path.write_text(json.dumps(index))


def _array(store, name, dtype, change):
    path = store.directory / name
    array = np.fromfile(path, dtype)
    path.write_bytes(change(array).astype(dtype).tobytes())


def _changed(place, value):
    def change(array):
        array[place] = value
        return array

    return change


def _removed(name):
    return lambda store: (store.directory / name).unlink()


def _cut(name):
    def change(store):
        path = store.directory / name
        path.write_bytes(path.read_bytes()[:-1])

    return change


_DAMAGES = {
    **{f"no {name}": _removed(name) for name in ("bits", "boxes", "offsets", "index.json")},
    **{
        f"{name} cut short": _cut(name)
        for name in ("bits", "boxes", "index.json", "numbers", "offsets", "sizes")
    },
    "nothing left": lambda s: [
        (s.directory / name).write_bytes(b"")
        for name in ("bits", "boxes", "numbers", "offsets", "sizes")
    ],
    "a frame too many": lambda s: _array(s, "numbers", np.int32, lambda a: np.append(a, 9)),
    "bits too many": lambda s: _array(s, "bits", np.uint8, lambda a: np.append(a, 9)),
    "a late start": lambda s: _array(s, "offsets", np.int64, _changed(0, 1)),
    "an end before the start": lambda s: _array(s, "offsets", np.int64, _changed(2, 0)),
    # 5 × 3 pixels from column 6 of 10 on; the other sizes need as many bytes.
    "a body outside": lambda s: _array(s, "boxes", np.int32, _changed(0, 8)),
    "a body left of the frame": lambda s: _array(s, "boxes", np.int32, _changed(0, -1)),
    "a body above": lambda s: _array(s, "boxes", np.int32, _changed(1, -1)),
    "a body below": lambda s: _array(s, "boxes", np.int32, _changed(1, 8)),
    "a body of another size": lambda s: _array(s, "boxes", np.int32, _changed(3, 6)),
    "a body inside out": lambda s: _array(s, "boxes", np.int32, _changed([2, 3], [-3, -5])),
    "a frame of no size": lambda s: _array(s, "sizes", np.int32, _changed(0, -12)),
    "a frame of gigabytes": lambda s: _array(s, "sizes", np.int32, _changed(0, 1 << 30)),
    "a nameless sequence": lambda s: _index(s, lambda i: i["sequences"][0].update(subject=3)),
    "a sequence without a view": lambda s: _index(s, lambda i: i["sequences"][0].pop("view")),
    "another field": lambda s: _index(s, lambda i: i["sequences"][0].update(name="a")),
    "a gap": lambda s: _index(s, lambda i: i["sequences"][1].update(first=4)),
    "a missing sequence": lambda s: _index(s, lambda i: i["sequences"].pop()),
    "measures too few": lambda s: _index(s, lambda i: i["measures"].pop()),
    "measures of words": lambda s: _index(s, lambda i: i["measures"][0].update(far="so")),
    "no counts": lambda s: _index(s, lambda i: i.pop("unusable")),
    "counts of words": lambda s: _index(s, lambda i: i["unusable"].update(lost="few")),
    "no index": lambda s: (s.directory / "index.json").write_text("[1, 2]"),
}


@pytest.mark.parametrize("damage", _DAMAGES)
def test_damage_is_one_line_that_names_the_folder(store, damage):
    _DAMAGES[damage](store)
    with pytest.raises(InputError) as error:
        GaitStore(store.directory)
    (line,) = str(error.value).splitlines()
    assert line.startswith(f"{store.directory} is damaged (")
    assert line.endswith("): remove it, and it is made again")


def test_a_copy_elsewhere_is_the_same_store(store, tmp_path):
    shutil.copytree(store.directory, tmp_path / "elsewhere" / "store")
    copy = GaitStore(tmp_path / "elsewhere" / "store")
    assert copy.key == store.key
    for a, b in zip(_masks(copy), _masks(store), strict=True):
        np.testing.assert_array_equal(a, b)
