import csv
import json
import logging
import pathlib
import pickle
import re
import subprocess
import sys

import numpy as np
import pytest
from drawn import ROOT, TINY, draw_walk, load_config, write_walk

from gait_jax.evaluation import anonymized, orderings
from gait_jax.evaluation.evaluator import ANONYMIZED_GALLERY, CLEAN_GALLERY, evaluate
from gait_jax.gait import energy, silhouette
from gait_jax.runtime.errors import InputError

_WU = {
    "data.size": 50,
    "data.pack.people": 3,
    "data.pack.images": 2,
    "data.pack.pairs": 8,
    "train_steps": 2,
    "log_every": 1,
    "eval_every": 2,
    "checkpoint_every": 2,
    "eval_batch": 2,
}


def _tiny(manual, data_dir, methods=("alpha_03",)):
    """What makes `configs/closed.py` small, by field."""
    values = {
        "data.manual_dir": str(manual),
        "data.data_dir": str(data_dir),
        "recognisers.zheng2011.components": 4,
        "recognisers.zheng2011.rank": 8,
    }
    values |= {f"recognisers.wu2017.train.{k}": v for k, v in _WU.items()}
    for method in methods:
        values |= {f"methods.{method}.train.{k}": v for k, v in TINY.items()}
        values[f"methods.{method}.measure_every"] = 1
    return values


@pytest.fixture(scope="module")
def manual(tmp_path_factory):
    """Ten drawn people, four walks of twelve frames each."""
    root = tmp_path_factory.mktemp("manual")
    for k in range(10):
        subject = "s" + chr(ord("a") + k)
        for n in range(1, 5):
            walk = draw_walk(12, tall=56 + k, bulk=0.7 + 0.07 * k, start=30 + n)
            write_walk(root / subject / f"00_{n}", f"{subject}-00_{n}", walk)
    return root


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory):
    return tmp_path_factory.mktemp("data")


@pytest.fixture(scope="module")
def finished(manual, data_dir, tmp_path_factory):
    """The folder that the command line filled."""
    workdir = tmp_path_factory.mktemp("evaluation") / "run"
    flags = [f"--config={ROOT / 'configs' / 'closed.py'}:casia_a,noise", f"--workdir={workdir}"]
    for key, value in _tiny(manual, data_dir, ("alpha_03", "gaussian")).items():
        text = f"({','.join(map(str, value))},)" if isinstance(value, tuple) else value
        flags.append(f"--config.{key}={text}")
    done = subprocess.run(
        [sys.executable, "-m", "gait_jax.evaluate", "--noprogress", *flags, "--config.export"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=500,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return workdir


@pytest.fixture
def config(manual, data_dir):
    config = load_config("closed", "casia_a")
    config.update_from_flattened_dict(_tiny(manual, data_dir))
    config.export = True
    return config


@pytest.fixture(scope="module")
def results(finished):
    return json.loads((finished / "results.json").read_text())


def test_every_rate_stands_beside_clean_error_and_chance(results):
    rows = results["rows"]
    assert {row["method"] for row in rows} == {"none", "alpha_03", "gaussian"}
    assert {row["recogniser"] for row in rows} == {"zheng2011", "wu2017"}
    for method in ("alpha_03", "gaussian"):
        attackers = {row["attacker"] for row in rows if row["method"] == method}
        assert attackers == {CLEAN_GALLERY, ANONYMIZED_GALLERY}
    for row in rows:
        assert 0 <= row["success"] <= 1 and 0 <= row["clean_error"] <= 1
        assert row["difference"] == pytest.approx(row["success"] - row["clean_error"])
        # Ten people are enrolled.
        assert row["chance"] == pytest.approx(1 - row["rank"] / 10)
    # Three test people with sequences 3 and 4; the recognisers themselves, with all ten people.
    whole = [r for r in rows if (r["condition"], r["view"], r["rank"]) == ("all", "all", 1)]
    same = [r for r in whole if r["setting"] == "same view"]
    assert {r["method"]: r["probes"] for r in same} == {"none": 20, "alpha_03": 6, "gaussian": 6}


def test_zheng_knows_the_drawn_people(results):
    (row,) = [
        r
        for r in results["rows"]
        if (r["method"], r["recogniser"], r["setting"]) == ("none", "zheng2011", "same view")
        and (r["rank"], r["condition"], r["view"]) == (1, "all", "all")
    ]
    assert row["clean_error"] <= 0.2


def test_the_report_needs_nothing_but_itself(finished):
    text = (finished / "report.html").read_text()
    assert not re.findall(r'(?:src|href)="(?!data:)', text)
    # Two plots and a picture of each of two methods.
    assert text.count("data:image/png;base64,") == 2 + 2
    for needed in ("clean error", "chance", CLEAN_GALLERY, ANONYMIZED_GALLERY, "bootstrap"):
        assert needed in text
    assert "Synthetic data" not in text


def test_the_table_holds_what_the_json_holds(finished, results):
    with (finished / "results.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == len(results["rows"])
    assert float(rows[7]["success"]) == results["rows"][7]["success"]


def _times(workdir):
    kept = ("safetensors", "json", "pkl")
    return {
        p: p.stat().st_mtime_ns
        for p in workdir.rglob("*")
        if p.is_file() and p.suffix[1:] in kept and p.name not in ("results.json",)
        if "provenance" not in p.name and p.name != "config.json"
    }


def test_what_is_done_is_not_done_again(config, finished, results, caplog):
    before = _times(finished)
    with caplog.at_level(logging.INFO):
        again = evaluate(config, finished, progress=False)
    assert _times(finished) == before
    assert caplog.text.count("is done already") >= 1 + 1 + 2 + 4
    # The comparison is smaller this time, its rows are the same.
    mine = [row for row in results["rows"] if row["method"] != "gaussian"]
    assert json.loads(json.dumps(again["rows"])) == mine


def test_another_seed_draws_other_noise_and_keeps_the_recognisers(config, finished):
    before = _times(finished)
    config.seed = 1
    config.export = False
    evaluate(config, finished, progress=False)
    after = _times(finished)
    new = {p.relative_to(finished).parts[0] for p in after.keys() - before.keys()}
    assert new == {"anonymized", "scores"}
    assert {p: after[p] for p in before} == before


def test_exported_sequences_are_what_opengait_reads(config, finished):
    originals = sorted((finished / "opengait" / "original").rglob("*.pkl"))
    assert len(originals) == 40
    path = finished / "opengait" / "original" / "sb" / "nm-03" / "000" / "000.pkl"
    frames = pickle.loads(path.read_bytes())
    assert frames.shape == (12, 64, 64) and frames.dtype == np.uint8
    mask = silhouette.clean(draw_walk(12, tall=57, bulk=0.77, start=33)[5] // 255)
    np.testing.assert_array_equal(frames[5], energy.align(mask, 64))
    # Everybody is enrolled with two sequences, three people are probed with the other two.
    for method in ("alpha_03", "gaussian"):
        changed = sorted((finished / "opengait" / method).rglob("*.pkl"))
        assert len(changed) == 20 + 6
    changed = finished / "opengait" / "alpha_03" / "sj" / "nm-03" / "000" / "000.pkl"
    assert not np.array_equal(pickle.loads(changed.read_bytes()), frames)


def test_a_walk_without_frames_is_not_exported(tmp_path):
    walk = anonymized.Walk("001", "nm", 1, 90, 0, 2)
    anonymized.export(tmp_path, walk, [np.zeros((4, 4), np.uint8)] * 2)
    assert list(tmp_path.rglob("*")) == []


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"protocol": "open"}, "protocol 'open' is not known"),
        ({"ranks": (0,)}, r"ranks \(0,\) cannot be used: it must be a list of"),
        ({"recognisers": {"nobody": {}}}, "recogniser 'nobody' is not known"),
        ({"protocol": "jisa2019"}, "group 'train' is not in data.groups"),
        ({"methods.alpha_03.measure_every": 0}, "methods.alpha_03.measure_every 0 cannot be used"),
        ({"methods.alpha_03.checkpoint": "/nowhere"}, "/nowhere is no training run"),
        ({"methods.alpha_03.train.loss.alpha": 0.5}, r"loss\.alpha \(0\.3 → 0\.5\)"),
    ],
)
def test_what_cannot_be_measured_is_refused(config, finished, changes, message):
    config.update_from_flattened_dict(changes)
    with pytest.raises(InputError, match=message):
        evaluate(config, finished, progress=False)


def test_who_was_trained_on_the_probed_people_is_named(config, finished, tmp_path, caplog):
    # A checkpoint whose provenance says that it has seen a probed person.
    run = tmp_path / "leaky"
    source = finished / "methods" / "alpha_03"
    for file in source.rglob("*"):
        if file.is_file():
            target = run / file.relative_to(source)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(file.read_bytes())
    path = run / "provenance.json"
    told = json.loads(path.read_text())
    told["starts"][-1]["data"]["groups"]["train"].append("sj")
    path.write_text(json.dumps(told))
    config.methods.alpha_03.checkpoint = str(run)
    config.export = False
    found = evaluate(config, finished, progress=False)
    assert found["methods"]["alpha_03"]["trained_on_probed_people"] == ["sj"]
    assert "not to be trusted" in (finished / "report.html").read_text()
    assert "was trained on probed people: sj" in caplog.text


def _row(method, recogniser, success):
    return {
        "method": method,
        "recogniser": recogniser,
        "attacker": CLEAN_GALLERY,
        "setting": "same view",
        "condition": "all",
        "view": "all",
        "rank": 1,
        "success": success,
    }


def test_orderings_are_told_whichever_way_they_fall():
    natural = lambda share: {"one_region": share}  # noqa: E731
    methods = {
        "a2": {"label": "A2", "alpha": 0.2, "noise": "noise_gan", "naturalness": natural(0.99)},
        "a3": {"label": "A3", "alpha": 0.3, "noise": "noise_gan", "naturalness": natural(0.98)},
        "g": {"label": "G", "alpha": 0.3, "noise": "gaussian", "naturalness": natural(0.5)},
    }
    rows = [
        *(_row("a2", "zheng2011", 0.5), _row("a3", "zheng2011", 0.7)),
        *(_row("a2", "wu2017", 0.6), _row("a3", "wu2017", 0.4)),
    ]
    found = orderings.check(
        {
            "methods": methods,
            "recognisers": {"wu2017": {}, "zheng2011": {}},
            "attackers": [CLEAN_GALLERY],
            "ranks": [1, 3],
            "rows": rows,
        }
    )
    assert [(o["ordering"], o["holds"]) for o in found] == [
        ("success against wu2017 rises with α", "no"),
        ("success against zheng2011 rises with α", "yes"),
        ("A2: success higher against Zheng than against Wu", "no"),
        ("A3: success higher against Zheng than against Wu", "yes"),
        ("frames that look like a person: more with G_N than with a Gaussian seed", "yes"),
    ]
    assert found[0]["measured"] == "α 0.2: 60.0 %, α 0.3: 40.0 %"


def test_configurations_of_all_protocols_agree_with_their_groups():
    from gait_jax.data.groups import PRESETS
    from gait_jax.recognition.protocol import PROTOCOLS

    for name in PROTOCOLS:
        for compared in ("", ",alpha", ",noise"):
            dataset = "casia_a" if name == "closed" else "casia_b"
            config = load_config(name, dataset + compared)
            assert config.protocol == name
            groups = {*PRESETS[PROTOCOLS[name].groups], "all"}
            wu = config.recognisers.wu2017.train.data
            assert {PROTOCOLS[name].train, wu.validation_group} <= groups
            for method in config.methods.values():
                data = method.train.data
                used = {data.group, data.validation_group, method.train.noise_gan.data.group}
                assert used <= groups
                assert PROTOCOLS[name].probed not in used


def test_a_missing_comparison_costs_one_line(tmp_path):
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "gait_jax.evaluate",
            f"--config={pathlib.Path('configs') / 'jisa2019.py'}:walkers,beta",
            f"--workdir={tmp_path / 'run'}",
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 1
    assert "gait_jax.evaluate: ValueError: 'beta' cannot be compared" in done.stderr
    assert "Traceback" not in done.stderr and not (tmp_path / "run").exists()
