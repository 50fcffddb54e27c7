import numpy as np
import pytest

from gait_jax.evaluation.identification import Rate, contrast, rank_hits, rate

# Distances of four probes to a gallery of two images of a, two of b and one of c.
_GALLERY = np.array(["a", "b", "a", "b", "c"])
_DISTANCES = np.array(
    [
        [1.0, 2.0, 9.0, 9.0, 9.0],  # a is nearest.
        [1.0, 2.0, 1.5, 9.0, 3.0],  # a, b, c: two images of a are one person.
        [2.0, 3.0, 9.0, 9.0, 1.0],  # c, a, b.
        [5.0, 9.0, 9.0, 5.0, 5.0],  # All equally near.
    ]
)


def test_rank_k_by_hand():
    hits = rank_hits(_DISTANCES, np.array(["a", "b", "b", "a"]), _GALLERY, (1, 2, 3))
    np.testing.assert_allclose(hits, [[1, 1, 1], [0, 1, 1], [0, 0, 1], [1 / 3, 2 / 3, 1]])


def test_a_recogniser_that_cannot_tell_anything_scores_chance():
    gallery = np.array(list("aabbccdd"))
    hits = rank_hits(np.zeros((5, 8)), np.array(list("abcdd")), gallery, (1, 3))
    np.testing.assert_allclose(hits, [[0.25, 0.75]] * 5)


def test_the_gallery_itself_is_always_identified():
    rng = np.random.default_rng(0)
    features = rng.normal(size=(40, 6))
    people = np.repeat(np.arange(20).astype(str), 2)
    distances = np.linalg.norm(features[:, None] - features[None], axis=-1)
    assert rank_hits(distances, people, people, (1,)).mean() == 1.0


def test_shuffled_labels_score_chance():
    rng = np.random.default_rng(0)
    people = np.repeat(np.arange(20).astype(str), 5)
    distances = rng.random((2000, 100))
    probes = rng.choice(people, 2000)
    hits = rank_hits(distances, probes, rng.permutation(people), (1, 3))
    # 5 standard deviations of 2000 draws with p = 1/20 and 3/20.
    assert hits[:, 0].mean() == pytest.approx(0.05, abs=0.025)
    assert hits[:, 1].mean() == pytest.approx(0.15, abs=0.040)


def test_what_cannot_be_ranked_is_refused():
    with pytest.raises(ValueError, match="not in the gallery: z"):
        rank_hits(_DISTANCES[:1], np.array(["z"]), _GALLERY, (1,))
    with pytest.raises(ValueError, match="not numbers"):
        rank_hits(_DISTANCES[:1] * np.nan, np.array(["a"]), _GALLERY, (1,))


def test_bootstrap_draws_people_by_hand():
    # Of ten people one is always identified, the others never, each by two probes. How often the
    # one is among ten that are drawn is binomial, n = 10, p = 0.1: P(0) = 0.35, P(at most 2) = 0.93
    # and P(at most 3) = 0.987, so that the 95 % interval ends at 0 and 3 of 10.
    people = np.repeat(list("abcdefghij"), 2)
    found = rate((people == "a").astype(float), people)
    assert (found.value, found.low, found.high, found.probes) == (0.1, 0.0, 0.3, 20)
    # More probes of the same people make nothing surer.
    many = np.repeat(people, 25)
    again = rate((many == "a").astype(float), many)
    assert (again.low, again.high) == (0.0, 0.3)


def test_bootstrap_of_many_people_is_the_binomials():
    people = np.arange(400).astype(str)
    values = (np.arange(400) % 4 == 0).astype(float)
    found = rate(values, people)
    deviation = np.sqrt(0.25 * 0.75 / 400)
    assert found.value == 0.25
    assert found.low == pytest.approx(0.25 - 1.96 * deviation, abs=0.006)
    assert found.high == pytest.approx(0.25 + 1.96 * deviation, abs=0.006)


@pytest.mark.parametrize("people", [1, 2, 3, 9])
def test_of_few_people_there_is_no_interval(people):
    found = rate(np.tile([1.0, 0.0], people), np.repeat(np.arange(people), 2))
    assert (found.value, found.low, found.high) == (0.5, None, None)


def test_of_nobody_there_is_no_rate():
    with pytest.raises(ValueError, match="a probe at least"):
        rate(np.zeros(0), np.zeros(0, np.str_))


def test_people_weigh_by_their_probes():
    # Three probes of a (all hit), one of b (missed).
    found = rate(np.array([1.0, 1, 1, 0]), np.array(list("aaab")))
    assert found.value == 0.75


def test_a_contrast_is_the_difference_of_two_means():
    people = np.array(["a", "a", "b", "b"])
    chosen = np.array([True, False, True, False])
    found = contrast(np.array([3.0, 1.0, 5.0, 1.0]), people, chosen)
    # Of two people there is no interval.
    assert found == Rate(3.0, None, None, 4)
    ten = np.repeat([*"abcdefghij"], 2)
    found = contrast(np.tile([2.0, 1.0], 10), ten, np.tile([True, False], 10))
    # All people differ alike.
    assert found == Rate(1.0, 1.0, 1.0, 20)
    for side in (np.zeros(4, bool), np.ones(4, bool)):
        with pytest.raises(ValueError, match="both sides"):
            contrast(np.zeros(4), people, side)
