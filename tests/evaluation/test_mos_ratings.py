"""What raters' files say: which can be used, the rows that come of them, the report."""

import json
import os

import ml_collections
import numpy as np
import processes
import pytest
from opinions import answers, odd, write_answers

from gait_jax.evaluation import rows
from gait_jax.evaluation.evaluators.mos import MeanOpinion
from gait_jax.evaluation.mos import ratings, scores, sections
from gait_jax.evaluation.mos.clips import ORIGINAL, Label
from gait_jax.evaluation.mos.key import Key
from gait_jax.evaluation.rows import ALL, find
from gait_jax.mos import main
from gait_jax.runtime.errors import InputError


@pytest.fixture
def key():
    """Two methods, two views, two walks of each; two sets of four."""
    found = {}
    for method in ("one", "two", ORIGINAL):
        for view in (0, 90):
            for k in (1, 2):
                found[f"{method}{view}{k}"] = Label(method, f"{k:03d}", "nm", 1, view)
    rated = [name for name, label in found.items() if label.method != ORIGINAL]
    less = [name for name in rated if name[-1] == "1"]
    originals = [f"{ORIGINAL}01", f"{ORIGINAL}02", f"{ORIGINAL}901"]
    return Key("p", found, [rated, less], [[*originals, "one01"], ["two01", *originals]])


def told(key, given):
    """Rows of some raters: by code, how a clip is rated and whether the odd one is found."""
    found = [
        ratings.parse(
            json.dumps(
                answers(
                    key, rater, rate, lambda group, sees=sees: odd(key, group) if sees else
                    next(name for name in group if name.startswith(ORIGINAL)), sheet,
                )
            ).encode()
        )
        for rater, (rate, sees, sheet) in given.items()
    ]  # fmt: skip
    return rows.to_frame(scores.rows(found, key))


def value(frame, **wanted):
    (found,) = find(frame, **wanted).itertuples()
    return found


def test_scores_by_hand(key):
    # The first rates "one" 1 and 2 at 0°, 3 at 90°; the second sees a clip a view.
    first = {"one01": 1, "one02": 2, "one901": 3, "one902": 3, "two01": 4}
    rate = lambda label: first.get(f"{label.method}{label.view}{label.subject[-1]}", 5)  # noqa: E731
    frame = told(key, {"a": (rate, True, 0), "b": (lambda label: 4, False, 1)})
    score = value(frame, metric="mos", method="one", view="0")
    assert (score.value, score.n) == (pytest.approx((1.5 + 4) / 2), 2)
    # Fewer than ten raters have no interval.
    assert np.isnan(score.low)
    assert value(frame, metric="mos", method="one", view="90").value == (3 + 4) / 2
    # Of the raters' means over all of their clips: 9 / 4 and 4.
    assert value(frame, metric="mos", method="one", view=ALL).value == (2.25 + 4) / 2
    assert value(frame, metric="mos", method="two", view=ALL).value == (4.75 + 4) / 2
    box = [value(frame, metric=name, method="one", view="0").value for name in scores.BOX]
    assert box == [1.5, 1.5 + 0.625, 2.75, 4 - 0.625, 4]
    over = value(frame, metric="mos_over_method", view="0")
    assert (over.method, over.against) == ("one", "two")
    assert over.value == ((1.5 - 4.5) + 0) / 2
    assert value(frame, metric="odd_one_out", method="one").value == 0.5
    chance = value(frame, metric="odd_one_out_chance", method="two")
    assert (chance.value, chance.n) == (0.25, 2)
    # Twice rated are the four clips of the second's sheet: (1, 4), (3, 4), (4, 4), (5, 4).
    alpha = value(frame, metric="mos_alpha", method="")
    ranks = {1: 1, 3: 2, 4: 4.5, 5: 8.0}
    apart = lambda c, k: (ranks[c] - ranks[k]) ** 2  # noqa: E731
    pairs = [(1, 4), (3, 4), (4, 4), (5, 4)]
    values = [one for pair in pairs for one in pair]
    middle = {c: values.count(c) / 2 + sum(v < c for v in values) for c in ranks}
    ranks |= middle
    observed = sum(apart(*pair) for pair in pairs) / 4
    expected = sum(apart(c, k) for c in values for k in values) / (8 * 7)
    assert (alpha.value, alpha.n) == (pytest.approx(1 - observed / expected), 4)


def test_ten_raters_have_intervals_that_hold_the_mean(key):
    many = {f"r{i}": (lambda label, i=i: 1 + (i + label.view) % 5, i % 2 == 0, i % 2)
            for i in range(10)}  # fmt: skip
    frame = told(key, many)
    for metric in ("mos", "mos_over_method", "odd_one_out"):
        for row in find(frame, metric=metric).itertuples():
            assert row.low <= row.value <= row.high
    found = value(frame, metric="odd_one_out", method="one")
    assert (found.value, found.n) == (0.5, 10) and found.low < 0.5 < found.high
    # What the same raters say of both is drawn for both at once.
    over = value(frame, metric="mos_over_method", view=ALL)
    assert (over.value, over.low, over.high) == (0, 0, 0)


def test_a_method_that_is_preferred_is(key):
    frame = told(key, {"a": (lambda label: 5 if label.method == "two" else 1, True, 0)})
    assert value(frame, metric="mos", method="two", view=ALL).value == 5
    assert value(frame, metric="mos_over_method", view=ALL).value == -4
    # One rater agrees with nobody.
    assert find(frame, metric="mos_alpha").empty


def good(key, rater="a"):
    return answers(key, rater, lambda label: 3, lambda group: group[0])


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda value: value.update(page="q"), "another page than the key"),
        (lambda value: value.update(sheet=2), "its selection of clips is not the page's"),
        (lambda value: value.update(rater="../b"), "it names no rater"),
        (lambda value: value["ratings"].pop(), r"rater a did not finish \(7 of 8 clips, 2 of 2"),
        (lambda value: value["chosen"].pop(), r"rater a did not finish \(8 of 8 clips, 1 of 2"),
        (lambda value: value["ratings"].append(["x", 3]), "rates clips that the page did not show"),
        (lambda value: value["ratings"][0].__setitem__(1, 6), "a rating is 6, not 1 to 5"),
        (lambda value: value["ratings"][0].__setitem__(1, True), "a rating is damaged"),
        (lambda value: value["ratings"].append(value["ratings"][0]), "a clip is rated twice"),
        (lambda value: value["chosen"][0].update(chosen="x"), "a choice among four is damaged"),
        (
            lambda value: value["chosen"].append(value["chosen"][0]),
            "its sets of four are not the page's",
        ),
        (lambda value: value.pop("chosen"), "it is not what the page saves"),
    ],
)
def test_a_file_that_cannot_be_used_says_why(key, tmp_path, change, reason):
    wrong = good(key)
    change(wrong)
    (tmp_path / "a.json").write_text(json.dumps(wrong))
    found, (one,) = ratings.read([tmp_path], key)
    assert found == []
    with pytest.raises(AssertionError, match=rf"a\.json: .*{reason}"):
        raise AssertionError(str(one))


def test_what_is_damaged_or_there_twice_is_told(key, tmp_path):
    for name, text in [
        ("a.json", json.dumps(good(key))),
        ("a (1).json", json.dumps(good(key))),
        ("b.json", json.dumps(good(key, "b"))),
        ("bb.json", json.dumps(good(key, "b") | {"sheet": 0}, indent=1)),
        ("c.json", "{"),
        (".hidden", "x"),
        (".DS_Store", "x"),
    ]:
        (tmp_path / name).write_text(text)
    # A file may be named beside its folder.
    found, wrong = ratings.read([tmp_path, tmp_path / "a.json"], key)
    assert [one.rater for one in found] == ["a"]
    assert sorted((one.path.name, one.reason.split(" (")[0]) for one in wrong) == [
        ("a.json", "the same as a"),
        ("b.json", "rater b stands in other files, too"),
        ("bb.json", "rater b stands in b.json, too"),
        ("c.json", "it is damaged"),
    ]
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="no file of ratings is there"):
        ratings.read([tmp_path / "empty"], key)


def _write(folder, key, count=3):
    folder.mkdir()
    for i in range(count):
        rate = lambda label, i=i: 1 + (i + label.view // 90 + (label.method == "two")) % 5  # noqa: E731
        choose = lambda group, i=i: odd(key, group) if i % 2 else group[0]  # noqa: E731
        write_answers(folder, key, f"{i:02d}", rate, choose)
    return folder


def test_the_command_writes_rows_and_a_report(key, tmp_path):
    key.save(tmp_path / "k.json")
    given, out = _write(tmp_path / "r", key, 11), tmp_path / "out"
    done = processes.module(
        "gait_jax.mos", "analyse", given, "--key", tmp_path / "k.json", "-o", out
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[-1] == f"{out}/report.html" and "(raters: 11)" in done.stdout
    assert sorted(os.listdir(out)) == ["report.html", "rows.csv"]
    answered, _ = ratings.read([given], key)
    rows.write_csv(tmp_path / "again.csv", rows.to_frame(scores.rows(answered, key)))
    assert (out / "rows.csv").read_bytes() == (tmp_path / "again.csv").read_bytes()
    page = (out / "report.html").read_text()
    assert "What people say (raters: 11)" in page and "data:image/png" in page
    assert "Score of one method over another" in page
    assert "Which of these four is not real? Found, %" in page
    assert "Left out" not in page and "few people" in page


def test_what_cannot_be_used_is_left_out_only_when_asked_and_listed(key, tmp_path, capsys):
    key.save(tmp_path / "k.json")
    given = _write(tmp_path / "r", key)
    (given / "x.json").write_text("x")
    (given / "y.json").write_text(json.dumps(good(key) | {"page": "q"}))
    words = ["analyse", str(given), "--key", str(tmp_path / "k.json"), "-o", str(tmp_path / "out")]
    assert main(words) == 1
    first, second, last = capsys.readouterr().err.splitlines()
    assert "x.json: it is damaged (" in first and "y.json: it is of another page" in second
    assert "nothing was written" in last and not (tmp_path / "out").exists()
    assert main([*words, "--leave-out"]) == 0
    assert len(capsys.readouterr().err.splitlines()) == 2
    page = (tmp_path / "out" / "report.html").read_text()
    assert "Left out" in page and "y.json" in page and str(tmp_path) not in page
    for path in given.glob("0*"):
        path.unlink()
    assert main([*words, "--leave-out"]) == 1
    assert "no file of ratings can be used" in capsys.readouterr().err
    assert main([*words[:2], "--key", str(given / "x.json"), "-o", str(tmp_path / "n")]) == 1
    assert "x.json cannot be read (it is damaged, or no key)" in capsys.readouterr().err


class _Study:
    labels = {"one": "The first"}


def _evaluator(**settings):
    return MeanOpinion(ml_collections.ConfigDict(settings), _Study())


def test_an_evaluation_reports_what_raters_said(key, tmp_path):
    key.save(tmp_path / "k.json")
    asked = _evaluator(ratings=str(_write(tmp_path / "r", key)), key=str(tmp_path / "k.json"))
    frame = rows.to_frame(asked.rows())
    assert not find(frame, metric="mos", method="one").empty
    first, over, found = asked.sections(frame)
    _, figure, table = first.blocks
    assert figure.png.startswith(b"\x89PNG")
    # What the evaluation knows by another name, and what it does not know.
    assert table.frame["method"].tolist() == ["The first", "two"]
    assert table.frame.columns.tolist() == [
        "method", "all views", "0°", "90°", "alpha", "raters",
    ]  # fmt: skip
    assert "(few people)" in table.frame["0°"][0]
    assert over.blocks[0].frame.iloc[0, :2].tolist() == ["The first", "two"]
    assert found.blocks[0].frame["chance"].tolist() == ["25.0", "25.0"]
    (tmp_path / "r" / "x.json").write_text("x")
    (tmp_path / "r" / "y.json").write_text("y")
    with pytest.raises(InputError, match=r"x\.json: it is damaged \(.*, and 1 more: mend it"):
        list(asked.rows())


def test_an_evaluation_without_ratings_says_so(key, tmp_path):
    asked = _evaluator(ratings="", key="")
    assert list(asked.rows()) == []
    (section,) = asked.sections(rows.to_frame([]))
    assert [block.text for block in section.blocks] == ["No ratings were given."]
    with pytest.raises(InputError, match="ratings and key go together"):
        _evaluator(ratings="r", key="")
    with pytest.raises(InputError, match="k cannot be read"):
        _evaluator(ratings="r", key=str(tmp_path / "k"))


def test_boxes_are_drawn_where_a_method_lacks_a_view(key):
    key.clips["two901"] = key.clips["two902"] = Label("two", "003", "nm", 1, 0)
    frame = told(key, {"a": (lambda label: 2, True, 0)})
    assert find(frame, metric="mos", method="two", view="90").empty
    assert sections.sections(frame, {})[0].blocks[1].png.startswith(b"\x89PNG")
