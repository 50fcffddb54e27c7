import numpy as np
import pytest

from gait_jax.data.energies import Energies
from gait_jax.recognition import scoring
from gait_jax.recognition.protocol import PROTOCOLS, chosen, protocol
from gait_jax.recognition.scoring import ALL, CROSS_VIEW, SAME_VIEW, Hits
from gait_jax.runtime.errors import InputError


def _energies(labels):
    subjects, conditions, sequences, views = zip(*labels, strict=True)
    # The only pixel says whom the image shows.
    images = np.array([[[ord(name)]] for name in subjects], np.uint8)
    return Energies(
        images,
        np.array(subjects),
        np.array(conditions),
        np.array(sequences),
        np.array(views),
    )


class _Reader:
    """Knows everybody from view 0, nobody from view 90."""

    size = 1

    def distances(self, probes, gallery):
        own = probes.images[:, 0] != gallery.images[:, 0].T
        return np.where(gallery.views == 0, own, 0.0)


_GALLERY = _energies([(s, "nm", 1, v) for s in "ab" for v in (0, 90)])
_PROBES = _energies([(s, c, 5, v) for s in "ab" for c in ("nm", "cl") for v in (0, 90)])


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
    rows = scoring.rows(attacked, clean, (1,))
    found = {(r["setting"], r["condition"], r["view"]): r for r in rows}
    total = found[SAME_VIEW, ALL, ALL]
    # Two of three walks are not identified any more; one of them never was.
    assert total["success"] == pytest.approx(2 / 3)
    assert total["clean_error"] == pytest.approx(1 / 3)
    assert total["difference"] == pytest.approx(1 / 3)
    assert (total["chance"], total["probes"], total["rank"]) == (0.75, 3, 1)
    # Of a and b drawn with replacement: only a (1), only b (1/2), or both (2/3).
    assert (total["success_low"], total["success_high"]) == (0.5, 1.0)
    assert found[SAME_VIEW, "cl", 0]["difference"] == 0.0
    assert found[SAME_VIEW, "nm", 0]["success"] == 0.5
    assert (SAME_VIEW, "nm", 18) not in found
    assert found[CROSS_VIEW, ALL, ALL]["probes"] == 3


def test_chance_is_never_below_nothing():
    rows = scoring.rows(_hits([1], _LABELS[:1], 2), _hits([1], _LABELS[:1], 2), (3,))
    assert {row["chance"] for row in rows} == {0.0}


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
    walks = _energies(labels)
    for name in ("jisa2019", "apsipa2020", "lt74"):
        gallery = chosen(PROTOCOLS[name].gallery, walks)
        probes = chosen(PROTOCOLS[name].probes, walks)
        assert gallery.sum() == 2 * 4 and probes.sum() == 2 * 6
        assert not (gallery & probes).any() and (gallery | probes).all()


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
