import numpy as np
import pytest

from gait_jax.data.gaits import Gaits
from gait_jax.evaluation import scoring
from gait_jax.evaluation.protocol import PROTOCOLS, chosen, protocol
from gait_jax.evaluation.rows import ALL, CROSS_VIEW, SAME_VIEW
from gait_jax.evaluation.scoring import Hits
from gait_jax.runtime.errors import InputError


def _gaits(labels):
    subjects, conditions, numbers, views = map(np.array, zip(*labels, strict=True))
    # Nobody looks at silhouettes here.
    return Gaits(None, np.arange(len(labels)), subjects, conditions, numbers, views)


class _Reader:
    """Knows everybody from view 0, nobody from view 90."""

    def distances(self, probes, gallery):
        own = probes.subjects[:, None] != gallery.subjects
        return np.where(gallery.views == 0, own, 0.0)


_GALLERY = _gaits([(s, "nm", 1, v) for s in "ab" for v in (0, 90)])
_PROBES = _gaits([(s, c, 5, v) for s in "ab" for c in ("nm", "cl") for v in (0, 90)])


def test_same_view_and_cross_view():
    hits = scoring.score(_Reader(), _PROBES, _GALLERY, (1, 2))
    # In view 0's gallery everybody is known; in view 90's both people are equally near: 1/2.
    at_0 = _PROBES.views == 0
    np.testing.assert_allclose(hits.same[at_0], [[1, 1]] * 4)
    np.testing.assert_allclose(hits.same[~at_0], [[0.5, 1]] * 4)
    np.testing.assert_allclose(hits.cross[at_0], [[0.5, 1]] * 4)
    np.testing.assert_allclose(hits.cross[~at_0], [[1, 1]] * 4)
    assert hits.enrolled == 2
    assert hits.probes[1].tolist() == ["a", "nm", "5", "90"]


def test_who_is_not_enrolled_in_a_view_is_not_counted_in_it():
    gallery = _GALLERY.take(~((_GALLERY.subjects == "b") & (_GALLERY.views == 0)))
    hits = scoring.score(_Reader(), _PROBES, gallery, (1,))
    b_at_0 = (_PROBES.subjects == "b") & (_PROBES.views == 0)
    assert np.isnan(hits.same[b_at_0]).all() and not np.isnan(hits.same[~b_at_0]).any()
    assert np.isnan(hits.cross[(_PROBES.subjects == "b") & (_PROBES.views == 90)]).all()


def _hits(same, labels, enrolled=4):
    same = np.array(same, float)[:, None]
    return Hits(np.array(labels), same, same, enrolled)


_NAMES = {"method": "m", "recogniser": "r", "attacker": "clean gallery"}
_LABELS = [
    ("a", "nm", "5", "0"),
    ("a", "nm", "5", "18"),
    ("b", "nm", "5", "0"),
    ("b", "cl", "1", "0"),
]


def test_success_stands_beside_what_the_recogniser_gets_wrong_anyway():
    clean = _hits([1, 1, 1, 0], _LABELS)
    # Given in another order, and one walk is missing.
    attacked = _hits([0, 0, 1], [_LABELS[k] for k in (3, 0, 2)])
    rows = [*scoring.rows(attacked, clean, (1,), **_NAMES)]
    found = {(r.metric, r.setting, r.condition, r.view): r for r in rows}
    # Two of three walks are not identified any more; one of them never was.
    for metric, value in (
        ("success@1", 2 / 3),
        ("clean_error@1", 1 / 3),
        ("difference@1", 1 / 3),
        ("chance@1", 0.75),
    ):
        total = found[metric, SAME_VIEW, ALL, ALL]
        assert (total.value, total.n) == (pytest.approx(value), 3)
        # Of two people there is none.
        assert total.low is None and total.high is None
    assert found["difference@1", SAME_VIEW, "cl", "0"].value == 0.0
    assert found["success@1", SAME_VIEW, "nm", "0"].value == 0.5
    assert found["success@1", SAME_VIEW, "nm", "0"].n == 2
    # Nobody's walk at 18 degrees was anonymised.
    assert ("success@1", SAME_VIEW, "nm", "18") not in found
    assert found["success@1", CROSS_VIEW, ALL, ALL].n == 3
    # Each row says of whom it is, and there is one of each.
    assert {(r.method, r.recogniser, r.attacker) for r in rows} == {tuple(_NAMES.values())}
    assert len(found) == len(rows) == 2 * 4 * 3 * 2


def _ten(hits):
    """Ten people's hits, one walk each."""
    return _hits(hits, [(name, "nm", "5", "0") for name in "abcdefghij"])


def test_ten_people_have_intervals_and_chance_has_none():
    rows = scoring.rows(_ten([1] * 9 + [0]), _ten([1] * 10), (1,), **_NAMES)
    found = {r.metric: r for r in rows if (r.setting, r.condition, r.view) == (SAME_VIEW, ALL, ALL)}
    # One of ten is hidden: binomial, see the test of the bootstrap.
    success = found["success@1"]
    assert (success.value, success.low, success.high) == pytest.approx((0.1, 0.0, 0.3))
    assert (found["clean_error@1"].low, found["clean_error@1"].high) == (0, 0)
    assert found["chance@1"].low is None


def test_differences_are_of_the_same_people():
    # Both miss five people, the first one another one besides: alone each is uncertain by far more
    # than what they differ by, which is one of ten.
    first, second = _ten([0] * 6 + [1] * 4), _ten([0] * 5 + [1] * 5)
    names = {"method": "m", "recogniser": "r", "attacker": "clean gallery", "against": "n"}
    same, own, cross = scoring.differences(first, second, (1,), scoring.OVER_METHOD, **names)
    assert (same.metric, same.against, same.setting) == ("success_over_method@1", "n", SAME_VIEW)
    assert (same.value, same.low, same.high, same.n) == pytest.approx((0.1, 0.0, 0.3, 10))
    assert (cross.setting, cross.value) == (CROSS_VIEW, same.value)
    # All walk in one view.
    assert (own.view, own.setting, own.value, own.low) == ("0", SAME_VIEW, same.value, same.low)
    alone = [r for r in scoring.rows(first, _ten([1] * 10), (1,), **_NAMES)
             if (r.metric, r.view, r.setting) == ("success@1", ALL, SAME_VIEW)][-1]  # fmt: skip
    assert alone.high - alone.low > 0.5
    # A walk that one of them lacks counts for neither, in whatever order they stand.
    part = _hits([1, 0, 0], [("j", "nm", "5", "0"), ("a", "nm", "5", "0"), ("f", "nm", "5", "0")])
    (row, *_) = scoring.differences(part, second, (1,), scoring.OVER_METHOD, **names)
    assert (row.value, row.n, row.low) == (pytest.approx(1 / 3), 3, None)
    nobody = _hits([1], [("z", "nm", "5", "0")])
    assert not [*scoring.differences(nobody, second, (1,), scoring.OVER_METHOD, **names)]


def test_side_views_are_held_against_the_others():
    # Ten people from the side and from ahead: the first method hides all from the side, and four
    # from ahead; the second one nobody from the side, and two from ahead.
    labels = [(name, "nm", "5", view) for view in ("90", "0") for name in "abcdefghij"]
    first = _hits([0] * 10 + [0] * 4 + [1] * 6, labels)
    second = _hits([1] * 10 + [0] * 2 + [1] * 8, labels)
    names = {"method": "m", "recogniser": "r", "attacker": "clean gallery", "against": "n"}
    rows = list(scoring.differences(first, second, (1,), scoring.OVER_METHOD, **names))
    found = {(r.metric, r.view): r for r in rows if r.setting == SAME_VIEW}
    assert found["success_over_method@1", "90"].value == 1.0
    assert found["success_over_method@1", "0"].value == pytest.approx(0.2)
    sideways = found["success_over_method_sideways@1", ALL]
    # Of people drawn with replacement, a share of 0.2 ± 0.25 has its 95 %: from 0 to 0.5.
    assert (sideways.value, sideways.n) == (pytest.approx(0.8), 20)
    assert (sideways.low, sideways.high) == (pytest.approx(0.5, abs=0.1), 1.0)


def test_every_rank_has_rows_of_its_own():
    hits = scoring.score(_Reader(), _PROBES, _GALLERY, (1, 2))
    rows = [*scoring.rows(hits, hits, (1, 2), **_NAMES)]
    found = {(r.metric, r.setting, r.condition, r.view): r.value for r in rows}
    # In view 90 both people are equally near.
    assert found["success@1", SAME_VIEW, ALL, "90"] == found["clean_error@1", SAME_VIEW, ALL, "90"]
    assert [found[f"success@{k}", SAME_VIEW, ALL, "90"] for k in (1, 2)] == [0.5, 0.0]
    assert [found[f"success@{k}", SAME_VIEW, "cl", "0"] for k in (1, 2)] == [0.0, 0.0]
    assert [found[f"chance@{k}", CROSS_VIEW, "nm", ALL] for k in (1, 2)] == [0.5, 0.0]
    # Views rise, and the whole stands after its parts.
    views = [r.view for r in rows if r.metric == "success@1" and r.setting == SAME_VIEW]
    assert views == ["0", "90", ALL] * 3


def test_a_walk_that_cannot_be_compared_with_itself_does_not_count():
    clean = _hits([1, np.nan, 0, 1], _LABELS)
    attacked = _hits([0, 0, np.nan, 1], _LABELS)
    rows = [*scoring.rows(attacked, clean, (1,), **_NAMES)]
    (total,) = (r for r in rows if (r.metric, r.setting, r.condition, r.view)
                == ("success@1", SAME_VIEW, ALL, ALL))  # fmt: skip
    assert (total.value, total.n) == (0.5, 2)
    # Where none is left there is no row.
    assert not [*scoring.rows(_hits([np.nan], _LABELS[:1]), clean, (1,), **_NAMES)]


def test_chance_is_never_below_nothing():
    rows = scoring.rows(_hits([1], _LABELS[:1], 2), _hits([1], _LABELS[:1], 2), (3,), **_NAMES)
    assert {row.value for row in rows if row.metric == "chance@3"} == {0.0}


def test_hits_are_kept(tmp_path):
    hits = scoring.score(_Reader(), _PROBES, _GALLERY, (1, 2))
    hits.save(tmp_path / "hits.npz")
    again = Hits.load(tmp_path / "hits.npz")
    np.testing.assert_array_equal(again.probes, hits.probes)
    np.testing.assert_array_equal(again.cross, hits.cross)
    assert again.enrolled == 2


def test_protocols_choose_gallery_and_probes():
    labels = [(s, c, n, 90) for s in "ab" for c, m in (("nm", 6), ("bg", 2), ("cl", 2))
              for n in range(1, m + 1)]  # fmt: skip
    walks = _gaits(labels)
    for name in ("jisa2019", "apsipa2020", "lt74"):
        gallery = chosen(PROTOCOLS[name].gallery, walks)
        probes = chosen(PROTOCOLS[name].probes, walks)
        assert len(gallery) == 2 * 4 and len(probes) == 2 * 6
        assert sorted([*gallery.rows, *probes.rows]) == list(range(20))
        assert set(gallery.conditions) == {"nm"} and gallery.numbers.max() == 4


def test_no_protocol_tests_whom_its_recognisers_train_on():
    for name, found in PROTOCOLS.items():
        if not found.train_sequences:
            assert found.train not in (found.enrolled, found.probed), name
    # But where all are enrolled, training and probes share no sequence.
    closed = PROTOCOLS["closed"]
    assert not set(closed.train_sequences) & set(closed.probes["nm"])


def test_an_unknown_protocol_is_refused():
    with pytest.raises(InputError, match="protocol 'ou' is not known: use one of jisa2019"):
        protocol("ou")
