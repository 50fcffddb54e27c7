import numpy as np
import pytest
from energy_sets import make_energies

from gait_jax.recognition import scoring
from gait_jax.recognition.zheng2011 import Zheng2011Recogniser, robust_pca
from gait_jax.runtime.errors import InputError


def test_robust_pca_takes_a_matrix_apart():
    rng = np.random.default_rng(0)
    low = rng.normal(size=(60, 2)) @ rng.normal(size=(2, 50))
    sparse = np.zeros((60, 50))
    spoilt = rng.random((60, 50)) < 0.05
    sparse[spoilt] = rng.choice([-20.0, 20.0], spoilt.sum())
    found_low, found_sparse = robust_pca(low + sparse)
    assert np.linalg.norm(found_low - low) < 1e-3 * np.linalg.norm(low)
    np.testing.assert_array_equal(np.abs(found_sparse) > 1, spoilt)
    np.testing.assert_allclose(found_low + found_sparse, low + sparse, atol=1e-2)


def test_a_heavier_sparse_part_takes_less():
    observed = np.random.default_rng(0).normal(size=(40, 12))
    sizes = [np.abs(robust_pca(observed, weight)[1]).sum() for weight in (1.0, 2.0, 20.0)]
    assert sizes[0] > sizes[1] > sizes[2]
    assert sizes[2] < 1e-3 * np.abs(observed).sum()


def test_robust_pca_of_nothing_is_nothing():
    low, sparse = robust_pca(np.zeros((4, 3)))
    assert not low.any() and not sparse.any()


@pytest.fixture(scope="module")
def people():
    return make_energies(people=16, sequences=4)


@pytest.fixture(scope="module")
def recogniser(people):
    return Zheng2011Recogniser.fit(people.of_subjects(f"{k:03d}" for k in range(10)), 5, 10)


@pytest.fixture(scope="module")
def split(people):
    """Probes and gallery of people whom the recogniser has never seen."""
    unseen = people.of_subjects(f"{k:03d}" for k in range(10, 16))
    return unseen.take(unseen.sequences > 2), unseen.take(unseen.sequences <= 2)


def test_it_recognises_people_whom_it_has_not_seen(recogniser, split):
    hits = scoring.score(recogniser, *split, (1,))
    assert hits.same.mean() == 1.0
    # Chance is 1/6; the transformation carries most of them to the other view.
    assert hits.cross.mean() > 0.6


def test_without_its_transformation_the_other_view_is_chance(recogniser, split):
    probes, gallery = split
    # Features of one view, compared as if they were of the other one.
    lied = type(probes)(**probes.arrays() | {"views": 90 - probes.views})
    hits = scoring.score(recogniser, lied, gallery, (1,))
    assert hits.same.mean() < 0.5


def test_the_gallery_itself_is_always_identified(recogniser, people):
    assert scoring.score(recogniser, people, people, (1,)).same.min() == 1.0


def test_shuffled_labels_score_chance(recogniser, people):
    rng = np.random.default_rng(0)
    hits = []
    for _ in range(20):
        order = rng.permutation(16)
        renamed = np.array([f"{order[int(name)]:03d}" for name in people.subjects])
        gallery = type(people)(**people.arrays() | {"subjects": renamed})
        hits.append(scoring.score(recogniser, people, gallery, (1,)).same.mean())
    # 1/16, over 20 permutations of 16 people: a standard deviation of 0.014.
    assert np.mean(hits) == pytest.approx(1 / 16, abs=0.05)


def test_what_was_saved_is_what_is_read(recogniser, split, tmp_path):
    recogniser.save(tmp_path / "zheng.npz")
    again = Zheng2011Recogniser.load(tmp_path / "zheng.npz")
    assert again.views == [0, 90] and again.size == 64
    np.testing.assert_array_equal(again.distances(*split), recogniser.distances(*split))


def test_a_view_that_it_does_not_know_is_refused(recogniser, split):
    probes, gallery = split
    strange = type(probes)(**probes.arrays() | {"views": probes.views + 45})
    with pytest.raises(InputError, match="view 45 was not in the recogniser's training"):
        recogniser.distances(strange, gallery)


def test_views_need_not_share_their_sequences_numbers(people, split):
    # As in CASIA-A, where odd numbers walk one way and even ones the other.
    known = people.of_subjects(f"{k:03d}" for k in range(10))
    apart = known.take((known.views == 0) == (known.sequences % 2 == 1))
    hits = scoring.score(Zheng2011Recogniser.fit(apart, 5, 10), *split, (1,))
    assert hits.cross.mean() > 0.5


def test_it_needs_two_people_and_somebody_in_every_view(people):
    with pytest.raises(InputError, match="1 people are too few"):
        Zheng2011Recogniser.fit(people.of_subjects(["000"]), 5, 10)
    apart = people.take((people.views == 0) == (people.subjects <= "007"))
    with pytest.raises(InputError, match="nobody of .* in every view"):
        Zheng2011Recogniser.fit(apart, 5, 10)
