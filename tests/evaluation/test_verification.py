import numpy as np
import pytest
from scipy import stats

from gait_jax.evaluation.verification import (
    Scores,
    equal_error_rate,
    estimate,
    identified,
    linkability,
    measure_all,
    true_positives,
)


def _counts(own, other):
    """Of distances, as the measures take them."""
    levels = np.unique([*own, *other])
    return tuple(np.array([(np.array(part) == level).sum() for level in levels])
                 for part in (own, other))  # fmt: skip


@pytest.mark.parametrize(
    "own, other, eer, tpr",
    [
        # All are told apart.
        ([1, 2], [3, 4], 0, 1),
        ([1], [2, 3, 4, 5], 0, 1),
        # At a threshold of 2, one of two is refused and one of two accepted.
        ([1, 3], [2, 4], 0.5, 0.5),
        # The nearer, the more other: everything is wrong.
        ([3, 4], [1, 2], 1, 0),
        # At 1, half of one person's are accepted and none of others; of both persons' 2s, half
        # make the errors equal, and a 50th accepts 1 % of all others.
        ([1, 2], [2, 3], 0.25, 0.51),
        # All are equally near: a guess.
        ([5, 5, 5], [5, 5], 0.5, 0.01),
        # From 1 on a quarter is refused, and stays so while others are accepted one by one.
        ([0, 0, 1, 9], [2, 3, 4, 5, 6], 0.25, 0.75),
    ],
)
def test_error_rates_by_hand(own, other, eer, tpr):
    counts = _counts(own, other)
    assert equal_error_rate(*counts) == pytest.approx(eer)
    assert true_positives(*counts) == pytest.approx(tpr)
    # Several at once, and more of the same.
    twice = [np.stack([part, 3 * part]) for part in counts]
    np.testing.assert_allclose(equal_error_rate(*twice), [eer, eer])
    np.testing.assert_allclose(true_positives(*twice), [tpr, tpr])


def test_true_positives_at_another_rate():
    # From 3 on half of the others are accepted, and three of four own.
    assert true_positives(*_counts([1, 2, 3, 9], [3, 8]), rate=0.5) == pytest.approx(0.75)


def test_error_rates_of_normal_distances():
    rng = np.random.default_rng(0)
    own, other = rng.normal(0, 1, 4000), rng.normal(2, 1, 4000)
    counts = _counts(own, other)
    # They cross half way between the means.
    assert equal_error_rate(*counts) == pytest.approx(stats.norm.cdf(-1), abs=0.01)
    wanted = stats.norm.cdf(2 + stats.norm.ppf(0.01))
    assert true_positives(*counts) == pytest.approx(wanted, abs=0.04)


@pytest.mark.parametrize(
    "own, other, wanted",
    [
        ([3, 1, 0, 0], [0, 0, 5, 2], 1),
        ([2, 4], [1, 2], 0),
        ([2, 0], [1, 0], 0),
        # p = 3/4, 1/4 and q = 1/4, 3/4: in the first bin LR = 3, D = 6/4 - 1 = 1/2.
        ([3, 1], [1, 3], 0.75 * 0.5),
        # p = 1/2, 1/2 and q = 0, 1: nothing of others in the first bin, LR = 1/2 in the second.
        ([1, 1], [0, 7], 0.5),
    ],
)
def test_linkability_by_hand(own, other, wanted):
    assert linkability(np.array(own), np.array(other)) == pytest.approx(wanted)


def _scores(distances, owners):
    return Scores(np.array(distances, float), np.array(owners))


# Three enrolled people; two probes of the first, one of the third.
_BY_HAND = _scores([[1, 2, 3], [2, 2, 1], [5, np.nan, 4]], [0, 0, 2])


def test_comparisons_are_counted_by_person():
    levels = _BY_HAND.levels()
    assert levels.shape == (2, 3, 5) and _BY_HAND.claimed().tolist() == [0, 2]
    # Of the first person's probes: with themselves, with the second, with the third.
    assert levels[0].tolist() == [[1, 1, 0, 0, 0], [0, 2, 0, 0, 0], [1, 0, 1, 0, 0]]
    assert levels[1].tolist() == [[0, 0, 0, 0, 1], [0] * 5, [0, 0, 0, 1, 0]]


def test_bins_by_hand():
    def repeated(times):
        distances = np.tile(_BY_HAND.distances, (times, 1))
        return Scores(distances, np.tile(_BY_HAND.owners, times)).bins()

    # Forty-eight own comparisons would fill four bins only.
    assert repeated(16) is None
    # Fifty-one fill five, of the distances 1 to 5; the last one holds 5 too.
    first, last = repeated(17)
    assert first.tolist() == [[17, 17, 0, 0, 0], [0, 34, 0, 0, 0], [17, 0, 17, 0, 0]]
    assert last.tolist() == [[0, 0, 0, 0, 17], [0] * 5, [0, 0, 0, 17, 0]]


def test_ranks_by_hand():
    first = _BY_HAND.hits(1)
    # Of the first's probes one is found, the other's own person is second, tied with another.
    assert first[0, :, 0].tolist() == [1, 0, 1]
    assert first[1, :, 0].tolist() == [0, 0, 1]
    # Who is not enrolled is neither found nor missed.
    assert first[1].sum(axis=1).tolist() == [1, 0, 1]
    assert _BY_HAND.hits(2)[0, :, 0].tolist() == [1.5, 1.5, 1]


def test_many_different_distances_are_told_apart_well_enough():
    rng = np.random.default_rng(0)
    owners = np.repeat(np.arange(20), 30)
    distances = rng.normal(2, 1, (600, 20))
    distances[np.arange(600), owners] -= 1
    scores = _scores(distances, owners)
    levels = scores.levels()
    assert levels.shape[2] <= 1024 < distances.size and levels.sum() == distances.size
    own = levels[np.arange(20), np.arange(20)].sum(axis=0)
    other = levels.sum(axis=(0, 1)) - own
    mine = np.zeros_like(distances, bool)
    mine[np.arange(600), owners] = True
    exact = _counts(distances[mine], distances[~mine])
    assert equal_error_rate(own, other) == pytest.approx(equal_error_rate(*exact), abs=0.004)
    assert true_positives(own, other) == pytest.approx(true_positives(*exact), abs=0.01)


def _made(told_apart, people=12, walks=10):
    owners = np.repeat(np.arange(people), walks)
    distances = np.random.default_rng(1).random((len(owners), people))
    distances[np.arange(len(owners)), owners] -= told_apart
    return _scores(distances, owners)


def test_who_gives_everybody_away_is_measured_so():
    found = measure_all(_made(2.0), (1, 3))
    assert found.keys() == {"found@1", "found@3", "eer", "tpr", "d_sys"}
    for name, best in {"found@1": 1, "found@3": 1, "eer": 0, "tpr": 1, "d_sys": 1}.items():
        got = found[name]
        assert (got.value, got.low, got.high) == pytest.approx((best, best, best)), name
        if name != "d_sys":
            assert got.worst == pytest.approx(best)
    # With exchanged names a person is held for themselves once in twelve times.
    assert found["found@1"].shuffled == pytest.approx(1 / 12, abs=0.04)
    assert found["eer"].shuffled == pytest.approx(0.5, abs=0.05)
    assert found["d_sys"].worst is None


def test_who_guesses_stands_at_chance():
    found = measure_all(_made(0.0), (1, 3))
    for name, chance, within in (
        ("found@1", 1 / 12, 0.06), ("found@3", 1 / 4, 0.08), ("eer", 0.5, 0.06), ("tpr", 0.01, 0.03)
    ):  # fmt: skip
        got = found[name]
        assert got.value == pytest.approx(chance, abs=within), name
        assert got.shuffled == pytest.approx(chance, abs=within / 2), name
        assert got.low <= chance <= got.high or name == "tpr"
    # Of few comparisons linkability is not 0; shuffled labels say how much of it is nothing.
    linked = found["d_sys"]
    assert 0 < linked.shuffled < 0.2 and linked.value == pytest.approx(linked.shuffled, abs=0.08)
    # Somebody is always found more often than others, by chance too.
    assert found["found@1"].worst > 1.5 / 12 and found["found@1"].shuffled_worst > 1.5 / 12


def test_a_recogniser_that_says_one_thing_of_all_stands_at_chance_exactly():
    owners = np.repeat(np.arange(10), 10)
    found = measure_all(_scores(np.full((100, 10), 7.0), owners), (1,))
    for name, chance in {"found@1": 0.1, "eer": 0.5, "tpr": 0.01, "d_sys": 0}.items():
        got = found[name]
        assert (got.value, got.low, got.high) == pytest.approx((chance,) * 3), name
        assert got.shuffled == pytest.approx(chance)


def test_the_interval_is_over_people():
    # Of twenty people ten are always found and ten never, by any number of probes.
    owners = np.repeat(np.arange(20), 25)
    distances = np.ones((500, 20))
    distances[np.arange(500), owners] = np.where(owners < 10, 0, 2)
    got = measure_all(_scores(distances, owners), (1,))["found@1"]
    deviation = np.sqrt(0.25 / 20)
    assert got.value == 0.5 and got.worst == 1
    assert got.low == pytest.approx(0.5 - 1.96 * deviation, abs=0.051)
    assert got.high == pytest.approx(0.5 + 1.96 * deviation, abs=0.051)


def test_few_people_have_no_interval():
    for people in (9, 10):
        got = measure_all(_made(0.5, people), (1,))
        assert all((each.low is None) == (people < 10) for each in got.values())
        assert all((each.high is None) == (people < 10) for each in got.values())


def test_few_walks_have_no_linkability():
    assert "d_sys" not in measure_all(_made(0.5, people=3, walks=3), (1,))


def test_what_says_nothing_of_anybody_is_refused():
    alone = np.ones((1, 1, 2))
    with pytest.raises(ValueError, match="two enrolled people"):
        estimate(alone, np.array([0]), identified, np.max)
    nobody = np.zeros((1, 2, 2))
    with pytest.raises(ValueError, match="own comparisons"):
        estimate(nobody, np.array([0]), identified, np.max)
