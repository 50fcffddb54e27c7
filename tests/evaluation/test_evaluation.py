import json
import logging
import os
import pathlib
import pickle
import re
import shutil
import types

import ml_collections
import numpy as np
import processes
import pytest
from drawn import ROOT, TINY, draw_walk, load_config, to_and_fro, write_walk
from opengait_reader import read_as_opengait

from gait_jax.evaluation.evaluation import evaluate
from gait_jax.evaluation.rows import (
    ANONYMIZED_GALLERY,
    CLEAN_GALLERY,
    find,
    read_csv,
)
from gait_jax.evaluation.study import Study
from gait_jax.evaluation.trainings import with_data
from gait_jax.gait import gei, silhouette
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
        "recognisers.zheng2011.train.components": 4,
        "recognisers.zheng2011.train.rank": 8,
        "evaluators.naturalness.every": 1,
        "evaluators.noise_share.draws": 2,
        "evaluators.noise_share.walks": 3,
    }
    values |= {f"recognisers.wu2017.train.{k}": v for k, v in _WU.items()}
    for method in methods:
        values |= {f"methods.{method}.train.{k}": v for k, v in TINY.items()}
    return values


@pytest.fixture(scope="module")
def manual(tmp_path_factory):
    """Ten drawn people, four walks of twelve frames each."""
    root = tmp_path_factory.mktemp("manual")
    for k in range(10):
        subject = "s" + chr(ord("a") + k)
        for n in range(1, 5):
            walk = draw_walk(12, tall=56 + k, bulk=0.7 + 0.07 * k, start=30 + n)
            write_walk(root / subject / f"00_{n}", f"{subject}-00_{n}", to_and_fro(n, walk))
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
    flags += ["--config.export", "--processes=2"]
    done = processes.module("gait_jax.evaluate", "--noprogress", *flags)
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


@pytest.fixture(scope="module")
def frame(finished):
    return read_csv(finished / "results.csv")


def test_every_rate_stands_beside_clean_error_and_chance(frame):
    rates = frame[frame["metric"].str.contains("@")]
    assert set(rates["method"]) == {"none", "alpha_03", "gaussian"}
    assert set(rates["recogniser"]) == {"zheng2011", "wu2017"}
    for method in ("alpha_03", "gaussian"):
        attackers = set(find(rates, method=method)["attacker"])
        assert attackers == {CLEAN_GALLERY, ANONYMIZED_GALLERY}
    labels = ["method", "recogniser", "attacker", "setting", "condition", "view"]
    for rank in (1, 3):
        wide = rates.pivot(index=labels, columns="metric", values="value")
        success, error = wide[f"success@{rank}"], wide[f"clean_error@{rank}"]
        assert success.between(0, 1).all() and error.between(0, 1).all()
        np.testing.assert_allclose(wide[f"difference@{rank}"], success - error, atol=1e-12)
        # Ten people are enrolled.
        np.testing.assert_allclose(wide[f"chance@{rank}"], 1 - rank / 10)
    # Three test people with sequences 3 and 4; the recognisers themselves, with all ten people.
    whole = find(rates, metric="success@1", condition="all", view="all", setting="same view")
    found = whole.groupby("method")["n"].unique()
    assert {m: list(n) for m, n in found.items()} == {
        "none": [20],
        "alpha_03": [6],
        "gaussian": [6],
    }


def test_rows_and_report_say_how_long_a_method_was_trained(frame, results, finished):
    trained = results["methods"]
    for method in ("alpha_03", "gaussian"):
        assert set(find(frame, method=method)["step"]) == {trained[method]["step"]}
    assert find(frame, method="none")["step"].isna().all()
    label, step = trained["alpha_03"]["label"], trained["alpha_03"]["step"]
    text = re.sub(r"<[^>]*>", "", (finished / "report.html").read_text(encoding="utf-8"))
    told = (
        rf"is stgan after {step} steps of training, alpha 0.3, norm l1, layout resampled, curve yes"
    )
    assert re.search(rf"{re.escape(label)}\s*{told}, noise noise_gan\.", text)


def test_what_has_no_name_is_called_by_its_checkpoint():
    named = {
        "a": {"label": "the a", "checkpoint": "runs/a"},
        "b": {"label": "", "checkpoint": "shipped:stand_in"},
        "c": {"label": "", "checkpoint": ""},
    }
    study = types.SimpleNamespace(config=ml_collections.ConfigDict({"methods": named}))
    assert Study.labels.fget(study) == {"a": "the a", "b": "shipped:stand_in", "c": "c"}


def test_another_step_is_measured_where_it_was_kept(config, finished):
    before = _times(finished)
    for step, message in (("7", "has no checkpoint of step 7"), ("best", "keeps no best")):
        config.methods.alpha_03.step = step
        with pytest.raises(InputError, match=message):
            evaluate(config, finished, progress=False)
    config.methods.alpha_03.step = "newest"
    with pytest.raises(InputError, match="alpha_03.step 'newest' cannot be used: it must be empty"):
        evaluate(config, finished, progress=False)
    assert _times(finished) == before


def test_naturalness_stands_in_the_same_rows(frame):
    mine = find(frame, method="alpha_03", recogniser="")
    values = dict(zip(mine["metric"], mine["value"], strict=True))
    # Everybody's two enrolled sequences and three people's two probes, of twelve frames each.
    assert values["sequences"] == 20 + 6 and values["frames"] == 12 * 26
    assert values["sequences_lost"] == 0 and values["frames_empty"] == 0
    assert values["distance"] > 0 and 0 < values["overlap"] < 1
    assert 0 <= values["one_region"] <= 1


def test_zheng_knows_the_drawn_people(frame):
    row = find(
        frame,
        method="none",
        recogniser="zheng2011",
        setting="same view",
        metric="clean_error@1",
        condition="all",
        view="all",
    )
    assert row["value"].item() <= 0.2


def test_the_report_needs_nothing_but_itself(finished):
    text = (finished / "report.html").read_text()
    assert not re.findall(r'(?:src|href)="(?!data:)', text)
    # Two plots, and of each of two methods a picture and its noise.
    assert text.count("data:image/png;base64,") == 2 + 2 * 2
    for needed in ("clean error", "chance", CLEAN_GALLERY, "anonymised gallery", "bootstrap"):
        assert needed in text
    assert "Synthetic data" not in text


def test_the_table_holds_what_the_json_holds(frame, results):
    assert len(frame) == len(results["rows"])
    assert frame["value"][7] == results["rows"][7]["value"]
    assert frame["view"][7] == results["rows"][7]["view"]


def _times(*folders):
    """When what is kept was written; what is said of a start or of the result is not kept."""
    said = ("results.json", "results.csv", "report.html", "provenance.json", "config.json")
    return {
        path: path.stat().st_mtime_ns
        for folder in folders
        for path in folder.rglob("*")
        if path.is_file() and path.name not in said and path.suffix not in (".jsonl", ".lock")
        if path.name != "curves.png"
    }


def _derived(data_dir):
    return {path.name for path in (data_dir / "casia_a" / "1.1.0").iterdir() if path.is_dir()}


def test_what_is_done_is_not_done_again(config, finished, data_dir, results, caplog):
    before = _times(finished, data_dir)
    with caplog.at_level(logging.INFO):
        again = evaluate(config, finished, progress=False)
    assert _times(finished, data_dir) == before
    # The recognisers' clean figures, two attackers of each, naturalness and the noise's share.
    assert caplog.text.count("is done already") == 2 + 4 + 1 + 1
    # The comparison is smaller this time, its rows are the same.
    mine = [row for row in results["rows"] if "gaussian" not in (row["method"], row["against"])]
    assert json.loads(json.dumps(again["rows"])) == mine


def test_data_that_was_moved_changes_nothing(config, finished, data_dir, tmp_path, results):
    before = _times(finished)
    moved = tmp_path / "elsewhere"
    shutil.copytree(data_dir, moved, copy_function=os.link)
    config.data.data_dir = str(moved)
    again = evaluate(config, finished, progress=False)
    # No run is trained and no gait anonymised again, of the run that others build on either.
    assert _times(finished) == before
    assert _derived(moved) == _derived(data_dir)
    mine = [row for row in results["rows"] if "gaussian" not in (row["method"], row["against"])]
    assert json.loads(json.dumps(again["rows"])) == mine


def test_the_seed_is_that_of_everything_that_is_trained(config, finished):
    trained = sorted(finished.glob("*/*/config.json"))
    assert {path.parent.name.split("-")[0] for path in trained} == {
        *("zheng2011", "wu2017", "alpha_03", "gaussian", "noise_gan")
    }
    assert all(json.loads(path.read_text())["seed"] == 0 for path in trained)
    before = _times(finished)
    # So that it cannot change in a folder where something is trained already.
    config.seed = 1
    with pytest.raises(InputError, match=r"config.json .*another configuration: seed \(0 → 1\)"):
        evaluate(config, finished, progress=False)
    assert _times(finished) == before


def test_several_seeds_are_means_and_go_on_from_one(config, finished, tmp_path):
    config.evaluators.identification.ranks = (1,)
    del config.evaluators.naturalness, config.evaluators.noise_share, config.recognisers.wu2017
    config.export = False
    workdir = tmp_path / "run"
    alone = evaluate(config, workdir, progress=False)
    assert alone["seeds"] == [0] and not (workdir / "seeds").exists()
    config.seeds = 2
    both = evaluate(config, workdir, progress=False)
    assert both["seeds"] == [0, 1]
    first, second = (read_csv(workdir / "seeds" / f"results-{seed}.csv") for seed in (0, 1))
    assert first["value"].tolist() == [row["value"] for row in alone["rows"]]
    # A person is shown with other noise by another run.
    anonymized = first["method"] == "alpha_03"
    assert (first["value"] != second["value"])[anonymized].any()
    table = read_csv(workdir / "results.csv")
    np.testing.assert_allclose(table["value"], (first["value"] + second["value"]) / 2)
    assert "seed 1" in (workdir / "report.html").read_text()
    # The folder of the first seed is the evaluation's own.
    runs_of = [json.loads((folder / "methods/alpha_03/config.json").read_text())["seed"]
               for folder in (workdir, workdir / "seeds" / "1")]  # fmt: skip
    assert runs_of == [0, 1]


def test_trainings_of_an_evaluation_have_no_seed_of_their_own(config):
    data = ml_collections.ConfigDict(config.data.to_dict() | {"groups": "few"})
    for run in (*config.recognisers.values(), *config.methods.values()):
        assert "seed" not in run.train
        assert with_data(run.train, data, 7).seed == 7


def test_exported_sequences_are_what_opengait_reads(config, finished):
    originals = sorted((finished / "opengait" / "original").rglob("*.pkl"))
    # Ten people's four sequences, and once more the two of each that recognisers are trained on.
    assert len(originals) == 40 + 20
    path = finished / "opengait" / "original" / "sb" / "nm-03" / "000" / "000.pkl"
    frames = pickle.loads(path.read_bytes())
    assert frames.shape == (12, 64, 64) and frames.dtype == np.uint8
    # Odd numbers walk to the left, as these frames do in backward order.
    mask = silhouette.clean(draw_walk(12, tall=57, bulk=0.77, start=33)[-1 - 5] // 255)
    np.testing.assert_array_equal(frames[5], gei.align(mask, 64))
    # Everybody is enrolled with two sequences, three people are probed with the other two.
    for method in ("alpha_03", "gaussian"):
        changed = sorted((finished / "opengait" / method).rglob("*.pkl"))
        assert len(changed) == 20 + 6 + 20
    changed = finished / "opengait" / "alpha_03" / "sj" / "nm-03" / "000" / "000.pkl"
    assert not np.array_equal(pickle.loads(changed.read_bytes()), frames)


@pytest.mark.parametrize("tree", ["original", "alpha_03", "gaussian"])
def test_whoever_trains_in_opengait_has_no_probe(finished, tree):
    folder = finished / "opengait"
    people = ["s" + letter for letter in "abcdefghij"]
    found = read_as_opengait(folder / tree, folder / "partition.json")
    assert found.unknown == found.missing == []
    # All are enrolled and all train: those who train are others to it.
    assert {who for who, *_ in found.train} == {f"{who}-train" for who in people}
    assert {kind for _, kind, *_ in found.train} == {"nm-01", "nm-02"}
    assert {who for who, *_ in found.test} == {*people}
    assert {"nm-03", "nm-04"} < {kind for _, kind, *_ in found.test}


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"protocol": "open"}, "protocol 'open' is not known"),
        (
            {"evaluators.identification.ranks": (0,)},
            r"evaluators.identification.ranks \(0,\) cannot be used: it must be a list of",
        ),
        ({"evaluators": {"nobody": {}}}, "evaluator 'nobody' is not known"),
        ({"recognisers": {"nobody": {}}}, "lacks the field recognisers.nobody.checkpoint"),
        ({"protocol": "jisa2019"}, "group 'train' is not in data.groups"),
        ({"evaluators.naturalness.every": 0}, "evaluators.naturalness.every 0 cannot be used"),
        ({"methods.alpha_03.checkpoint": "/nowhere"}, "/nowhere is no training run"),
        ({"methods.alpha_03.train.loss.alpha": 0.5}, r"loss\.alpha \(0\.3 → 0\.5\)"),
    ],
)
def test_what_cannot_be_measured_is_refused(config, finished, changes, message):
    config.update_from_flattened_dict(changes)
    with pytest.raises(InputError, match=message):
        evaluate(config, finished, progress=False)


def test_a_folder_that_cannot_be_written_is_refused_before_data_are_made(config, tmp_path):
    (tmp_path / "file").touch()
    config.data.data_dir = str(tmp_path / "none")
    with pytest.raises(InputError, match=r"file cannot be made \(it is a file\)"):
        evaluate(config, tmp_path / "file", progress=False)
    assert not (tmp_path / "none").exists()


def test_who_was_trained_on_the_probed_people_is_named(config, finished, tmp_path, caplog):
    # A checkpoint whose provenance says that it has seen a probed person.
    run = tmp_path / "leaky"
    shutil.copytree(finished / "methods" / "alpha_03", run)
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


def test_configurations_of_all_protocols_agree_with_their_groups():
    from gait_jax.data.groups import PRESETS
    from gait_jax.evaluation.protocol import PROTOCOLS

    # The others are for models that were trained elsewhere, and of the papers' own configurations.
    others = {"attackers", "everybody", "jisa2019_quick", "apsipa2020_quick"}
    for name in PROTOCOLS.keys() - others:
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
    done = processes.module(
        "gait_jax.evaluate",
        f"--config={pathlib.Path('configs') / 'jisa2019.py'}:walkers,beta",
        f"--workdir={tmp_path / 'run'}",
    )
    assert done.returncode == 1
    assert "gait_jax.evaluate: ValueError: 'beta' cannot be compared" in done.stderr
    assert "Traceback" not in done.stderr and not (tmp_path / "run").exists()
