import math

import cv2
import numpy as np
import pytest

from gait_jax.evaluation import papers, plots, sections, tables
from gait_jax.evaluation.difference_tables import differences_table
from gait_jax.evaluation.rows import ANONYMIZED_GALLERY, CLEAN_GALLERY, Row, to_frame
from gait_jax.gait import picture

_LABELS = {"b": "Method B", "a": "Method A"}


def _rates(method, recogniser, success, error, rank=1, attacker=CLEAN_GALLERY, **other):
    """The four rows that scoring gives for one cell; ten people, intervals of ± 0.1."""
    known = {
        "method": method,
        "recogniser": recogniser,
        "attacker": attacker,
        "setting": "same view",
        "n": 20,
    } | other
    values = {"success": success, "clean_error": error, "difference": success - error}
    found = [
        Row(metric=f"{name}@{rank}", value=value, low=value - 0.1, high=value + 0.1, **known)
        for name, value in values.items()
    ]
    return [*found, Row(metric=f"chance@{rank}", value=1 - rank / 10, **known)]


def _lines(table):
    return [list(table.frame.columns), *table.frame.to_numpy().tolist()]


_SUCCESS = [
    *_rates("none", "wu2017", 0.2, 0.2),
    *_rates("none", "wu2017", 0.1, 0.1, 3),
    *_rates("a", "wu2017", 0.7, 0.2),
    *_rates("a", "wu2017", 0.6, 0.1, 3),
    *_rates("a", "wu2017", 0.4, 0.3, attacker=ANONYMIZED_GALLERY, n=19),
    *_rates("b", "zheng2011", 0.9, 0.5, attacker=ANONYMIZED_GALLERY, n=18),
    # What belongs to other tables.
    *_rates("a", "wu2017", 0.0, 0.0, setting="cross-view"),
    *_rates("a", "wu2017", 0.0, 0.0, condition="nm"),
    *_rates("a", "wu2017", 0.0, 0.0, view="90"),
    *_rates("unnamed", "wu2017", 0.0, 0.0),
    *_rates("a", "wu2017", 0.0, 0.0, source="Tieu et al. 2019"),
    Row(method="a", metric="frames", value=9),
]


def test_success_stands_beside_clean_error_difference_and_chance():
    table = tables.success_table(to_frame(_SUCCESS), _LABELS, "same view")
    assert table.text_columns == 2
    assert _lines(table) == [
        [
            *("method", "recogniser", "rank", "clean error"),
            *("success, clean gallery", "difference, clean gallery"),
            *("success, anonymised gallery", "difference, anonymised gallery"),
            *("chance", "probes"),
        ],
        # Clean error, chance and probes are the first attacker's who was there.
        [
            *("Method B", "zheng2011", "1", "50.0 (40.0 to 60.0)", "–", "–"),
            *("90.0 (80.0 to 100.0)", "40.0 (30.0 to 50.0)", "90.0", "18"),
        ],
        [
            *("Method A", "wu2017", "1", "20.0 (10.0 to 30.0)"),
            *("70.0 (60.0 to 80.0)", "50.0 (40.0 to 60.0)"),
            *("40.0 (30.0 to 50.0)", "10.0 (0.0 to 20.0)", "90.0", "20"),
        ],
        [
            *("Method A", "wu2017", "3", "10.0 (0.0 to 20.0)"),
            *("60.0 (50.0 to 70.0)", "50.0 (40.0 to 60.0)", "–", "–", "70.0", "20"),
        ],
    ]


def test_a_cell_without_an_interval_says_that_people_were_few():
    few = [Row(method="a", recogniser="wu2017", attacker=CLEAN_GALLERY, setting="same view",
               metric=f"{name}@1", value=0.5, n=6)
           for name in ("success", "clean_error", "difference", "chance")]  # fmt: skip
    (_, line) = _lines(tables.success_table(to_frame(few), {"a": "A"}, "same view"))
    # A guess needs no interval.
    assert line[3:] == [*["50.0 (few people)"] * 3, "50.0", "6"]


_OVER = [
    Row(method="a", against="b", recogniser="wu2017", attacker=CLEAN_GALLERY, setting="same view",
        metric="success_over_method@1", value=-0.1, low=-0.2, high=0.05, n=20),
    Row(method="a", against="b", recogniser="wu2017", attacker=ANONYMIZED_GALLERY, value=0.25,
        setting="same view", metric="success_over_method@3", n=20),
    Row(method="a", against="zheng2011", recogniser="wu2017", attacker=CLEAN_GALLERY, value=0.5,
        setting="cross-view", metric="success_over_recogniser@1", low=0.4, high=0.6, n=20),
]  # fmt: skip


def test_differences_between_methods_and_between_recognisers():
    frame = to_frame([*_SUCCESS, *_OVER])
    table = differences_table(frame, _LABELS, "success_over_method", "same view")
    assert _lines(table) == [
        ["success of", "over", "recogniser", "attacker", "rank", "difference"],
        ["Method A", "Method B", "wu2017", "clean gallery", "1", "-10.0 (-20.0 to 5.0)"],
        ["Method A", "Method B", "wu2017", "anonymised gallery", "3", "25.0 (few people)"],
    ]
    table = differences_table(frame, _LABELS, "success_over_recogniser", "cross-view")
    assert _lines(table) == [
        ["success against", "over", "method", "attacker", "rank", "difference"],
        ["wu2017", "zheng2011", "Method A", "clean gallery", "1", "50.0 (40.0 to 60.0)"],
    ]
    assert differences_table(frame, _LABELS, "success_over_method", "cross-view") is None
    titles = [section.title for section in sections.differences(frame, _LABELS)]
    assert titles == [
        "",
        "Success of one method over another, points: same view",
        "Success against one recogniser over another, points: cross-view",
    ]
    assert sections.differences(to_frame(_SUCCESS), _LABELS) == []


def test_success_in_another_setting_and_of_nothing():
    table = tables.success_table(to_frame(_SUCCESS), _LABELS, "cross-view")
    assert [line[:5] for line in _lines(table)[1:]] == [
        ["Method A", "wu2017", "1", "0.0 (-10.0 to 10.0)", "0.0 (-10.0 to 10.0)"]
    ]
    for frame in (to_frame([]), to_frame(_SUCCESS[-1:])):
        table = tables.success_table(frame, _LABELS, "same view")
        assert _lines(table) == [
            ["method", "recogniser", "rank", "clean error", "chance", "probes"]
        ]


def test_two_rows_cannot_claim_one_cell():
    frame = to_frame([*_SUCCESS, *_rates("a", "wu2017", 0.8, 0.2)])
    with pytest.raises(ValueError, match="duplicate"):
        tables.success_table(frame, _LABELS, "same view")


def test_rank_k_is_what_the_clean_error_leaves():
    clean = [
        *_rates("none", "wu2017", 0.25, 0.25),
        *_rates("none", "wu2017", 0.5, 0.5, condition="nm"),
        *_rates("none", "wu2017", 0.125, 0.125, 3),
        *_rates("none", "wu2017", 0.75, 0.75, view="90"),
        *_rates("none", "zheng2011", 0.0, 0.0, condition="cl", setting="cross-view"),
        *_rates("a", "wu2017", 0.9, 0.9),
    ]
    table = tables.identification_table(to_frame(clean))
    assert table.text_columns == 2
    # "all" stands last, wherever it was met.
    assert _lines(table) == [
        ["recogniser", "gallery", "nm", "cl", "all"],
        ["wu2017", "same view", "50.0 (40.0 to 60.0)", "–", "75.0 (65.0 to 85.0)"],
        ["wu2017", "cross-view", "–", "–", "–"],
        ["zheng2011", "same view", "–", "–", "–"],
        ["zheng2011", "cross-view", "–", "100.0 (90.0 to 110.0)", "–"],
    ]
    # What the paper says stands below, in its own words.
    published = [row for row in papers.RECOGNITION if row.recogniser == "wu2017"]
    table = tables.identification_table(to_frame([*clean, *published]))
    assert len(_lines(table)) == 6
    assert _lines(table)[-1] == ["Tieu et al. 2019: wu2017", "not said", "–", "–", "up to 98.0"]
    table = tables.identification_table(to_frame([*clean, *published]), rank=3)
    assert len(_lines(table)) == 3
    assert _lines(table)[1] == ["wu2017", "same view", "87.5 (77.5 to 97.5)"]


_BY_VIEW = [
    row
    for view, success, error in (("18", 0.5, 0.1), ("108", 0.25, 0.2), ("0", 1.0, 0.3))
    for row in (
        *_rates("none", "wu2017", error, error, view=view),
        # Of the walks that were probed: other ones than all that are enrolled.
        *_rates("a", "wu2017", success, error + 0.05, view=view),
    )
] + [
    *_rates("none", "wu2017", 0.2, 0.2),
    *_rates("a", "wu2017", 0.0, 0.9, condition="nm", view="0"),
    *_rates("a", "wu2017", 0.0, 0.9, setting="cross-view", view="0"),
    *_rates("a", "wu2017", 0.75, 0.9, attacker=ANONYMIZED_GALLERY, view="18"),
    *_rates("none", "wu2017", 0.05, 0.05, 3, view="0"),
]


def test_views_stand_by_their_angle():
    first, second = tables.by_view_tables(to_frame(_BY_VIEW), {"a": "A"})
    assert (first.caption, first.text_columns) == ("wu2017, top-1", 1)
    assert _lines(first) == [
        ["success, same view", "0°", "18°", "108°"],
        ["A, clean gallery", "100.0", "50.0", "25.0"],
        ["A, anonymised gallery", "–", "75.0", "–"],
        ["clean error", "35.0", "15.0", "25.0"],
        ["chance", "90.0", "90.0", "90.0"],
    ]
    assert second.caption == "wu2017, top-3"
    assert _lines(second)[1:] == [
        ["A, clean gallery", "–", "–", "–"],
        ["A, anonymised gallery", "–", "–", "–"],
        ["clean error", "5.0", "–", "–"],
        ["chance", "70.0", "–", "–"],
    ]
    assert tables.by_view_tables(to_frame([]), {"a": "A"}) == []


def _natural(method, **values):
    return [Row(method=method, metric=name, value=value) for name, value in values.items()]


_COUNTS = {"sequences": 26, "sequences_lost": 1, "frames": 1300, "frames_empty": 7}
_LOOKS = {"one_region": 0.9876, "outline": 1.1, "turning": 1.25, "movement": 0.95, "overlap": 0.8}
_FEET = {"foot_slide": 0.2, "foot_slide_original": 0.0612}


def test_naturalness_by_method():
    found = [
        *_natural("a", **_COUNTS, **_LOOKS, **_FEET, distance=0.0123),
        # Reasons are rows of their own.
        Row(method="a", metric="frames_empty", condition="no contour", value=7),
        Row(method="a", metric="outline", source="Tieu et al. 2019", value=2.0),
        *_natural("b", **_COUNTS | {"frames": 1e6}, one_region=1.0),
    ]
    table = tables.naturalness_table(to_frame(found), _LABELS)
    assert table.text_columns == 1 and table.note.startswith("Person-like: frames that")
    assert _lines(table) == [
        [
            *("method", "sequences", "frames", "‖Ŷ-Y‖₁, body heights"),
            *("person-like, %", "outline", "turning", "movement", "overlap"),
            "foot slide (original's)",
        ],
        ["Method B", "26 (1 lost)", "1000000 (7 left empty)", "–", "100.0", *4 * ["–"], "–"],
        [
            *("Method A", "26 (1 lost)", "1300 (7 left empty)", "0.012"),
            *("98.8", "1.100", "1.250", "0.950", "0.800", "0.200 (0.061)"),
        ],
    ]


def test_methods_without_contours_have_no_column_of_distances():
    table = tables.naturalness_table(to_frame(_natural("a", **_COUNTS, **_LOOKS)), {"a": "A"})
    assert _lines(table)[0][3] == "person-like, %"
    assert _lines(table)[1][3] == "98.8"
    # Nor one of feet where nobody crosses the picture.
    assert _lines(table)[0][-1] == "overlap"


def _colour(method, condition, psnr, ssim, setting="box", n=12):
    known = {"method": method, "condition": condition, "setting": setting, "n": n}
    return [Row(metric="psnr", value=psnr, **known), Row(metric="ssim", value=ssim, **known)]


def test_colours_stand_beside_the_papers():
    found = [
        *_colour("nearest", "complete", math.inf, 1.0),
        *_colour("nearest", "plain", 20.125, 0.5, n=8),
        *_colour("network", "complete", 24.1, 0.9),
        *_colour("nearest", "complete", 1.0, 0.1, "twin", n=5),
        *papers.COLOUR,
    ]
    labels = {"nearest": "nearest pixel", "network": "colour transfer"}
    assert _lines(tables.colour_table(to_frame(found), labels, "box")) == [
        ["", "plain", "textural", "complete", "incomplete"],
        ["nearest pixel", "20.12, 0.500", "–", "exact, 1.000", "–"],
        ["colour transfer", "–", "–", "24.10, 0.900", "–"],
        [
            "Tieu et al. 2020: baseline",
            *("24.24, 0.906", "23.63, 0.897", "24.10, 0.904", "23.95, 0.905"),
        ],
        [
            "Tieu et al. 2020: network",
            *("24.73, 0.914", "24.28, 0.906", "24.83, 0.909", "24.47, 0.913"),
        ],
        ["frames", "8", "0", "12", "0"],
    ]
    # The papers measured one form only.
    assert _lines(tables.colour_table(to_frame(found), labels, "twin"))[1:] == [
        ["nearest pixel", "–", "–", "1.00, 0.100", "–"],
        ["colour transfer", "–", "–", "–", "–"],
        ["frames", "0", "0", "5", "0"],
    ]


def test_ranks_are_those_that_were_measured():
    assert tables.ranks(to_frame([*_rates("a", "w", 0, 0, 10), *_SUCCESS])) == [1, 3, 10]
    assert tables.ranks(to_frame([])) == []


def test_success_is_drawn_in_a_panel_for_each_attacker():
    one, two = (
        plots.success_by_view(to_frame(rows), {"a": "A"}, 1)
        for rows in ([r for r in _BY_VIEW if r.attacker == CLEAN_GALLERY], _BY_VIEW)
    )
    images = [cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_COLOR) for png in (one, two)]
    # 5.4 × 3.4 inches a panel, 100 dots an inch.
    assert [image.shape for image in images] == [(340, 540, 3), (340, 1080, 3)]
    with pytest.raises(ValueError, match="nothing was measured by view at rank 5"):
        plots.success_by_view(to_frame(_BY_VIEW), {"a": "A"}, 5)
    with pytest.raises(ValueError, match="nothing was measured by view at rank 1"):
        plots.success_by_view(to_frame(_rates("a", "wu2017", 0.5, 0.1)), {"a": "A"}, 1)


def test_curves_are_drawn_at_their_values(monkeypatch):
    drawn = {}

    def plot(axis, at, values, **style):
        drawn[style["label"]] = (list(at), [float(value) for value in values])
        return axis_plot(axis, at, values, **style)

    from matplotlib.axes import Axes

    axis_plot = Axes.plot
    monkeypatch.setattr(Axes, "plot", plot)
    frame = to_frame([row for row in _BY_VIEW if row.attacker == CLEAN_GALLERY])
    plots.success_by_view(frame, {"a": "A", "b": "B"}, 1)
    assert drawn == {
        "A": ([0, 18, 108], [100.0, 50.0, 25.0]),
        "clean error": ([0, 18, 108], pytest.approx([35.0, 15.0, 25.0])),
        "chance": ([0, 18, 108], [90.0, 90.0, 90.0]),
    }


def test_sections_hold_what_was_measured():
    frame = to_frame([*_SUCCESS, *_BY_VIEW[:8]])
    found = sections.success(frame, _LABELS)
    assert [section.title for section in found] == [
        "",
        "Success, %, probes in the gallery of their own view",
        "Success, %, mean over the galleries of all other views",
        "What the recognisers know of clean gaits: rank-1, %",
    ]
    one_view = to_frame([row for row in _SUCCESS if row.setting != "cross-view"])
    assert len(sections.success(one_view, _LABELS)) == 3
    with pytest.raises(ValueError):
        sections.success(to_frame([]), _LABELS)
    blocks = sections.by_view(frame, _LABELS).blocks
    # Rank 3 was not measured by view.
    assert [block.kind for block in blocks] == ["figure", "table"]


def test_colour_is_shown_by_the_forms_that_were_measured():
    frame = to_frame([*_colour("nearest", "plain", 20.0, 0.5, "twin"), *papers.COLOUR])
    forms = {"twin": "Another body.", "box": "Over the box."}
    # The papers' rows alone are no measurement.
    _, only = sections.colour(frame, {"nearest": "nearest pixel"}, forms)
    assert only.title == "twin" and only.blocks[0].text == "Another body."
    assert _lines(only.blocks[1])[1][:2] == ["nearest pixel", "20.00, 0.500"]


def test_who_has_seen_the_probed_people_is_warned_of():
    (found,) = sections.warnings(_LABELS, {"a": ["001", "002"], "b": []})
    assert found.text == (
        "Method A was trained on people who are probed here (001, 002): its success is not to be "
        "trusted."
    )


def test_samples_stand_under_their_methods_names(tmp_path):
    (tmp_path / "a.png").write_bytes(picture.png(np.zeros((2, 2), np.uint8)))
    (shown,) = sections.samples({"Method A": (tmp_path / "a.png").read_bytes()}).blocks
    assert (shown.caption, shown.alt) == ("Method A", "samples of Method A")
