"""What becomes of the claims of 2020, by made-up numbers."""

import dataclasses

import pytest

from gait_jax.evaluation import claims, claims_2020
from gait_jax.evaluation.claims import NO, UNTOLD, YES, Roles
from gait_jax.evaluation.rows import Row, to_frame

_ROLES = Roles(ours="network", baseline="base", anonymizer="dcgan", contours="stgan")


def _holds(rows, part):
    lines = claims.judged(claims_2020.CLAIMS, to_frame(rows), _ROLES)
    found = [line for line in lines if part in line[1]]
    assert len(found) == 1, found
    return found[0][3]


def _ends(value, half):
    return {"value": value, "low": value - half, "high": value + half}


def test_nothing_can_be_told_of_nothing():
    lines = claims.judged(claims_2020.CLAIMS, to_frame([]), _ROLES)
    assert len(lines) == 12
    assert {(measured, holds) for _, _, measured, holds, _ in lines} == {("–", UNTOLD)}


def _truer(metric, value, form="box", condition="plain"):
    names = {"method": "network", "against": "base", "setting": form, "condition": condition}
    return Row(metric=f"{metric}_over_method", **names, **_ends(value, 0.1))


def test_colours_are_truer_by_both_measures():
    part = "over plain clothing (as the paper measures)"
    rows = [_truer("psnr", 0.5), _truer("ssim", 0.2)]
    assert _holds(rows, part) == YES
    assert _holds([rows[0], _truer("ssim", -0.2)], part) == NO
    assert _holds(rows[:1], part) == UNTOLD
    rows = [_truer("psnr", 0.5, "twin", "incomplete"), _truer("ssim", 0.5, "twin", "incomplete")]
    assert _holds(rows, "over incomplete silhouettes (against a twin for truth)") == YES
    assert _holds(rows, "over incomplete silhouettes (as the paper measures)") == UNTOLD


@pytest.mark.parametrize(
    "value, half, holds",
    [(0.999, 0.001, YES), (0.985, 0.01, UNTOLD), (0.9, 0.01, NO)],
)
def test_whole_people_from_incomplete_silhouettes(value, half, holds):
    names = {"metric": "whole_person", "method": "dcgan", "setting": "incomplete"}
    assert _holds([Row(**names, **_ends(value, half))], "a seamless gait") == holds
    assert _holds([Row(value=value, **names)], "a seamless gait") == UNTOLD


def test_more_whole_people_than_by_contours():
    names = {"metric": "whole_person_over_method", "method": "dcgan", "against": "stgan"}
    row = Row(setting="incomplete", **names, **_ends(0.3, 0.1))
    assert _holds([row], "gives more whole people") == YES


def _success(metric, value, view="90", **names):
    names = {"method": "dcgan", "recogniser": "zheng2011", "attacker": "clean gallery"} | names
    return Row(metric=metric, view=view, **names, **_ends(value, 0.05))


def test_success_by_view_lies_where_it_is_printed():
    same = {"setting": "same view"}
    rows = [
        _success("success@1", value, view, **same) for view, value in (("0", 0.85), ("90", 0.88))
    ]
    assert _holds(rows, "success by view") == YES
    # An interval that reaches beyond 93.6 % leaves it open.
    rows.append(_success("success@1", 0.9, "18", **same))
    assert _holds(rows, "success by view") == UNTOLD
    rows.append(_success("success@1", 0.7, "180", **same))
    assert _holds(rows, "success by view") == NO


def test_colouring_changes_success_in_no_view():
    rows = [
        _success(f"success_{when}_colouring", value, view, setting="nearest pixel")
        for when in ("before", "after")
        for view, value in (("0", 0.8), ("90", 0.9), ("all", 0.85))
    ]
    assert _holds(rows, "colouring leaves success") == YES
    rows[-2] = _success("success_after_colouring", 0.7, "90", setting="nearest pixel")
    assert _holds(rows, "colouring leaves success") == NO
    # Of fewer than ten people, who have no interval, nothing is said.
    few = [dataclasses.replace(row, low=None, high=None) for row in rows]
    assert _holds(few, "colouring leaves success") == UNTOLD
