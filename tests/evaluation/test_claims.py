"""What becomes of a paper's claims, by made-up numbers."""

import ml_collections
import pytest

from gait_jax.evaluation import claims, claims_2019, papers, sections
from gait_jax.evaluation.claims import NO, UNTOLD, YES, Difference, Judgement, Roles, all_higher
from gait_jax.evaluation.evaluators.claims import Claims
from gait_jax.evaluation.rows import Row, to_frame
from gait_jax.runtime.errors import InputError

_ROLES = Roles("ours", "base", "gauss", ("a2", "ours", "a4"))
_LABELS = {name: name.upper() for name in ("ours", "base", "gauss", "a2", "a4")}


_BELOW = "the interval does not reach above 0"
_PARTLY = "not all of it was measured here"


@pytest.mark.parametrize(
    "differences, expected",
    [
        ([(0.2, 0.1, 0.3)], (YES, "+0.200 (+0.100 to +0.300)", "")),
        ([(0.2, 0.0, 0.3)], (UNTOLD, "+0.200 (+0.000 to +0.300)", "the interval holds 0")),
        ([(-0.2, -0.3, 0.0)], (NO, "-0.200 (-0.300 to +0.000)", _BELOW)),
        ([(0.2, None, None)], (UNTOLD, "+0.200", "there is no interval of so few people")),
        ([None], (UNTOLD, "–", "it was not measured here")),
        ([], (UNTOLD, "–", "it was not measured here")),
        ([(0.2, 0.1, 0.3), None], (UNTOLD, "+0.200 (+0.100 to +0.300)", _PARTLY)),
    ],
)  # fmt: skip
def test_a_claim_holds_where_all_intervals_lie_above_nothing(differences, expected):
    given = [found and Difference("", *found) for found in differences]
    assert all_higher(given) == Judgement(*expected)


def test_one_that_fails_is_named_and_decides():
    given = [Difference("0°", 0.2, 0.1, 0.3), None, Difference("90°", -0.2, -0.3, -0.1)]
    found = all_higher(given, claims.points)
    assert (found.holds, found.why) == (NO, "the interval of 90° does not reach above 0")
    assert found.measured == "0° +20.0 (+10.0 to +30.0); 90° -20.0 (-30.0 to -10.0)"


def test_many_differences_are_told_by_their_ends():
    given = [Difference(f"{v}°", v / 10, v / 10 - 0.05, v / 10 + 0.05) for v in range(-7, 2)]
    found = all_higher(given)
    assert found.measured == "9 differences from -0.700 to +0.100, of which 1 are above 0"
    named = "-7°, -6°, -5°, -4°, -3°, -2° and 1 more"
    assert found.why == f"the interval of {named} does not reach above 0"


def test_a_difference_is_found_from_either_side():
    row = Row(method="a", against="b", metric="m_over_method", value=0.2, low=0.1, high=0.4)
    frame = to_frame([row])
    assert claims.over(frame, "m_over_method", "a", "b") == ("", 0.2, 0.1, 0.4)
    assert claims.over(frame, "m_over_method", "b", "a") == ("", -0.2, -0.4, -0.1)
    assert claims.over(frame, "m_over_method", "a", "c") is None
    # A role that nobody has.
    nobody = to_frame([Row(metric="m_over_method", value=0.2)])
    assert claims.over(nobody, "m_over_method", "", "") is None


def _over(metric, method, against, value, **names):
    return Row(
        metric=f"{metric}_over_{names.pop('by', 'method')}{names.pop('rank', '')}",
        against=against,
        method=method,
        value=value,
        low=value - 0.05,
        high=value + 0.05,
        **names,
    )


_PRINTED = {"attacker": "clean gallery", "setting": "same view"}


def _success(method, against, value, recogniser, rank="@1", **names):
    return _over(
        "success", method, against, value, recogniser=recogniser, rank=rank, **names | _PRINTED
    )


def _judged(rows, roles=_ROLES):
    lines = claims.judged(claims_2019.CLAIMS, to_frame(rows), roles)
    return {
        (place, sentence): (holds, measured, why) for place, sentence, measured, holds, why in lines
    }


def _holds(rows, part, roles=_ROLES):
    found = {key[1]: value for key, value in _judged(rows, roles).items() if part in key[1]}
    assert len(found) == 1, found
    return next(iter(found.values()))[0]


def test_nothing_can_be_told_of_nothing():
    found = _judged([])
    assert len(found) == len(claims_2019.CLAIMS) > 15
    assert {(holds, measured) for holds, measured, _ in found.values()} == {(UNTOLD, "–")}
    assert {holds for holds, _, _ in _judged([], Roles()).values()} == {UNTOLD}


def test_success_over_the_baseline():
    rows = [_success("ours", "base", 0.1, "wu2017"), _success("ours", "base", 0.2, "wu2017", "@3")]
    assert _holds(rows, "success against Wu is higher than") == YES
    assert _holds(rows, "success against Zheng is higher than") == UNTOLD
    rows[1] = _success("base", "ours", 0.2, "wu2017", "@3")
    assert _holds(rows, "success against Wu is higher than") == NO


def test_success_over_alpha():
    rows = [_success("a2", "ours", -0.1, "wu2017"), _success("a4", "ours", 0.1, "wu2017")]
    assert _holds(rows, "success against Wu rises with α") == YES
    rows[1] = _success("a4", "ours", -0.1, "wu2017")
    holds, measured, why = next(
        value for key, value in _judged(rows).items() if "Wu rises with" in key[1]
    )
    assert holds == NO
    assert measured == "a2 → ours +10.0 (+5.0 to +15.0); ours → a4 -10.0 (-15.0 to -5.0)"
    # What is known of it is told beside.
    assert why.startswith("the interval of ours → a4 does not reach above 0. With the L1 terms")


def test_success_by_recogniser_and_from_the_side():
    rows = [
        _success("ours", "wu2017", -0.1, "zheng2011", by="recogniser"),
        *(
            _success("base", "ours", -0.2, name, rank="_sideways@1")
            for name in ("wu2017", "zheng2011")
        ),
    ]  # fmt: skip
    assert _holds(rows, "higher against Zheng than") == NO
    assert _holds(rows, "by more in side views") == YES


def test_scores_by_view():
    rows = [
        _over("frame_score", low, high, 0.1, view=view)
        for low, high in (("a2", "ours"), ("ours", "a4"))
        for view in ("all", "0", "90")
    ]
    assert _holds(rows, "the frame score falls with α") == YES
    # In one view it rises.
    rows[-1] = _over("frame_score", "ours", "a4", -0.1, view="90")
    assert _holds(rows, "the frame score falls with α") == NO
    rows = [_over("frame_score", "ours", "base", 0.1, view=view) for view in ("0", "180")]
    assert _holds(rows, "at 0° and 180°") == YES
    assert _holds(rows[:1], "at 0° and 180°") == UNTOLD
    assert _holds(rows[:1], "its frame score is higher") == UNTOLD
    assert _holds([_over("video_score", "base", "ours", 0.1)], "its video score is higher") == NO
    rows = [_over("mos", "ours", "base", 0.5, view=view) for view in ("0", "180")]
    assert _holds(rows, "people rate it higher") == YES


def test_noise_in_the_distribution_of_gaits():
    rows = [_over("frame_score", "gauss", "ours", -0.2), _over("turning", "ours", "gauss", -0.2)]
    assert _holds(rows, "noise that G_N draws") == YES
    rows[1] = _over("turning", "ours", "gauss", 0.2)
    assert _holds(rows, "noise that G_N draws") == NO


def test_the_difference_from_the_original():
    rows = [_over("overlap", "a2", "ours", 0.1), _over("overlap", "ours", "a4", 0.1)]
    assert _holds(rows, "the difference from the original rises") == YES


def _known(error, half):
    names = {"method": "none", "recogniser": "wu2017", "metric": "clean_error@1"}
    ends = {} if half is None else {"low": error - half, "high": error + half}
    return [Row(value=error, **names | ends | _PRINTED), *papers.RECOGNITION]


def test_how_well_the_recognisers_know_gaits():
    assert _holds(_known(0.05, 0.03), "the recogniser of Wu") == YES
    assert _holds(_known(0.05, 0.02), "the recogniser of Wu") == NO
    assert _holds(_known(0.05, None), "the recogniser of Wu") == UNTOLD


def _informed(success, half):
    names = {"method": "ours", "recogniser": "wu2017", "setting": "same view"}
    names["attacker"] = "anonymized gallery"
    ends = {"low": success - half, "high": success + half}
    return [
        Row(metric="success@1", value=success, **names | ends),
        Row(metric="chance@1", value=0.9, **names),
    ]


def test_who_walked_is_found_where_more_are_than_by_guessing():
    part = "who walked cannot be had back from an anonymised gait (Wu)"
    assert _holds(_informed(0.8, 0.06), part) == NO
    # That one recogniser finds nobody does not say that none does.
    assert _holds(_informed(0.85, 0.06), part) == UNTOLD
    assert _holds(_informed(0.99, 0.005), part) == UNTOLD


def test_the_baseline_confuses():
    names = {"method": "base", "metric": "original_taken_for_noise", "value": 0.1}
    rows = [
        Row(recogniser=name, low=low, high=0.2, **names)
        for name, low in (("wu2017", 0.05), ("zheng2011", 0.02))
    ]
    assert _holds(rows, "may take an original for the gait") == YES


def test_the_section_says_who_is_who():
    section = sections.claims([["§1", "so it is", "1", "holds", ""]], _LABELS, _ROLES)
    _, terms, table = section.blocks
    assert terms.meanings["What the paper proposes"] == "is here: OURS (ours)."
    assert terms.meanings["In the order of α"] == "is here: A2 (a2); OURS (ours); A4 (a4)."
    assert table.frame.iloc[0].tolist() == ["§1", "so it is", "1", "holds", ""]


def test_a_role_of_nobody_is_refused():
    class _Study:
        config = ml_collections.ConfigDict({"methods": {"ours": {}}})

    fields = {"paper": "jisa2019", "ours": "ours", "sweep": ("a",)}
    fields |= dict.fromkeys(("baseline", "gaussian", "anonymizer", "contours"), "")
    with pytest.raises(InputError, match="names 'a', which is none of the methods and colouris"):
        Claims(ml_collections.ConfigDict(fields), _Study)
