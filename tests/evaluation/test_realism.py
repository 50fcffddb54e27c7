"""How real made-up gaits look, whose distance from real ones is known beforehand."""

import json

import numpy as np
import pytest
from drawn import draw_walk, load_config, to_and_fro, write_walk
from made_up import METHODS
from made_up import method as made_up_method
from stores import make_store

from gait_jax.data.silhouette_windows import Windows
from gait_jax.evaluation import distributions, plots, realism, realism_sections, two_sample
from gait_jax.evaluation.evaluation import evaluate, prepare
from gait_jax.evaluation.rows import SAME_VIEW, Row, find, read_csv, to_frame
from gait_jax.methods import registry
from gait_jax.runtime.errors import InputError


def test_windows_are_those_that_are_usable_in_both(tmp_path):
    body, empty = np.ones((8, 4), np.uint8), np.zeros((8, 4), np.uint8)
    clean = [
        ("a", "nm", 1, 90, [body] * 7),
        ("b", "nm", 1, 0, [body] * 6),
        ("b", "nm", 2, 0, [body] * 2 + [empty] + [body] * 3),
    ]
    made = [
        ("b", "nm", 1, 0, [body] * 2 + [empty] + [body] * 3),
        # Usable where the original is not.
        ("b", "nm", 2, 0, [body] * 6),
    ]
    stores = make_store(tmp_path / "gaits-0", clean), make_store(tmp_path / "gaits-1", made)
    pairs = realism.paired(*stores, 2)
    # Of b's first walk frames 0 and 1, and 3 and 4; of the second 0 and 1, and 4 and 5.
    assert pairs.made.tolist() == [0, 3, 6, 10] and pairs.clean.tolist() == [7, 10, 13, 17]
    assert pairs.people.tolist() == ["b"] * 4 and pairs.walks.tolist() == [0, 0, 1, 1]
    same = realism.paired(stores[0], stores[0], 3, wanted=[0, 1])
    assert same.clean.tolist() == same.made.tolist() == [0, 3, 7, 10]
    assert same.views.tolist() == [90, 90, 0, 0]


def test_first_walks_are_those_of_a_person_in_a_view():
    names = (
        np.array(["b", "b", "a", "a", "b"]),
        np.array([3, 2, 4, 5, 6]),
        np.array([0, 0, 0, 0, 9]),
    )
    pairs = realism.Paired(np.arange(5), np.arange(5), *names)
    assert realism.first_walks(pairs).tolist() == [False, True, True, False, True]


def test_of_two_walks_of_a_person_in_a_view_one_is_drawn():
    # A person's walk in two views, four times; each of two windows.
    walks = np.repeat(np.arange(24), 2)
    people, views = np.repeat(["a", "b", "c"], 16), walks % 2 * 90
    pairs = realism.Paired(np.arange(48), np.arange(48), people, walks, views)
    seen = set()
    for seed in range(20):
        taken = realism.one_of_two_walks(pairs, np.random.default_rng(seed))
        # Whole walks: of each person and view the first or the second, and the third or fourth.
        assert (taken[::2] == taken[1::2]).all()
        by_two = taken[::2].reshape(3, 2, 2, 2)
        assert (by_two.sum(axis=2) == 1).all()
        seen.add(taken.tobytes())
    assert len(seen) > 10


def test_halves_are_of_other_people_and_of_the_same_sizes():
    people = np.repeat(["a", "b", "c", "d", "e"], [9, 5, 7, 6, 8])
    seen = set()
    for one, other in realism.halves(people, 20, np.random.default_rng(0)):
        assert len(one) == len(other) == len(set(one)) >= 11
        parts = [frozenset(people[part]) for part in (one, other)]
        assert not parts[0] & parts[1] and max(map(len, parts)) <= 2
        seen.add(parts[0])
    assert len(seen) > 3


def _points(seed=0):
    """Twelve people of ten windows each in two views, whose means differ from each other."""
    rng = np.random.default_rng(seed)
    people = np.repeat([f"{k:02d}" for k in range(12)], 10)
    points = rng.standard_normal((120, 3)) + np.repeat(rng.standard_normal((12, 3)), 10, axis=0)
    return points, people, np.arange(120) // 5, np.arange(120) // 5 % 2 * 90


def test_what_is_real_lies_at_the_floor_and_what_is_moved_beyond_it():
    points, people, *_ = _points()
    same = realism.of_made(points, points, people, 10, 0)
    assert same.value == pytest.approx(same.floor) and same.floor > 0
    assert 40 <= same.count <= 60
    moved = realism.of_made(points, points + [10.0, 0, 0], people, 10, 0)
    assert moved.floor == same.floor
    # The square of the way, and what people's own means are off.
    assert moved.value == pytest.approx(100 + same.floor, rel=0.1)


def test_one_walk_for_everybody_lacks_what_people_differ_in():
    points, *names = _points()
    one = realism.of_one_walk(points, *names, 4, 0)
    same = realism.of_made(points, points, names[0], 4, 0)
    assert one.floor == same.floor and one.value > 2 * one.floor
    # Where everybody walks like everybody else, it lacks little.
    alike = np.tile(points[:5], (24, 1))
    found = realism.of_one_walk(alike, *names, 4, 0)
    assert found.floor == pytest.approx(0, abs=1e-9) and found.value < 0.3 * one.value
    # Who has no walk in one of the views stands for nobody: of nobody there is no distance.
    views = np.arange(120) // 10
    assert realism.of_one_walk(points, names[0], names[1], views, 1, 0) is None


@pytest.fixture
def small(monkeypatch):
    """Windows of four frames of 16 rows."""
    monkeypatch.setattr(two_sample, "FRAMES", 4)
    monkeypatch.setattr(two_sample, "SHAPE", (16, 11))


def _windows(shade, count=24):
    rng = np.random.default_rng(shade)
    return Windows(
        rng.integers(shade, 100 + shade, (4 * count, 16, 11)).astype(np.uint8),
        4 * np.arange(count),
        4,
    )


def test_a_judge_tells_two_kinds_apart_and_one_kind_from_itself_not(small):
    people = np.repeat(np.arange(6), 4)
    kinds = _windows(0), _windows(100)
    judged = two_sample.judge(kinds, (people, people), np.arange(3), 30, 0)
    assert {*judged.first_people} == {*judged.second_people} == {3, 4, 5}
    assert distributions.area([judged]).value > 0.95
    both = np.arange(24) % 2 == 0
    halves = tuple(Windows(kinds[0].images, kinds[0].first[mine], 4) for mine in (both, ~both))
    guessed = two_sample.judge(halves, (people[both], people[~both]), np.arange(3), 30, 0)
    assert 0.1 < distributions.area([guessed]).value < 0.9


@pytest.fixture(scope="module")
def config(tmp_path_factory):
    """`attackers.py` with the evaluator alone, and made-up anonymisers."""
    root = tmp_path_factory.mktemp("made_up")
    for k in range(4):
        subject = "s" + chr(ord("a") + k)
        for n in range(1, 5):
            walk = draw_walk(9, tall=52 + 4 * k, bulk=1 + 0.2 * k, start=30 + n)
            write_walk(
                root / "manual" / subject / f"00_{n}", f"{subject}-00_{n}", to_and_fro(n, walk)
            )
    c = load_config("attackers", "casia_a")
    c.data.manual_dir, c.data.data_dir = str(root / "manual"), str(root / "data")
    train = {"seed": 0, "data": c.methods.measured.train.data.to_dict()}
    names = {"checkpoint": "", "step": ""}
    c.methods = {
        name: names | {"label": f"the {name}", "train": {"method": name, **train}}
        for name in METHODS
    }
    c.recognisers = {}
    embedding = load_config("gait_windows", "casia_a")
    embedding.update_from_flattened_dict(
        {"train_steps": 4, "batch_size": 4, "data.size": 16, "data.frames": 4, "data.stride": 2}
        | {"network.widths": (2, 2, 2), "network.frame_code": 3, "network.window_code": 3}
        | {"optimizer.decay_steps": (4,), "eval_every": 4, "checkpoint_every": 4, "log_every": 2}
    )
    del embedding.seed
    c.evaluators = {
        "realism": {
            "halvings": 3,
            "steps": 3,
            "embedding": names | {"train": embedding.to_dict()},
        }
    }
    with pytest.MonkeyPatch.context() as patch:
        for name, made in METHODS.items():
            patch.setitem(registry.METHODS, name, made_up_method(anonymizer=made))
        yield c


def test_an_evaluation_of_made_up_anonymisers(config, small, tmp_path):
    prepare(config, tmp_path, progress=False)
    assert not [*tmp_path.iterdir()]
    evaluate(config, tmp_path, progress=False)
    frame = read_csv(tmp_path / "results.csv")
    values = {
        (row["method"], row["setting"], row["metric"]): row["value"] for _, row in frame.iterrows()
    }
    for kind in ("frame", "window"):
        name, floor = f"frechet_{kind}", f"floor_frechet_{kind}"
        for method in ("none", "original"):
            assert values[method, "", name] == pytest.approx(values[method, "", floor])
        # A block that stands still.
        assert values["same", "", name] > 2 * values["same", "", floor]
        assert values["none", realism_sections.ONE_WALK, name] > 0
    assert {m for m, _, metric in values if metric == "auc"} == {"none", *METHODS}
    # The same windows on both sides.
    assert values["original", "", "auc"] == 0.5
    assert 0 <= values["none", realism_sections.ONE_WALK, "auc"] <= 1
    report = (tmp_path / "report.html").read_text()
    assert "Do they look real?" in report and "Privacy beside naturalness" not in report
    kept = [*(tmp_path / "realism").iterdir()]
    assert len(kept) == 2 * (1 + len(METHODS)) + 1
    before = {path: path.stat().st_mtime_ns for path in kept}
    csv = (tmp_path / "results.csv").read_bytes()
    (path,) = tmp_path.glob("realism/same-judge-*.json")
    path.write_text(json.dumps({"rows": [{"colour": 1}]}))
    with pytest.raises(InputError, match=r"same-judge.*is damaged.*made again"):
        evaluate(config, tmp_path, progress=False)
    path.unlink()
    evaluate(config, tmp_path, progress=False)
    assert (tmp_path / "results.csv").read_bytes() == csv
    untouched = {p for p in kept if p.stat().st_mtime_ns == before[p]}
    assert untouched == {*kept} - {path}


def test_too_few_people_are_refused(config, small, monkeypatch, tmp_path):
    monkeypatch.setattr(two_sample, "FRAMES", 200)
    with pytest.raises(InputError, match="fewer than two people have 200 usable frames in a row"):
        evaluate(config, tmp_path, progress=False)


_NAMES = {"method": "m", "n": 40}
_REAL = {"method": "none", "n": 40}


def _rows():
    distances = [
        ("none", "", 2.0, 2.0),
        ("none", realism_sections.ONE_WALK, 6.0, 2.0),
        ("m", "", 5.0, 2.0),
    ]
    for method, setting, value, floor in distances:
        for kind, scale in (("frame", 1), ("window", 10)):
            names = {"method": method, "setting": setting, "n": 40}
            yield Row(metric=f"frechet_{kind}", value=scale * value, **names)
            yield Row(metric=f"floor_frechet_{kind}", value=floor * scale, **names)
    yield Row(metric="auc", value=0.9, low=0.8, high=0.95, **_NAMES)
    yield Row(metric="auc", value=0.51, **_REAL)
    yield Row(metric="auc", value=0.55, setting=realism_sections.ONE_WALK, **_REAL)


def _found(method, attacker, value, guess):
    names = {"method": method, "recogniser": "r", "attacker": attacker, "setting": SAME_VIEW}
    return [
        Row(metric="found@1", value=value, **names),
        Row(metric="shuffled_found@1", value=guess, **names),
    ]


def test_the_table_by_hand():
    frame = to_frame(_rows())
    table = realism_sections.realism_table(frame, {"m": "M", "x": "nobody measured this"})
    assert table.frame.to_numpy().tolist() == [
        ["originals", "2", "1.00", "20", "1.00", "51.0"],
        ["one walk for everybody", "6", "3.00", "60", "3.00", "55.0"],
        ["M", "5", "2.50", "50", "2.50", "90.0 (80.0 to 95.0)"],
        ["nobody measured this", "–", "–", "–", "–", "–"],
    ]
    (told,) = realism_sections.sections(frame, {"m": "M"})
    assert told.title == "Do they look real?"


def test_privacy_stands_beside_naturalness_where_both_are_measured():
    frame = to_frame(
        [*_rows(), *_found("none", "ignorant", 0.97, 0.08), *_found("m", "ignorant", 0.2, 0.1)]
        + _found("m", "semi-informed", 0.6, 0.12)
    )
    points = [*realism_sections.points(frame, {"m": "M"})]
    assert points == [
        ("originals", 0.97, 0.51, True),
        ("one walk for everybody", pytest.approx(0.1), 0.55, True),
        ("M", 0.6, 0.9, False),
    ]
    assert plots.privacy_and_naturalness(points).startswith(b"\x89PNG")
    told = realism_sections.sections(frame, {"m": "M"})
    assert [section.title for section in told] == [
        "Do they look real?",
        "Privacy beside naturalness",
    ]
    # Attackers alone.
    assert not find(frame, metric="found@1").empty
    alone = to_frame(_found("m", "ignorant", 0.2, 0.1))
    assert [*realism_sections.points(alone, {"m": "M"})] == []
