import types

import numpy as np
import pytest

from gait_jax.data.gaits import Gaits
from gait_jax.evaluation import scoring
from gait_jax.evaluation.attack_rows import attack_rows
from gait_jax.evaluation.comparison import Comparison, compare
from gait_jax.evaluation.rows import ALL, CROSS_VIEW, SAME_VIEW
from gait_jax.runtime.errors import InputError


def _gaits(labels):
    subjects, conditions, numbers, views = map(np.array, zip(*labels, strict=True))
    # Nobody looks at silhouettes here.
    return Gaits(None, np.arange(len(labels)), subjects, conditions, numbers, views)


def _says(distances):
    return types.SimpleNamespace(distances=lambda *_: np.array(distances, np.float32))


_GALLERY = _gaits(
    [("a", "nm", 1, 0), ("a", "nm", 2, 0), ("a", "nm", 1, 90), ("b", "nm", 1, 0),
     ("b", "nm", 2, 0), ("b", "nm", 1, 171)]
)  # fmt: skip
_PROBES = _gaits([("a", "nm", 5, 0), ("b", "cl", 1, 90)])
_DISTANCES = [[4, 2, 9, 5, 7, 3], [8, 6, 1, 2, 4, 6]]


def test_set_distances_by_hand():
    found = compare(_says(_DISTANCES), _PROBES, _GALLERY, (1, 2, 3, 4))
    nothing = np.nan
    assert found.people.tolist() == ["a", "b"]
    assert found.probes[1].tolist() == ["b", "cl", "1", "90"]
    # The nearest of the walks in the probe's view; b has none at 90 degrees.
    np.testing.assert_array_equal(found.same, [[2, 5], [1, nothing]])
    # Views 0, 90, 171 without the probe's own.
    np.testing.assert_array_equal(
        found.cross,
        [[[nothing] * 2, [9, nothing], [nothing, 3]], [[6, 2], [nothing] * 2, [nothing, 6]]],
    )
    # Nearest directions first: for a probe at 0, b's walk at 171; at 90, b's at 171 before those at
    # 0. The mean of so many; 90 degrees off count a 32nd, 171 a 724th, and from 81 to 90 off 0.71.
    far, farther, some = 2**-5, 2**-9.5, 2**-0.5
    wanted = [
        [[4, 5], [1, 6]],
        [[3, 6], [(1 + 8 * far) / (1 + far), (6 + 2 * some) / (1 + some)]],
        [
            [(6 + 9 * far) / (2 + far), (12 + 3 * farther) / (2 + farther)],
            [(1 + 14 * far) / (1 + 2 * far), (6 + 6 * some) / (1 + 2 * some)],
        ],
    ]
    np.testing.assert_allclose(found.linked[:3], wanted, rtol=1e-6)
    # Nobody has four.
    assert np.isnan(found.linked[3]).all()


def test_directions_go_round():
    gallery = _gaits([("a", "nm", 1, 350), ("a", "nm", 1, 20)])
    found = compare(_says([[1, 2]]), _gaits([("a", "nm", 2, 0)]), gallery, (1,))
    assert found.linked.tolist() == [[[1]]]


def test_settings_and_who_can_be_compared_in_them():
    found = compare(_says(_DISTANCES), _PROBES, _GALLERY, (2, 4))
    assert [*found.settings()] == [SAME_VIEW, CROSS_VIEW, "linked over 2", "linked over 4"]
    assert found.usable(SAME_VIEW).tolist() == [True, False]
    assert found.usable(CROSS_VIEW).tolist() == [True, True]
    assert found.usable("linked over 2").tolist() == [True, True]
    assert found.usable("linked over 4").tolist() == [False, False]
    scores = found.scores(CROSS_VIEW, np.array([True, True]))
    # Of three galleries each, those that hold the probe's own person.
    assert scores.owners.tolist() == [0, 1, 1]
    np.testing.assert_array_equal(scores.distances, [[9, np.nan], [6, 2], [np.nan, 6]])
    # Somebody who is not enrolled is nobody's probe.
    stranger = compare(_says([_DISTANCES[0]]), _gaits([("z", "nm", 5, 0)]), _GALLERY, (1,))
    assert stranger.own().tolist() == [-1] and not stranger.usable(SAME_VIEW).any()


def test_distances_that_are_no_numbers_are_refused():
    for bad in (np.nan, np.inf):
        with pytest.raises(ValueError, match="no finite numbers"):
            compare(_says(np.full((2, 6), bad)), _PROBES, _GALLERY, (1,))


def test_it_is_kept(tmp_path):
    found = compare(_says(_DISTANCES), _PROBES, _GALLERY, (1, 2))
    found.save(tmp_path / "kept.safetensors")
    again = Comparison.load(tmp_path / "kept.safetensors")
    for name in ("probes", "people", "same", "cross", "linked", "links"):
        np.testing.assert_array_equal(getattr(again, name), getattr(found, name))
    damaged = Comparison(**{**vars(found), "people": np.array(["a"])})
    damaged.save(tmp_path / "damaged.safetensors")
    with pytest.raises(InputError, match="damaged.*is made again"):
        Comparison.load(tmp_path / "damaged.safetensors")


_NAMES = {"method": "m", "recogniser": "r", "attacker": "ignorant"}


def _walks(numbers, people="abcdefghijkl", views=(0, 90)):
    return _gaits([(s, "nm", n, v) for s in people for n in numbers for v in views])


def test_found_is_what_success_leaves():
    probes, gallery = _walks((5, 6)), _walks((1, 2))
    shape = (len(probes), len(gallery))
    rng = np.random.default_rng(0)
    own = probes.subjects[:, None] == gallery.subjects
    recognisers = [_says(rng.integers(0, 5, shape) - weight * own) for weight in (1, 3)]
    rows = attack_rows(
        *(compare(each, probes, gallery, (1, 4)) for each in recognisers), (1, 3), **_NAMES
    )
    found = {(r.metric, r.setting): r for r in rows if r.condition == ALL}
    hits = [scoring.score(each, probes, gallery, (1, 3)) for each in recognisers]
    for row in scoring.rows(*hits, (1, 3), **_NAMES):
        if row.condition == row.view == ALL and row.metric.startswith(("success", "clean")):
            name = row.metric.replace("clean_error", "clean_found")
            mine = found[name, row.setting]
            value = 1 - mine.value if name.startswith("clean") else mine.value
            assert (value, mine.n) == (pytest.approx(row.value), row.n)
    # Twelve people have an interval, and what is not found lies where what is found leaves room.
    one, rest = found["found@1", SAME_VIEW], found["success@1", SAME_VIEW]
    assert one.low <= one.value <= one.high
    assert (rest.low, rest.high) == pytest.approx((1 - one.high, 1 - one.low))
    assert {setting for _, setting in found} == {
        *(SAME_VIEW, CROSS_VIEW, "linked over 1", "linked over 4")
    }


def test_only_walks_that_stood_both_attacks_count():
    probes, gallery = _walks((5,), "abc", (0,)), _walks((1,), "abc", (0,))
    sure = compare(_says(1 - np.eye(3)), probes, gallery, ())
    # Without a's walk, and with b found nowhere.
    fewer = compare(_says([[0, 2, 1], [1, 1, 0]]), probes.take([1, 2]), gallery, ())
    found = {r.metric: r for r in attack_rows(fewer, sure, (1,), **_NAMES) if r.condition == ALL}
    assert (found["found@1"].value, found["found@1"].n) == (0.5, 2)
    assert found["clean_found@1"].value == 1 and found["worst_found@1"].value == 1
    assert found["eer"].low is None and "d_sys" not in found


def test_linking_averages_noise_away():
    rng = np.random.default_rng(0)
    people = rng.normal(size=(12, 8))
    probes, gallery = (_walks(numbers, views=(0, 18)) for numbers in (range(6, 16), range(1, 6)))
    place = {s: k for k, s in enumerate("abcdefghijkl")}
    seen, known = (
        people[[place[s] for s in walks.subjects]] + 1.5 * rng.normal(size=(len(walks), 8))
        for walks in (probes, gallery)
    )
    distances = np.linalg.norm(seen[:, None] - known[None], axis=-1)
    found = compare(_says(distances), probes, gallery, (1, 2, 5, 10))
    rates = {}
    for number in (1, 2, 5, 10):
        scores = found.scores(f"linked over {number}", np.ones(len(probes), bool))
        own = scores.hits(1)[range(12), range(12)].sum(axis=0)
        rates[number] = own[0] / len(probes)
    assert rates[1] < rates[2] < rates[5] < rates[10] and rates[10] > 1.5 * rates[1]
