"""The claims of Tieu et al. (2020), in the order of the paper."""

import functools

import pandas as pd

from gait_jax.evaluation import claims
from gait_jax.evaluation.claims import NO, UNMEASURED, UNTOLD, YES, Claim, Judgement, Roles, of_few
from gait_jax.evaluation.incomplete_sections import INCOMPLETE, WHOLE
from gait_jax.evaluation.rows import ALL, CLEAN_GALLERY, MEASURED, SAME_VIEW, find

# The success that the paper prints for the least and the most successful view (§IV-B).
_LEAST, _MOST = 0.7904, 0.9361
_FORMS = {"box": "as the paper measures", "twin": "against a twin for truth"}
_BOX = (
    "The paper measures against the original frame, in which the person has another outline, and "
    "does not say over which region; here it is the box around both"
)


def _truer(condition: str, form: str, frame: pd.DataFrame, roles: Roles) -> Judgement:
    names = {"setting": form, "condition": condition}
    pair = roles.ours, roles.baseline
    found = [
        claims.over(frame, f"{metric}_over_method", *pair, label, **names)
        for metric, label in (("psnr", "dB"), ("ssim", "SSIM"))
    ]
    return claims.all_higher(found)


def _whole(frame: pd.DataFrame, roles: Roles) -> Judgement:
    """Whether 99 % of frames are one whole person: the paper gives no number for seamless."""
    row = claims.one(frame, metric=WHOLE, method=roles.anonymizer, setting=INCOMPLETE)
    if row is None:
        return UNMEASURED
    low, high = claims.interval(row)
    measured = f"{100 * row['value']:.1f} %"
    if low is None:
        return of_few(measured)
    measured += f" ({100 * low:.1f} to {100 * high:.1f})"
    if high < 0.99:
        return Judgement(NO, measured, "the interval lies below 99 %, which is asked here")
    if low < 0.99:
        return Judgement(UNTOLD, measured, "the interval holds 99 %, which is asked here")
    return Judgement(YES, measured, "")


def _more_whole(frame: pd.DataFrame, roles: Roles) -> Judgement:
    metric = f"{WHOLE}_over_method"
    found = claims.over(frame, metric, roles.anonymizer, roles.contours, setting=INCOMPLETE)
    return claims.all_higher([found], claims.points)


def _successful(frame: pd.DataFrame, roles: Roles) -> Judgement:
    names = {"metric": "success@1", "attacker": CLEAN_GALLERY, "setting": SAME_VIEW}
    names |= {"method": roles.anonymizer, "recogniser": "zheng2011", "condition": ALL}
    found = find(frame, source=MEASURED, **names)
    found = found[found["view"] != ALL]
    if found.empty:
        return UNMEASURED
    measured = f"{100 * found['value'].min():.1f} to {100 * found['value'].max():.1f} %"
    measured += f", printed {100 * _LEAST:.1f} to {100 * _MOST:.1f} %"
    if found["low"].isna().any():
        return of_few(measured)
    outside = found[(found["high"] < _LEAST) | (found["low"] > _MOST)]
    if len(outside):
        views = ", ".join(f"{view}°" for view in outside["view"])
        return Judgement(NO, measured, f"the interval of {views} lies outside")
    across = found[(found["low"] < _LEAST) | (found["high"] > _MOST)]
    if len(across):
        views = ", ".join(f"{view}°" for view in across["view"])
        return Judgement(UNTOLD, measured, f"the interval of {views} reaches beyond")
    return Judgement(YES, measured, "")


def _as_before(frame: pd.DataFrame, roles: Roles) -> Judgement:
    """Whether colouring changed nothing at all, in any view, as the paper has it."""
    found = find(frame, source=MEASURED, metric="success_after_colouring", condition=ALL)
    if found.empty:
        return UNMEASURED
    before = find(frame, source=MEASURED, metric="success_before_colouring", condition=ALL)
    keys = ["method", "recogniser", "setting", "view"]
    both = found.merge(before, on=keys, suffixes=("", "_before"))
    changed = both[both["value"] != both["value_before"]]
    whole = both[both["view"] == ALL]
    measured = "; ".join(
        f"{row.setting}: {100 * row.value_before:.1f} → {100 * row.value:.1f} %"
        for row in whole.itertuples()
    )
    if whole["low"].isna().any():
        return of_few(measured)
    if changed.empty:
        return Judgement(YES, measured, "")
    views = ", ".join(sorted({f"{v}°" for v in changed["view"] if v != ALL}))
    return Judgement(NO, measured, f"it differs at {views or 'no view by itself'}")


CLAIMS = (
    Claim(
        "§II-B",
        "the DCGAN gives a seamless gait whatever the quality of the silhouette",
        _whole,
    ),
    Claim(
        "§II-B",
        "and the model of 2019 does not: of incomplete silhouettes the DCGAN gives more whole "
        "people",
        _more_whole,
    ),
    *(
        Claim(
            f"§IV-B, table {table}",
            f"colours are truer than the baseline's over {what} ({told})",
            functools.partial(_truer, condition, form),
            _BOX if form == "box" else "",
        )
        for form, told in _FORMS.items()
        for condition, what, table in (
            ("plain", "plain clothing", "I"),
            ("textural", "textural clothing", "I"),
            ("complete", "complete silhouettes", "II"),
            ("incomplete", "incomplete silhouettes", "II"),
        )
    ),
    Claim(
        "§IV-B",
        "success by view lies between 79.0 and 93.6 %",
        _successful,
        "The paper does not say which gallery; these people are others",
    ),
    Claim("§IV-B", "colouring leaves success as it was, in every view", _as_before),
)
