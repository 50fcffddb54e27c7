import json

import jax
import numpy as np
from drawn import draw_walk
from opengait_reader import read_as_opengait
from stand_ins import bar_walk, stand_in
from stores import make_store

from gait_jax.evaluation import opengait
from gait_jax.evaluation.opengait import Part


def _walk(frames=3, bulk=1.0):
    return [mask // 255 for mask in draw_walk(frames, bulk=bulk)]


def _store(folder, *labels):
    return make_store(folder, [(*label, _walk(bulk=1 + 0.1 * i)) for i, label in enumerate(labels)])


def _names(sequences):
    return sorted("/".join(names) for *names, _ in sequences)


def test_every_sequence_is_found_by_who_trains_and_who_is_tested(tmp_path):
    tested = _store(
        tmp_path / "tested", ("003", "nm", 1, 0), ("003", "nm", 5, 18), ("004", "cl", 2, 90)
    )
    known = _store(tmp_path / "known", ("001", "nm", 1, 0), ("002", "bg", 1, 180))
    root, people = tmp_path / "out" / "tree", {"003", "004"}
    opengait.export(root, [Part(tested), Part(known, None, people)])
    opengait.write_partition(tmp_path / "out" / "partition.json", ["002", "001"], people)
    kept = json.loads((tmp_path / "out" / "partition.json").read_text())
    assert kept == {"TRAIN_SET": ["001", "002"], "TEST_SET": ["003", "004"]}
    found = read_as_opengait(root, tmp_path / "out" / "partition.json")
    assert _names(found.train) == ["001/nm-01/000", "002/bg-01/180"]
    assert _names(found.test) == ["003/nm-01/000", "003/nm-05/018", "004/cl-02/090"]
    assert found.unknown == found.missing == []
    assert {len(frames) for *_, frames in found.train + found.test} == {3}


def test_who_trains_and_is_tested_is_two_people(tmp_path):
    store = _store(tmp_path / "store", ("a", "nm", 1, 0), ("a", "nm", 3, 0), ("b", "nm", 3, 0))
    opengait.export(tmp_path / "tree", [Part(store), Part(store, [0], {"a", "b"})])
    opengait.write_partition(tmp_path / "partition.json", ["a"], {"a", "b"})
    found = read_as_opengait(tmp_path / "tree", tmp_path / "partition.json")
    assert _names(found.train) == ["a-train/nm-01/000"]
    assert _names(found.test) == ["a/nm-01/000", "a/nm-03/000", "b/nm-03/000"]
    np.testing.assert_array_equal(found.train[0][-1], found.test[0][-1])


def test_a_sequence_without_frames_is_not_exported(tmp_path):
    masks = [np.zeros((4, 4), np.uint8)] * 2
    store = make_store(tmp_path / "store", [("001", "nm", 1, 90, masks)])
    opengait.export(tmp_path / "out", [Part(store)])
    assert list((tmp_path / "out").rglob("*")) == []
    # In a list all the same: OpenGait leaves out who has no folder.
    opengait.write_partition(tmp_path / "partition.json", [], ["001"])
    found = read_as_opengait(tmp_path / "out", tmp_path / "partition.json")
    assert found.test == [] and found.missing == ["001"]


def test_stand_ins_are_exported_with_every_walk_and_without_frames_that_are_none(tmp_path):
    labels = [("001", "nm", 1, 90), ("001", "cl", 2, 90), ("002", "nm", 1, 0)]
    made = [
        # Smoothed over half a second, no walk from the 22nd of 40 frames on.
        stand_in(neither_from=12 + 22 if i else None)(bar_walk(), jax.random.key(i))
        for i in range(3)
    ]
    left = [40 - len(one.problems) for one in made]
    assert left[0] == 40 and 15 < left[1] == left[2] < 30
    walks = [(*label, one.masks) for label, one in zip(labels, made, strict=True)]
    opengait.export(tmp_path / "tree", [Part(make_store(tmp_path / "store", walks))])
    opengait.write_partition(tmp_path / "partition.json", [], ["001", "002"])
    found = read_as_opengait(tmp_path / "tree", tmp_path / "partition.json")
    frames = {"/".join(names): len(frames) for *names, frames in found.test}
    assert frames == {"001/nm-01/090": 40, "001/cl-02/090": left[1], "002/nm-01/000": left[2]}
    # Whole people, upright: aligned, they fill the picture's rows.
    for *_, kept in found.test:
        assert (np.asarray(kept).any(axis=2).mean(axis=1) > 0.95).all()


def test_a_tree_is_written_once_and_holds_nothing_of_another(tmp_path):
    one, other = (
        _store(tmp_path / "one", ("a", "nm", 1, 0)),
        _store(tmp_path / "two", ("b", "nm", 1, 0)),
    )
    root = tmp_path / "tree"
    opengait.export(root, [Part(one)])
    before = (root / "a" / "nm-01" / "000" / "000.pkl").stat().st_mtime_ns
    opengait.export(root, [Part(one)])
    assert (root / "a" / "nm-01" / "000" / "000.pkl").stat().st_mtime_ns == before
    opengait.export(root, [Part(other)])
    assert [path.name for path in root.iterdir()] == ["b"]
    opengait.export(root, [Part(one)])
    assert [path.name for path in root.iterdir()] == ["a"]


def test_what_was_interrupted_is_written_anew(tmp_path):
    store = _store(tmp_path / "store", ("a", "nm", 1, 0))
    stray = tmp_path / "tree" / "z" / "nm-01"
    stray.mkdir(parents=True)
    opengait.export(tmp_path / "tree", [Part(store)])
    assert [path.name for path in (tmp_path / "tree").iterdir()] == ["a"]
