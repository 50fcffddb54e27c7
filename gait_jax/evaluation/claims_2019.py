"""The claims of Tieu et al. (2019), in the order of the paper."""

import functools
import itertools

import pandas as pd

from gait_jax.evaluation import claims, scoring
from gait_jax.evaluation.claims import (
    NO,
    UNMEASURED,
    UNTOLD,
    YES,
    Claim,
    Difference,
    Judgement,
    Roles,
    of_few,
)
from gait_jax.evaluation.papers import KNOWN_AT_BEST
from gait_jax.evaluation.rows import (
    ALL,
    ANONYMIZED_GALLERY,
    CLEAN,
    CLEAN_GALLERY,
    MEASURED,
    SAME_VIEW,
    find,
)

# The paper's attackers, its stronger one last, and how it calls them.
_ATTACKERS = {"zheng2011": "Zheng", "wu2017": "Wu"}
_AS_PRINTED = {"attacker": CLEAN_GALLERY, "setting": SAME_VIEW}
_HEAD_ON = ("0", "180")

_LITERAL = (
    "With the L1 terms of eqs 6 and 7, point by point, G loses least by giving Y itself for every "
    "α below 1: what changes a gait then is what G fails to reconstruct"
)
_INFORMED = (
    "The paper does not measure it; here the attacker enrols anonymised gaits of the same method, "
    "each with its own noise"
)


def _beats_baseline(recogniser: str, frame: pd.DataFrame, roles: Roles) -> Judgement:
    found = [
        claims.over(
            frame,
            f"{scoring.OVER_METHOD}@{rank}",
            roles.ours,
            roles.baseline,
            f"top-{rank}",
            recogniser=recogniser,
            **_AS_PRINTED,
        )
        for rank in (1, 3)
    ]
    return claims.all_higher(found, claims.points)


def _more_from_the_side(frame: pd.DataFrame, roles: Roles) -> Judgement:
    metric = f"{scoring.OVER_METHOD}{scoring.SIDEWAYS}@1"
    found = [
        claims.over(
            frame, metric, roles.ours, roles.baseline, label, recogniser=name, **_AS_PRINTED
        )
        for name, label in _ATTACKERS.items()
    ]
    return claims.all_higher(found, claims.points)


def _weaker_against_the_stronger(frame: pd.DataFrame, roles: Roles) -> Judgement:
    found = claims.over(
        frame,
        f"{scoring.OVER_RECOGNISER}@1",
        *_ATTACKERS,
        by="recogniser",
        method=roles.ours,
        **_AS_PRINTED,
    )
    return claims.all_higher([found], claims.points)


def _swept(
    frame: pd.DataFrame, roles: Roles, metric: str, rising: bool, views=(ALL,), **wanted: str
) -> list[Difference | None]:
    """From each α to the next one, by how much something rises, or falls."""
    found = []
    for (low, high), view in itertools.product(itertools.pairwise(roles.sweep), views):
        pair = (high, low) if rising else (low, high)
        what = f"{low} → {high}" + ("" if view == ALL else f", {view}°")
        found.append(claims.over(frame, metric, *pair, what, view=view, **wanted))
    return found


def _rises(recogniser: str, frame: pd.DataFrame, roles: Roles) -> Judgement:
    metric = f"{scoring.OVER_METHOD}@1"
    found = _swept(frame, roles, metric, True, recogniser=recogniser, **_AS_PRINTED)
    return claims.all_higher(found, claims.points)


def _overlap_falls(frame: pd.DataFrame, roles: Roles) -> Judgement:
    return claims.all_higher(_swept(frame, roles, "overlap_over_method", False))


def _views(frame: pd.DataFrame, metric: str) -> list[str]:
    found = find(frame, source=MEASURED, metric=metric)
    return sorted({*found["view"]} - {ALL}, key=int) or [ALL]


def _falls(score: str, frame: pd.DataFrame, roles: Roles) -> Judgement:
    metric = f"{score}_over_method"
    return claims.all_higher(_swept(frame, roles, metric, False, _views(frame, metric)))


def _more_natural(score: str, frame: pd.DataFrame, roles: Roles) -> Judgement:
    found = claims.over(frame, f"{score}_over_method", roles.ours, roles.baseline)
    return claims.all_higher([found])


def _more_natural_head_on(score: str, frame: pd.DataFrame, roles: Roles) -> Judgement:
    metric = f"{score}_over_method"
    pair = roles.ours, roles.baseline
    found = [claims.over(frame, metric, *pair, f"{view}°", view=view) for view in _HEAD_ON]
    return claims.all_higher(found)


def _noise_in_the_distribution(frame: pd.DataFrame, roles: Roles) -> Judgement:
    pair = roles.ours, roles.gaussian
    score = claims.over(frame, "frame_score_over_method", *pair, "frame score")
    # A jagged outline turns more.
    turning = claims.over(frame, "turning_over_method", *pair[::-1], "turning, less by")
    return claims.all_higher([score, turning])


def _rated(frame: pd.DataFrame, roles: Roles) -> Judgement:
    metric = "mos_over_method"
    pair = roles.ours, roles.baseline
    views = _views(frame, metric)
    return claims.all_higher(
        claims.over(frame, metric, *pair, "" if v == ALL else f"{v}°", view=v) for v in views
    )


def _known_at_best(recogniser: str, frame: pd.DataFrame, roles: Roles) -> Judgement:
    del roles
    printed = find(frame, metric=KNOWN_AT_BEST, recogniser=recogniser)
    names = {"recogniser": recogniser, "metric": "clean_error@1", "method": CLEAN}
    error = claims.one(frame, **names, **_AS_PRINTED)
    if printed.empty or error is None:
        return UNMEASURED
    value = float(printed["value"].iloc[0])
    low, high = claims.interval(error)
    measured = f"{100 * (1 - error['value']):.1f} %, printed {100 * value:.0f} %"
    if low is None:
        return of_few(measured)
    measured += f" ({100 * (1 - high):.1f} to {100 * (1 - low):.1f})"
    if 1 - low >= value:
        return Judgement(YES, measured, "")
    return Judgement(NO, measured, "the interval lies below what is printed")


def _nobody_is_found(recogniser: str, frame: pd.DataFrame, roles: Roles) -> Judgement:
    names = {"method": roles.ours, "recogniser": recogniser, "setting": SAME_VIEW}
    names["attacker"] = ANONYMIZED_GALLERY
    success = claims.one(frame, metric="success@1", **names)
    chance = claims.one(frame, metric="chance@1", **names)
    if success is None or chance is None:
        return UNMEASURED
    low, high = claims.interval(success)
    guess = float(chance["value"])
    measured = f"found {100 * (1 - success['value']):.1f} %, a guess {100 * (1 - guess):.1f} %"
    if low is None:
        return of_few(measured)
    measured += f" ({100 * (1 - high):.1f} to {100 * (1 - low):.1f})"
    if high < guess:
        return Judgement(NO, measured, "more are found than a guess finds")
    return Judgement(UNTOLD, measured, "no more are found, by this one: another may find them")


def _confused(frame: pd.DataFrame, roles: Roles) -> Judgement:
    found = []
    for name, label in _ATTACKERS.items():
        names = {"method": roles.baseline, "recogniser": name}
        row = claims.one(frame, metric="original_taken_for_noise", **names)
        found.append(
            None
            if row is None or not roles.baseline
            else Difference(label, float(row["value"]), *claims.interval(row))
        )
    return claims.all_higher(found, claims.points)


def _of(judge, *given: str):
    return functools.partial(judge, *given)


CLAIMS = (
    *(
        Claim(
            "§1",
            f"the recogniser of {label} et al. knows up to {best} % of gaits",
            _of(_known_at_best, name),
            "Nothing is said there of conditions and views; these people are others",
        )
        for (name, label), best in zip(_ATTACKERS.items(), (89, 98), strict=True)
    ),
    Claim(
        "§1",
        "a recogniser may take an original for the gait that is the baseline's noise",
        _confused,
    ),
    Claim(
        "§4.1, fig 7",
        "noise that G_N draws gives more natural gaits than a Gaussian seed",
        _noise_in_the_distribution,
    ),
    *(
        Claim(
            "§4.2, fig 11",
            f"success against {label} is higher than the baseline's",
            _of(_beats_baseline, name),
            _LITERAL,
        )
        for name, label in _ATTACKERS.items()
    ),
    Claim(
        "§4.2, fig 11",
        "and by more in side views (72° to 108°) than in the others",
        _more_from_the_side,
    ),
    Claim(
        "§4.2, fig 11",
        "success is higher against Zheng than against Wu",
        _weaker_against_the_stronger,
    ),
    Claim(
        "§4.3, fig 12",
        "people rate it higher than the baseline, in every view",
        _rated,
        "Give ratings in evaluators.mos",
    ),
    *(
        Claim(
            f"§4.3, fig {figure}",
            f"its {score.replace('_', ' ')} is higher than the baseline's",
            _of(_more_natural, score),
        )
        for score, figure in (("frame_score", 13), ("video_score", 14))
    ),
    Claim(
        "§4.3, fig 13",
        "at 0° and 180°, too, where the baseline's heads are distorted",
        _of(_more_natural_head_on, "frame_score"),
    ),
    *(
        Claim(
            f"§4.4, fig {figure}", f"success against {label} rises with α", _of(_rises, name),
            _LITERAL,
        )
        for (name, label), figure in zip(_ATTACKERS.items(), (15, 16), strict=True)
    ),
    Claim(
        "§4.4, fig 18", "the difference from the original rises with α", _overlap_falls, _LITERAL
    ),
    *(
        Claim(
            f"§4.4, table {table}",
            f"the {score.replace('_', ' ')} falls with α, in every view",
            _of(_falls, score),
        )
        for score, table in (("frame_score", 2), ("video_score", 3))
    ),
    *(
        Claim(
            "§5",
            f"who walked cannot be had back from an anonymised gait ({label})",
            _of(_nobody_is_found, name),
            _INFORMED,
        )
        for name, label in _ATTACKERS.items()
    ),
)  # fmt: skip
