"""What the benchmark of looks measures."""

import sys

import numpy as np
import pytest
from drawn import ROOT

from gait_jax.video.blazepose_landmarks import NAMES

_BENCHMARKS = ROOT / "benchmarks"


@pytest.fixture(scope="module", autouse=True)
def benchmarks():
    """Lets modules of the folder be imported: they are scripts, no package."""
    sys.path.insert(0, str(_BENCHMARKS))
    yield
    sys.path.remove(str(_BENCHMARKS))


def _box(left, width=10, top=10, height=20, shape=(40, 60)):
    mask = np.zeros(shape, bool)
    mask[top : top + height, left : left + width] = True
    return mask


def test_lines_are_near_within_a_distance():
    from look_counts import near, outline

    own = outline(_box(10))
    assert own.sum() == 2 * (20 + 10) - 4
    assert near(own, outline(_box(12)), 2) == 1
    # Three to the right: neither the 20 pixels on the left nor, but for three at each end, which
    # have the other's upper or lower side near them, those on the right.
    assert near(own, outline(_box(13)), 2) == pytest.approx((56 - 20 - 14) / 56)
    assert near(own, np.zeros_like(own), 2) == 0 and near(np.zeros_like(own), own, 2) is None


def test_who_is_nearer_hides_outlines():
    from look_counts import outlines

    # Of the first one five columns are seen.
    found = outlines([_box(10), _box(15)])
    assert found.sum() == 2 * (20 + 5) - 4 + 56
    assert found[15, 14] and not found[15, 19]
    # At the picture's border nobody ends.
    assert not outlines([_box(0)])[15, 0]


def test_a_body_is_compared_with_its_original():
    from look_counts import compared

    original = _box(20, 60, 20, 160, (220, 200))
    body = _box(20, 60, 20, 80, (220, 200))
    found = compared(original, body, body)
    assert found["tall"] == 0.5 and found["turning"] == pytest.approx(1)
    # Boundaries go through the pixels' middles.
    assert found["length"] == pytest.approx((59 + 79) / (59 + 159))
    assert compared(original, original, original)["kept"] == 1
    assert compared(body, body, body)["kept"] is None


def test_angles_of_a_leg_before_and_one_behind():
    from look_counts import ANGLES, angles

    world = np.zeros((33, 3))
    # They go away from the camera: their right is the picture's. Metres right, down, away.
    points = {
        "left_shoulder": (-0.2, -0.5, 0), "right_shoulder": (0.2, -0.5, 0),
        "left_hip": (-0.1, 0, 0), "right_hip": (0.1, 0, 0),
        "left_knee": (-0.1, 0, 0.4), "left_ankle": (-0.1, 0.4, 0.4),
        "right_knee": (0.1, 0.3, -0.3), "right_ankle": (0.1, 0.6, -0.6),
    }  # fmt: skip
    for name, point in points.items():
        world[NAMES.index(name)] = point
    found = dict(zip(ANGLES, angles(world), strict=True))
    assert found == pytest.approx(
        {"left_hip": 90, "right_hip": -45, "left_knee": 90, "right_knee": 0}, abs=1e-5
    )
    # Seen from the other side, of a body that leans, nothing changes.
    lean, turn = np.radians([20, 140])
    leaning = np.array(
        [[1, 0, 0], [0, np.cos(lean), -np.sin(lean)], [0, np.sin(lean), np.cos(lean)]]
    )
    turned = np.array(
        [[np.cos(turn), 0, np.sin(turn)], [0, 1, 0], [-np.sin(turn), 0, np.cos(turn)]]
    )
    assert angles(world @ (turned @ leaning).T) == pytest.approx(angles(world), abs=1e-5)


def test_walks_are_alike_at_a_lag():
    from look_counts import best_correlation, correlation, likeness

    steps = 2 * np.pi * np.arange(60) / 20
    walk = np.stack([np.sin(steps), 3 + np.sin(2 * steps)], axis=1)
    later = np.roll(walk, 5, axis=0)
    assert correlation(walk, walk) == pytest.approx(1)
    # A quarter of a cycle: nothing of the one, the opposite of the other, which is twice as fast.
    assert correlation(walk, later) == pytest.approx(-0.5)
    assert correlation(walk, later, 5) == pytest.approx(1)
    assert best_correlation(walk, later, 4) < 0.99 < best_correlation(walk, later, 5)
    gaps = walk.copy()
    gaps[10:50] = np.nan
    assert correlation(gaps, walk) == pytest.approx(1)
    gaps[:9] = np.nan
    assert correlation(gaps, walk) is None and best_correlation(gaps, walk, 3) is None
    found = likeness(walk, walk, [later, gaps], 5)
    assert found["own"] == found["own_lag"] == pytest.approx([1])
    assert found["others"] == pytest.approx([-0.5]) and found["others_lag"] == pytest.approx([1])


def test_the_detector_looks_into_a_square_around_somebody():
    from gait_jax.video.person_score import tile

    # Of 20 rows and 10 columns about (25, 20): 17 pixels and one to each side, within the picture.
    assert tile(_box(20)) == (7, 2, 43, 38)
    assert tile(_box(2)) == (0, 2, 25, 38)


def _row(score=(0.9, 0.8)):
    variant = {
        "score": list(score), "flag": [0.9, 0.9], "score_before": [0.9, 0.9],
        "flag_before": [1.0, 1.0], "own": [0.3], "others": [0.1, 0.3], "own_lag": [0.5],
        "others_lag": [0.6, 0.6],
        "flicker": {"colour_original": 10.0, "colour_anonymized": 11.0,
                    "outline_original": 0.2, "outline_anonymized": 0.3},
    }  # fmt: skip
    bodies = {"kept": [0.2, None, 0.4], "tall": [0.9], "turning": [1.0], "length": [0.8]}
    kept = variant | {"score": [0.9, 0.9], "flag": [1.0, 1.0]}
    variants = {"parts_blur": variant, "parts_keep": kept}
    return {"situation": "side", "bodies": bodies, "variants": variants}


def test_a_summary_says_what_is_met():
    from look_tables import summary

    lines = summary([_row(), {"situation": "pan", "refused": "it moves"}], ["parts"])
    assert lines == [
        "- outline kept: asked at most 35.0 %, measured 30.0 %: met",
        "- outline flicker over the original's: asked at most 1.10, measured 1.50: missed",
        "- parts, faces blur: score less the original's: asked within 0.02, measured -0.050: "
        "missed",
        "- parts, faces blur: flag over the original's: asked at least 0.98, measured 0.900: "
        "missed",
        "- parts, faces keep: score less the original's: asked within 0.02, measured +0.000: met",
        "- parts, faces keep: flag over the original's: asked at least 0.98, measured 1.000: met",
        "- parts: colour flicker over the original's: asked at most 1.20, measured 1.10: met",
        "- parts: correlation of angles: asked at most other people's 0.20 ± 0.10 (2 pairs), "
        "measured 0.30 ± 0.00 (1 pairs): above by no more than chance",
        "- parts: correlation of angles at the best lag: asked at most other people's "
        "0.60 ± 0.00 (2 pairs), measured 0.50 ± 0.00 (1 pairs): met",
    ]
    assert "not measured" in summary([], ["parts"])[0]


def test_a_few_pairs_may_be_above_others_by_chance():
    from look_tables import summary

    row = _row()
    for variant in row["variants"].values():
        # 0.1 above; the means' standard errors are 0.1 / √4 and 0.2 / √4, 0.11 together.
        variant |= {"own": [0.4, 0.2, 0.4, 0.2], "others": [0.0, 0.4, 0.0, 0.4]}
    assert summary([row], ["parts"])[-2].endswith("(4 pairs): above by no more than chance")
    for variant in row["variants"].values():
        variant |= {"own": [0.6, 0.4, 0.6, 0.4]}
    assert summary([row], ["parts"])[-2].endswith("0.50 ± 0.10 (4 pairs): missed")


def test_a_report_has_a_block_for_each_colouriser():
    from look_tables import report

    lines = report([_row(), {"situation": "pan", "refused": "it moves"}], ["parts"]).splitlines()
    assert "| side | 30.0 % | 0.90 | 1.00 | 0.80 | 1.50 |" in lines
    assert (
        "| side | 0.900 | 0.850 | 0.900 | 1.000 | 0.900 | 1.000 | 1.10 | 0.30 | 0.20 | 0.50 "
        "| 0.60 |" in lines
    )
    assert sum(line.startswith("| pan | refused: it moves |") for line in lines) == 2


def test_times_are_compared_pair_by_pair():
    from look_tables import speed

    # Of three pairs the middle one counts.
    found = speed(
        {"parts": [(11, 4), (30, 4), (13, 4)], "nearest": [(10, 4), (10, 2), (10, 4)]}
    ).splitlines()
    assert found == [
        "- parts over nearest, seconds: asked at most 1.20, measured 1.30: missed (1.10, 3.00, "
        "1.30)",
        "- parts over nearest, seconds of processors: asked at most 1.20, measured 1.00: met "
        "(1.00, 2.00, 1.00)",
    ]


def test_a_colouriser_that_is_not_there_is_refused():
    from looks import colours_of

    assert colours_of("nearest,parts") == ["nearest", "parts"]
    with pytest.raises(SystemExit, match="no colouriser magic; there are parts, nearest"):
        colours_of("parts,magic")


def test_found_people_have_a_true_silhouette():
    from filming import Filmed
    from looks import true_of

    visible = np.stack([[_box(10)], [_box(40)]])
    empty = np.zeros((1, 40, 60, 3), np.uint8)
    truth = Filmed(empty, empty, visible, np.ones((2, 1), bool))
    person, mask = true_of(_box(38), truth, 0)
    assert person == 1 and (mask == _box(40)).all()
    person, mask = true_of(_box(38), None, 0)
    assert person == 0 and (mask == _box(38)).all()
