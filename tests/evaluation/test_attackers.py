"""Attackers of made-up anonymisers by made-up recognisers, whose success is known beforehand."""

import json
import re

import ml_collections
import numpy as np
import pytest
from drawn import draw_walk, load_config, to_and_fro, write_walk
from made_up import METHODS, Heights
from made_up import method as made_up_method

from gait_jax import runs
from gait_jax.evaluation import attack_sections
from gait_jax.evaluation.attackers import KNOWING
from gait_jax.evaluation.evaluation import evaluate
from gait_jax.evaluation.rows import CROSS_VIEW, SAME_VIEW, Row, find, read_csv, to_frame
from gait_jax.evaluation.study import Study
from gait_jax.methods import fields, registry
from gait_jax.methods.base import FittedMethod, State
from gait_jax.pretrained import MODELS, STGAN
from gait_jax.runtime.errors import InputError


class _Fixed(FittedMethod):
    """Learns how many walks there are to learn from, and how tall the people in them are."""

    FIELDS = {"seed": fields.SEED, **fields.DATA}

    def init(self, prerequisites=None, statistics=None):
        seen = {"seen": np.zeros(2, np.float32)}
        return State(step=np.int32(0), params={}, opt={}, ema=seen, frozen={})

    def prepare_data(self, dataset, prerequisites, progress):
        pass

    def fit(self, dataset, progress):
        tall = [len(dataset.gaits.body(walk.first)) for walk in dataset.gaits.sequences]
        seen = {"seen": np.array([len(tall), np.mean(tall)], np.float32)}
        return self.init().replace(step=np.int32(1), ema=seen), {}


class _Labels:
    """Gives the labels away."""

    def distances(self, probes, gallery):
        return (probes.subjects[:, None] != gallery.subjects).astype(np.float32)


class _Guess:
    """Has no idea."""

    def distances(self, probes, gallery):
        return np.ones((len(probes), len(gallery)), np.float32)


_RECOGNISERS = {"heights": Heights, "labels": _Labels, "guess": _Guess}
_RATES = {"found@1": (1, 0.1), "eer": (0, 0.5), "tpr": (1, 0.01), "success@1": (0, 0.9)}


@pytest.fixture(scope="module")
def made_up(tmp_path_factory):
    """`attackers.py` with made-up methods alone, and ten people of ten heights."""
    root = tmp_path_factory.mktemp("made_up")
    for k in range(10):
        subject = "s" + chr(ord("a") + k)
        for n in range(1, 5):
            walk = draw_walk(9, tall=52 + 2 * k, start=30 + n)
            write_walk(
                root / "manual" / subject / f"00_{n}", f"{subject}-00_{n}", to_and_fro(n, walk)
            )
    c = load_config("attackers", "casia_a")
    c.data.manual_dir, c.data.data_dir = str(root / "manual"), str(root / "data")
    train = {"seed": 0, "data": c.methods.measured.train.data.to_dict()}
    for part, names in (("methods", METHODS), ("recognisers", _RECOGNISERS)):
        c[part] = {
            name: {"checkpoint": "", "step": "", "label": f"the {name}"}
            | {"train": {"method": name, **train}}
            for name in names
        }
    c.evaluators = {
        "attackers": c.evaluators.attackers.to_dict() | {"links": (1, 2, 5), "draws": 2}
    }
    with pytest.MonkeyPatch.context() as patch:
        for name, made in METHODS.items():
            patch.setitem(registry.METHODS, name, made_up_method(_Fixed, anonymizer=made))
        for name, made in _RECOGNISERS.items():
            patch.setitem(registry.METHODS, name, made_up_method(_Fixed, recogniser=made))
        yield c


@pytest.fixture
def config(made_up):
    return ml_collections.ConfigDict(made_up.to_dict())


@pytest.fixture(scope="module")
def workdir(made_up, tmp_path_factory):
    """A finished evaluation."""
    folder = tmp_path_factory.mktemp("evaluation") / "run"
    evaluate(made_up, folder, progress=False)
    return folder


def test_what_is_known_beforehand_is_found(workdir):
    frame = read_csv(workdir / "results.csv")
    # One walk of each direction is enrolled: nobody has five.
    settings = {SAME_VIEW, CROSS_VIEW, "linked over 1", "linked over 2"}
    assert {*frame["setting"]} == settings
    # By (method, recogniser): whether everybody is found, whoever attacks.
    broken = {("original", "heights"): True, ("same", "heights"): False}
    for method in METHODS:
        broken |= {(method, "labels"): True, (method, "guess"): False}
    for (method, recogniser), found in broken.items():
        for attacker in KNOWING:
            for setting in settings:
                rows = find(frame, method=method, recogniser=recogniser, attacker=attacker,
                            setting=setting, condition="all")  # fmt: skip
                values = dict(zip(rows["metric"], rows["value"], strict=True))
                clean = recogniser != "guess"
                told = method, recogniser, attacker, setting
                if attacker == "ignorant" and told[:2] == ("same", "heights"):
                    # In a clean gallery the block is as tall as one of ten people or near it.
                    assert values["found@1"] <= 0.5, told
                    continue
                for name, (yes, no) in _RATES.items():
                    assert values[name] == pytest.approx(yes if found else no), (told, name)
                    if name != "success@1":
                        level = values[f"clean_{name}"]
                        assert level == pytest.approx(yes if clean else no), (told, name)
                        # Ten people: exchanged names are right now and then.
                        level = values[f"shuffled_{name}"]
                        assert level == pytest.approx(no, abs=0.15), (told, name)
                        assert values[f"worst_{name}"] == pytest.approx(yes if found else no)
    # Ten people are probed, with two walks each.
    counts = find(frame, metric="found@1", setting=SAME_VIEW, condition="all")
    assert {*counts["method"]} == {"none", *METHODS}
    assert {*counts["n"]} == {20} and counts["low"].notna().all()


def test_the_informed_learn_from_several_draws_of_the_methods_gaits(workdir):
    folders = {path.name.rpartition("-")[0]: path for path in (workdir / "recognisers").iterdir()}
    informed = {f"{r}-informed-of-{m}" for r in _RECOGNISERS for m in METHODS}
    assert informed <= {*folders}
    seen = {}
    for method in METHODS:
        run = runs.open_run(folders[f"heights-informed-of-{method}"])
        assert run.config.data.anonymized_by == str(workdir / "methods" / method)
        assert run.config.data.group == "all" and tuple(run.config.data.sequences) == (1, 2)
        seen[method] = np.asarray(run.state.ema["seen"]).tolist()
    clean = np.asarray(runs.open_run(workdir / "recognisers" / "heights").state.ema["seen"])
    # Forty walks, twice each: of people as they are, and of the block of 60 rows.
    assert seen["original"] == pytest.approx([2 * 40, clean[1]])
    assert seen["same"] == [2 * 40, 60] and clean[0] == 40 and clean[1] != 60


def test_what_is_measured_is_not_measured_again(config, workdir, caplog):
    kept = [p for part in ("distances", "attacks") for p in (workdir / part).iterdir()]
    assert len(kept) == 2 * 3 * (1 + 2 * 3)
    before = {path: path.stat().st_mtime_ns for path in kept}
    csv = (workdir / "results.csv").read_bytes()
    evaluate(config, workdir, progress=False)
    assert {path: path.stat().st_mtime_ns for path in kept} == before
    assert (workdir / "results.csv").read_bytes() == csv
    (path,) = workdir.glob("attacks/original-labels-ignorant-*.json")
    rows = json.loads(path.read_text())
    path.write_text(json.dumps({"rows": [rows["rows"][0] | {"colour": 1}]}))
    with pytest.raises(InputError, match=r"original-labels-ignorant.*is damaged.*made again"):
        evaluate(config, workdir, progress=False)
    path.unlink()
    evaluate(config, workdir, progress=False)
    assert (workdir / "results.csv").read_bytes() == csv


def test_the_report_opens_with_who_finds_whom(workdir):
    text = re.sub(r"\s+", " ", (workdir / "report.html").read_text())
    opening = re.search(r"</h1>(.*?)</p>", text).group(1)
    assert "the original: of 36 attacks the strongest finds 100.0 % (100.0 to 100.0)" in opening
    assert "of 20 walks" in opening
    assert re.search(r"where a guess finds \d+\.\d % and the recogniser finds 100\.0 %", opening)
    for title in (
        "the same: probes in the gallery of their own view",
        "the same: several walks of a person linked",
        *("semi-informed", "D_sys", "over 2"),
    ):
        assert title in text


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"evaluators.attackers.who": ("nobody",)}, "must be a list of ignorant, lazy-informed"),
        ({"evaluators.attackers.who": ()}, "must be a list of ignorant, lazy-informed"),
        ({"evaluators.attackers.draws": 0}, "attackers.draws 0 cannot be used"),
        ({"evaluators.attackers.links": (0,)}, r"attackers.links \(0,\) cannot be used"),
    ],
)
def test_attackers_that_there_are_none_of_are_refused(config, tmp_path, changes, message):
    config.update_from_flattened_dict(changes)
    with pytest.raises(InputError, match=message):
        evaluate(config, tmp_path / "run", progress=False)
    assert not (tmp_path / "run").exists()


def test_the_informed_need_originals(config, workdir, tmp_path):
    config.data.anonymized_by = str(workdir / "methods" / "same")
    with pytest.raises(InputError, match="semi-informed attackers learn from anonymised originals"):
        evaluate(config, tmp_path / "run", progress=False)


def test_a_shipped_model_is_measured_by_its_name(config, tmp_path):
    config.methods.original.checkpoint = "shipped:stgan"
    study = Study(config, tmp_path, progress=False)
    assert study.methods["original"].workdir == MODELS[STGAN]
    # What is measured stays the same whichever is the default.
    assert load_config("attackers", "casia_a").methods.measured.checkpoint == "shipped:stgan"


def _row(metric, value, low=None, high=None, setting=SAME_VIEW, attacker="lazy-informed"):
    names = {"method": "m", "recogniser": "r", "attacker": attacker, "setting": setting}
    return Row(metric=metric, value=value, low=low, high=high, n=40, **names)


def test_tables_and_headline_by_hand():
    frame = to_frame(
        [
            _row("found@1", 0.5, 0.4, 0.6),
            _row("clean_found@1", 0.9),
            _row("shuffled_found@1", 0.125),
            _row("worst_found@1", 0.75),
            _row("worst_shuffled_found@1", 0.25),
            _row("d_sys", 0.123, 0.1, 0.2),
            _row("found@1", 0.6, setting="linked over 10"),
            _row("shuffled_found@1", 0.1, setting="linked over 10"),
            _row("clean_found@1", 0.95, setting="linked over 10"),
            _row("found@1", 0.55, setting="linked over 2"),
            _row("found@1", 0.2, setting=CROSS_VIEW),
        ]
    )
    (said,) = attack_sections.headlines(frame, {"m": "M", "other": "nobody measured this"})
    assert said == (
        "M: of 4 attacks the strongest finds 60.0 % of 40 walks' people, where a guess finds "
        "10.0 % and the recogniser finds 95.0 % before anonymisation (r, lazy-informed, linked "
        "over 10)."
    )
    table = attack_sections.attack_table(frame, "m", SAME_VIEW).frame
    assert [*table.columns] == ["recogniser", "attacker", "found, rank-1, %", "worst, %", "EER, %",
                                "TPR at 1 % FPR, %", "D_sys"]  # fmt: skip
    assert table.to_numpy().tolist() == [
        ["r", "lazy-informed", "50.0 (40.0 to 60.0)", "75.0 / 25.0", "–", "–",
         "0.12 (0.10 to 0.20)"],
        ["r", "shuffled labels", "12.5", "–", "–", "–", "–"],
        ["r", "clean gaits", "90.0", "–", "–", "–", "–"],
    ]  # fmt: skip
    linked = attack_sections.linked_table(frame, "m", "found@1", "Found").frame
    assert [*linked.columns] == ["recogniser", "attacker", "over 2", "over 10"]
    assert linked.to_numpy().tolist()[0] == ["r", "lazy-informed", "55.0", "60.0"]
