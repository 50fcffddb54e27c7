import threading
import types

import jax
import ml_collections
import numpy as np
import processes
import pytest

from gait_jax.data import anonymized, derived, gait_store
from gait_jax.data.anonymized import anonymized_gaits
from gait_jax.data.contour_store import open_contours
from gait_jax.data.dataset import open_dataset
from gait_jax.data.gaits import Gaits
from gait_jax.data.gei_store import open_geis
from gait_jax.gait import silhouette
from gait_jax.runtime.errors import InUseError


@pytest.fixture(scope="module")
def dataset(casia_a_dir, tmp_path_factory):
    """Ten drawn people, one walk of ten frames each."""
    config = {
        "name": "casia_a",
        "data_dir": str(tmp_path_factory.mktemp("data")),
        "derived_dir": "",
        "manual_dir": str(casia_a_dir),
        "subjects": 0,
        "groups": "few",
    }
    return open_dataset(ml_collections.FrozenConfigDict(config), progress=False)


def _result(masks, problems=None, measures=None):
    return types.SimpleNamespace(masks=masks, problems=problems or {}, measures=measures or {})


def _same(masks, key):
    """Gives everybody back as any anonymiser sees them."""
    del key
    return _result([silhouette.clean(mask) for mask in masks])


def _shifted(masks, key):
    """Moves a person by a random number of rows, the same in all frames; loses the third one."""
    rows = int(jax.random.randint(key, (), 0, 2**30))
    moved = [np.roll(mask, rows % 20 - 10, axis=0) for mask in masks]
    moved[2] = np.zeros_like(moved[2])
    return _result(moved, {2: "stumbled"}, {"rows": float(rows), "half": 0.5})


def _make(dataset, anonymize=_shifted, name="shifted", seed=0, indices=range(10)):
    return anonymized_gaits(dataset, anonymize, name, seed, list(indices), progress=False)


def _folders(dataset):
    return {path.name for path in dataset.directory.glob("anonymized-*")}


def test_who_does_not_wait_is_told_that_another_process_is_at_it(dataset):
    begun, go_on = threading.Event(), threading.Event()

    def slowly(masks, key):
        begun.set()
        assert go_on.wait(processes.limit())
        return _same(masks, key)

    def make(wait):
        return anonymized_gaits(dataset, slowly, "slow", 0, [1], progress=False, wait=wait)

    other = threading.Thread(target=make, args=(True,))
    other.start()
    assert begun.wait(processes.limit())
    with pytest.raises(InUseError, match=r"anonymized-\w+ is being made by another process"):
        make(wait=False)
    go_on.set()
    other.join()
    assert len(make(wait=False).sequences) == 1


def test_the_store_holds_what_the_anonymiser_gives(dataset):
    store = _make(dataset)
    for index, sequence in enumerate(store.sequences):
        before = dataset.originals.sequences[index]
        assert sequence == before
        masks = dataset.masks(index)
        rows = int(store.measures[index]["rows"]) % 20 - 10
        for frame, mask in enumerate(masks):
            wanted = np.roll(mask, rows, axis=0) if frame != 2 else np.zeros_like(mask)
            np.testing.assert_array_equal(store.mask(sequence.first + frame), wanted)
    assert store.unusable == {"stumbled": 10}
    np.testing.assert_array_equal(store.numbers, dataset.originals.numbers)


def test_all_methods_draw_the_same_noise_for_a_sequence(dataset):
    # Whatever comes before it, and whoever else is anonymised.
    first, second = _make(dataset, name="a"), _make(dataset, name="b", indices=[3, 7])
    rows = {s.name: m["rows"] for s, m in zip(first.sequences, first.measures, strict=True)}
    assert {s.name: m["rows"] for s, m in zip(second.sequences, second.measures, strict=True)} == {
        first.sequences[k].name: rows[first.sequences[k].name] for k in (3, 7)
    }
    assert len({*rows.values()}) == 10
    # Another seed is another draw.
    other = _make(dataset, name="a", seed=1, indices=[3]).measures[0]["rows"]
    assert other != rows[first.sequences[3].name]


def test_several_draws_follow_each_other(dataset):
    few, many = (
        _make(dataset, indices=[2, 5]),
        [
            anonymized_gaits(dataset, _shifted, "shifted", 0, [2, 5], False, draws)
            for draws in (1, 3)
        ],
    )
    # One draw is the store that there was.
    assert few.key == many[0].key != many[1].key
    assert [s.subject for s in many[1].sequences] == [s.subject for s in few.sequences] * 3
    rows = [measures["rows"] for measures in many[1].measures]
    assert rows[:2] == [measures["rows"] for measures in few.measures]
    # Each walk has other noise each time.
    assert len({*rows}) == 6


def test_what_the_anonymiser_gets_is_what_the_data_set_has(dataset):
    seen = []

    def look(masks, key):
        seen.append((masks, np.asarray(jax.random.key_data(key))))
        return _same(masks, key)

    _make(dataset, look, "looks", indices=[3, 7])
    for index, (masks, _) in zip((3, 7), seen, strict=True):
        np.testing.assert_array_equal(masks, dataset.masks(index))


def test_each_sequence_has_noise_of_its_own(dataset):
    rows = [measures["rows"] for measures in _make(dataset).measures]
    assert len(set(rows)) == 10
    # Which does not depend on what else is anonymised.
    some = _make(dataset, indices=[2, 5])
    assert [measures["rows"] for measures in some.measures] == [rows[2], rows[5]]
    # And is another one for another seed.
    other = _make(dataset, seed=1)
    assert not {measures["rows"] for measures in other.measures} & set(rows)


def test_a_subset_keeps_its_names_and_follows_each_other(dataset):
    some = _make(dataset, indices=[2, 5])
    originals = dataset.originals.sequences
    assert [s.name for s in some.sequences] == [originals[2].name, originals[5].name]
    assert [(s.first, s.last) for s in some.sequences] == [(0, 10), (10, 20)]
    assert some.numbers.tolist() == 2 * list(range(1, 11))


def test_the_same_again_is_not_made_again(dataset):
    first = _make(dataset)

    def refuse(masks, key):
        raise AssertionError("anonymised twice")

    before = _folders(dataset)
    again = _make(dataset, refuse)
    assert again.key == first.key and _folders(dataset) == before
    assert again.measures == first.measures


def test_whatever_the_result_depends_on_makes_another_store(dataset, monkeypatch):
    keys = {
        _make(dataset, _same, name, seed, indices).key
        for name, seed, indices in (
            ("same", 0, [0, 1]),
            ("same as well", 0, [0, 1]),
            ("same", 1, [0, 1]),
            ("same", 0, [0]),
        )
    }
    for module in (anonymized, gait_store):
        monkeypatch.setattr(module, "VERSION", module.VERSION + 1)
        keys.add(_make(dataset, _same, "same", 0, [0, 1]).key)
    assert len(keys) == 6
    assert all(key.startswith("anonymized-") for key in keys) and keys <= _folders(dataset)


def test_interrupted_making_goes_on(dataset, monkeypatch):
    monkeypatch.setattr(derived, "SEQUENCES", 2)
    whole, calls = _make(dataset, name="whole", indices=range(5)), []

    def interrupted(masks, key):
        calls.append(key)
        if len(calls) == 4:
            raise KeyboardInterrupt
        return _shifted(masks, key)

    before = _folders(dataset)
    with pytest.raises(KeyboardInterrupt):
        _make(dataset, interrupted, "interrupted", indices=range(5))
    assert _folders(dataset) == before
    store = _make(dataset, interrupted, "interrupted", indices=range(5))
    # Of parts of two, two and one: the second one was under way.
    assert len(calls) == 4 + 3
    assert store.measures == whole.measures and store.sequences == whole.sequences
    for name in ("bits", "boxes", "sizes", "offsets", "numbers"):
        assert (store.directory / name).read_bytes() == (whole.directory / name).read_bytes()
    assert not list(dataset.directory.glob(".anonymized-*.parts"))


def test_what_was_measured_is_kept(dataset):
    def measured(masks, key):
        tall = float(np.max([np.any(mask, axis=1).sum() for mask in masks]))
        return _result(masks, {}, {"tall": tall} | ({"odd": 3.0} if tall % 2 else {}))

    store = _make(dataset, measured, "measured")
    assert all(
        measures == {"tall": measures["tall"]} | ({"odd": 3.0} if measures["tall"] % 2 else {})
        for measures in store.measures
    )
    assert 0 < sum("odd" in measures for measures in store.measures) < 10
    assert not any(_make(dataset, _same, "nothing measured").measures)


def test_clean_and_anonymised_gaits_take_the_same_way(dataset):
    # Whoever gives everybody back has changed nothing that a recogniser or a generator sees.
    clean, same = dataset.originals, _make(dataset, _same, "same")
    assert open_geis(same, 32, progress=False).count == 10
    for a, b in zip(*(_all_derived(store) for store in (clean, same)), strict=True):
        np.testing.assert_array_equal(a, b)
    # It is the same code that would have to change for both.
    assert same.directory != clean.directory
    for folder in (clean.directory, same.directory):
        assert len(list(folder.glob("geis-*"))) == len(list(folder.glob("contours-*"))) == 1


def _all_derived(store):
    geis, contours = open_geis(store, 32, progress=False), open_contours(store, progress=False)
    gaits = Gaits.of(store)
    return [
        geis.images, geis.rows, geis.of(gaits), gaits.rows, gaits.subjects, gaits.views,
        contours.points, contours.offsets, contours.bodies,
        *(store.mask(frame) for frame in range(len(store.numbers))),
    ]  # fmt: skip


def test_gaits_that_were_changed_look_changed(dataset):
    clean, moved = dataset.originals, _make(dataset)
    images = [open_geis(store, 32, progress=False).images[:10] for store in (clean, moved)]
    # GEIs do not know where a person stands, but a lost frame is missing in the mean.
    assert all((a != b).any() for a, b in zip(*images, strict=True))
    paths = open_contours(moved, progress=False)
    assert (np.diff(paths.offsets) == 0).tolist() == 10 * [i == 2 for i in range(10)]


def test_what_is_derived_stands_within_its_store(dataset):
    store = _make(dataset, _same, "derived", indices=[0])
    open_geis(store, 16, progress=False)
    open_contours(store, progress=False)
    names = {path.name.split("-")[0] for path in store.directory.iterdir() if path.is_dir()}
    assert names == {"geis", "contours"}
