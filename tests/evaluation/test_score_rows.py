import numpy as np
import pytest

from gait_jax.data.sequence import GaitSequence
from gait_jax.evaluation import papers, plots, score_rows, score_sections
from gait_jax.evaluation.rows import ALL, CLEAN, MEASURED, Row, find, to_frame
from gait_jax.evaluation.score_rows import FRAME, VIDEO, Scores
from gait_jax.runtime.errors import InputError


def _sequence(subject, view):
    return GaitSequence(subject, "nm", 1, view, view, 0, 2)


def _scores(shift=0.0, people=2):
    """Two frames each of some people in two views: person k scores k/100, and more in 90."""
    return Scores.of(
        (_sequence(f"{k:03d}", view), np.array([0.0, 0.2]) + shift + k / 100 + view / 900)
        for k in range(people)
        for view in (0, 90)
    )


def test_scores_are_means_over_frames_by_view_and_over_all():
    rows = {row.view: row for row in score_rows.rows(_scores(), metric=FRAME, method="a")}
    assert list(rows) == ["0", "90", ALL]
    # (0 + 0.2 + 0.01 + 0.21) / 4, a tenth more at 90.
    expected = {"0": 0.105, "90": 0.205, ALL: 0.155}
    assert {view: row.value for view, row in rows.items()} == pytest.approx(expected)
    assert [row.n for row in rows.values()] == [4, 4, 8]
    # Of two people there is no interval.
    assert all(row.low is None for row in rows.values())


def test_intervals_are_over_people():
    *_, row = score_rows.rows(_scores(people=12), metric=FRAME, method="a")
    assert row.value == pytest.approx(0.205) and row.n == 48
    # Between people, from 0.15 to 0.26 evenly: a standard error of 0.01.
    assert row.value - 0.03 < row.low < row.value - 0.01
    assert row.value + 0.01 < row.high < row.value + 0.03


def test_differences_are_of_the_same_people():
    *by_view, row = score_rows.differences(
        _scores(0.25, 12), _scores(0.0, 12), metric=FRAME, method="a", against="b"
    )
    assert (row.metric, row.method, row.against) == ("frame_score_over_method", "a", "b")
    assert row.view == ALL and by_view and ALL not in {each.view for each in by_view}
    assert (row.value, row.low, row.high) == pytest.approx((0.25, 0.25, 0.25))


def test_what_is_kept_comes_back_and_what_is_damaged_is_said(tmp_path):
    path = tmp_path / "scores.safetensors"
    _scores().save(path)
    again = Scores.load(path)
    for name in ("values", "people", "views"):
        np.testing.assert_array_equal(getattr(again, name), getattr(_scores(), name))
    Scores(again.values[:3], again.people, again.views).save(path)
    with pytest.raises(InputError, match=r"scores.safetensors is damaged \(scores\): remove it"):
        Scores.load(path)


def test_the_papers_tables_are_rows():
    rows = {(r.metric, r.method, r.view): r for r in papers.SCORES}
    assert len(rows) == len(papers.SCORES) == 2 * 3 * 11
    assert rows[FRAME, "alpha_02", "0"].value == 0.9764
    assert rows[FRAME, "alpha_04", "180"].value == 0.9464
    assert rows[VIDEO, "alpha_03", "36"].value == 0.6291
    assert rows[VIDEO, "alpha_03", "36"].setting == "α = 0.3"
    # "The scores increased with a decrease in α for all viewing angles."
    for metric in (FRAME, VIDEO):
        for view in map(str, range(0, 181, 18)):
            values = [rows[metric, f"alpha_0{a}", view].value for a in (2, 3, 4)]
            assert values == sorted(values, reverse=True)


@pytest.fixture
def frame():
    measured = [
        row
        for name, shift in ((CLEAN, 0.5), ("mine", 0.25))
        for row in score_rows.rows(_scores(shift), metric=VIDEO, method=name, recogniser="net")
    ]
    over = Row(metric=VIDEO + "_over_method", method="mine", against=CLEAN, value=-0.25, n=8)
    return to_frame([*measured, over, *(r for r in papers.SCORES if r.metric == VIDEO)])


def test_a_table_says_who_judged_beside_the_papers_numbers(frame):
    table = score_sections.by_view_table(frame, {"mine": "my method"}, VIDEO, "a network")
    assert table.note.startswith("Judged by a network.")
    lines = {line[0]: line[1:] for line in table.frame.to_numpy().tolist()}
    views = [f"{view}°" for view in range(0, 181, 18)]
    assert table.frame.columns.tolist() == ["clips", *views, "all views"]
    assert lines["originals"][0] == "0.605" and lines["originals"][1] == "–"
    assert lines["my method"][-1] == "0.405 (few people)"
    printed = lines["Tieu et al. 2019 on CASIA-B, α = 0.2"]
    assert printed[0] == "0.574" and printed[-1] == "–" and len(lines) == 2 + 3


def test_a_section_shows_table_plot_and_differences(frame):
    (section,) = score_sections.sections(frame, {"mine": "my method"}, VIDEO, "a network")
    terms, table, figure, over = section.blocks
    assert section.title.startswith("Video score") and terms.meanings["Judged by"] == "a network."
    assert figure.png.startswith(b"\x89PNG")
    assert over.frame.to_numpy().tolist() == [["my method", "originals", "-0.250 (few people)"]]
    alone = find(frame, source=MEASURED, metric=VIDEO, method=CLEAN)
    assert score_sections.differences_table(alone, {}, VIDEO) is None


def test_a_plot_has_a_curve_for_each(frame, monkeypatch):
    from matplotlib.axes import Axes

    drawn, draw = {}, Axes.errorbar

    def keep(self, x, y, *args, label, **style):
        drawn[label] = (list(x), list(y))
        return draw(self, x, y, *args, label=label, **style)

    monkeypatch.setattr(Axes, "errorbar", keep)
    labels = {(MEASURED, CLEAN): "originals", (MEASURED, "mine"): "my method"}
    plots.scores_by_view(frame, labels, VIDEO, "Video score")
    assert drawn["originals"] == ([0, 90], pytest.approx([0.605, 0.705]))
    assert drawn["my method"] == ([0, 90], pytest.approx([0.355, 0.455]))
