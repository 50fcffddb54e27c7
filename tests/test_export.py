import json
import pathlib
import shutil
import sys

import jax
import ml_collections
import numpy as np
import processes
import pytest
from drawn import draw_walk, load_config

from gait_jax import runs, trainer
from gait_jax.export import main
from gait_jax.exporting import _without_folders, export
from gait_jax.methods.registry import METHODS
from gait_jax.pretrained import DEFAULT, MODELS, STGAN
from gait_jax.runtime.arrays import load_arrays, save_arrays
from gait_jax.runtime.errors import InputError
from gait_jax.runtime.run_directory import RunDirectory


@pytest.mark.parametrize("name", MODELS)
def test_nothing_of_the_machine_that_a_shipped_model_was_trained_on_is_told(name):
    files = list(MODELS[name].iterdir())
    assert sorted(path.name for path in files) == [
        "config.json",
        "parameters.safetensors",
        "provenance.json",
    ]
    text = "".join(path.read_text() for path in files if path.suffix == ".json")
    assert "/tmp" not in text and "argv" not in text and "/home" not in text


@pytest.mark.parametrize(("name", "data"), [("stgan", "walkers"), ("stand_in", "reader clips")])
def test_a_model_that_ships_loads_says_where_it_is_from_and_is_small(name, data):
    run = runs.open_run(f"shipped:{name}")
    said = runs.describe(run)
    assert run.workdir == MODELS[name] and run.anonymizer() is not None
    assert said["method"] == name and said["trained_on"] == data
    assert said["trained_on_synthetic_data"] is True
    assert sum(path.stat().st_size for path in MODELS[name].iterdir()) < 4_000_000


def test_the_stand_in_is_the_one_that_is_meant_where_none_is_named():
    assert runs.open_run(DEFAULT).config.method == "stand_in"


@pytest.mark.parametrize("name", ["shipped", "shipped:gan"])
def test_a_model_that_does_not_ship_is_named(name):
    message = f"{name} is no model that ships with gait_jax: use one of shipped:stgan, shipped:st"
    with pytest.raises(InputError, match=message):
        runs.open_run(name)


def test_a_folder_called_shipped_is_a_folder(trained_run, tmp_path, monkeypatch):
    shutil.copytree(trained_run, tmp_path / "shipped")
    monkeypatch.chdir(tmp_path)
    assert runs.open_run("shipped").step == 4


def test_the_st_gan_that_ships_moves_outlines_a_little():
    anonymizer = runs.open_run(MODELS[STGAN]).anonymizer()
    result = anonymizer([mask // 255 for mask in draw_walk(3)], jax.random.key(0))
    assert not result.problems
    assert 0.005 < result.measures["distance"] < 0.1


def test_an_exported_run_anonymises_as_the_run_does(trained_run, tmp_path):
    assert main([str(trained_run), "-o", str(tmp_path / "model")]) == 0
    masks = [mask // 255 for mask in draw_walk(4)]
    run, model = runs.open_run(trained_run), runs.open_run(tmp_path / "model")
    assert run.step == model.step
    a, b = (one.anonymizer()(masks, jax.random.key(0)) for one in (run, model))
    assert a.measures["distance"] == pytest.approx(b.measures["distance"], rel=0.01)
    for before, after in zip(a.masks, b.masks, strict=True):
        assert np.count_nonzero(before != after) <= 0.02 * max(before.sum(), 50)
    data = RunDirectory(tmp_path / "model").data_description()
    assert data["name"] == "casia_a" and data["manual_dir"] is None


def test_what_training_does_not_look_at_may_be_another_in_an_export(tmp_path, capsys):
    changed = ["--set", "code.rhythm=kept", "--set", "code.view=36"]
    assert main(["shipped:stand_in", "-o", str(tmp_path / "kept"), *changed]) == 0
    code = runs.open_run(tmp_path / "kept").config.code
    assert code.rhythm == "kept" and code.view == 36.0
    assert code.size == runs.open_run("shipped:stand_in").config.code.size
    for given, said in (
        ("code.rhythm=none", "code.rhythm"),
        ("code.view=wide", "that is no number, as 18.0 is"),
        ("seed=3", "use one of code.course, code.elevation"),
        ("code.view", "write FIELD=VALUE"),
    ):
        assert main(["shipped:stand_in", "-o", str(tmp_path / "other"), "--set", given]) == 1
        error = capsys.readouterr().err
        assert f"--set {given.split('=')[0]}" in error and said in error, error
    assert not (tmp_path / "other").exists()
    assert main(["shipped:stgan", "-o", str(tmp_path / "other"), "--set", "code.view=18"]) == 1
    assert "stgan has no such field" in capsys.readouterr().err


def _texts(value):
    """All texts of a JSON value, names included."""
    if isinstance(value, dict):
        return [text for name, inner in value.items() for text in (name, *_texts(inner))]
    if isinstance(value, list):
        return [text for inner in value for text in _texts(inner)]
    return [value] if isinstance(value, str) else []


def test_no_file_of_an_export_names_a_folder_of_anybody(trained_run, tmp_path):
    home = pathlib.Path.home()
    run = tmp_path / "run"
    shutil.copytree(trained_run, run)
    config = json.loads((run / "config.json").read_text())
    config["data"] |= {"data_dir": str(home / "data"), "anonymized_by": str(tmp_path / "other")}
    config |= {"compilation_cache": "~/cache", "notes": {"of": [f"{tmp_path}/mine"]}}
    config["noise_gan"] |= {"checkpoint": "../noise", "compilation_cache": str(tmp_path)}
    (run / "config.json").write_text(json.dumps(config))
    provenance = json.loads((run / "provenance.json").read_text())
    (start,) = provenance["starts"]
    start["config"] = config
    start["environment"] = {
        "JAX_COMPILATION_CACHE_DIR": str(home / "cache"),
        "XLA_FLAGS": f"--xla_dump_to={tmp_path} --xla_cpu_enable_fast_math=false",
    }
    (run / "provenance.json").write_text(json.dumps(provenance))

    model = tmp_path / "model"
    export(run, model)
    files = [path for path in model.rglob("*") if path.is_file()]
    assert len(files) == 3
    for path in files:
        data = path.read_bytes()
        for private in (tmp_path, trained_run, home, pathlib.Path(sys.executable).parent):
            assert str(private).encode() not in data, path
        if path.suffix == ".json":
            assert not [text for text in _texts(json.loads(data)) if set(text) & set("/\\~")]
    told = RunDirectory(model).last_start()
    assert told["environment"]["XLA_FLAGS"] == "--xla_cpu_enable_fast_math=false"
    assert told["data"]["content"] == start["data"]["content"]
    assert told["result"]["digest"] == start["result"]["digest"]
    # What it was trained on and from cannot be said: it could not be repeated.
    assert not {"config", "argv", "time"} & told.keys() and "time" not in told["result"]
    exported = runs.open_run(model).config
    assert exported.loss.to_dict() == config["loss"] and exported.data.anonymized_by == ""


def test_an_exported_run_can_be_repeated_where_it_says_all(trained_run, tmp_path):
    export(str(trained_run), str(tmp_path / "model"))
    told = RunDirectory(tmp_path / "model").last_start()
    assert told["config"] == RunDirectory(tmp_path / "model").read_config()
    assert told["config"]["data"]["manual_dir"] == ""


def test_nothing_is_trained_into_an_exported_model(trained_run, tiny_config, tmp_path):
    export(trained_run, tmp_path / "model")
    before = {path: path.read_bytes() for path in (tmp_path / "model").iterdir()}
    # A path may be given as a text everywhere.
    with pytest.raises(InputError, match="model is an exported model, nothing to go on from"):
        trainer.train_and_evaluate(tiny_config, str(tmp_path / "model"), progress=False)
    assert {path: path.read_bytes() for path in (tmp_path / "model").iterdir()} == before
    assert runs.open_run(str(tmp_path / "model")).step == 4


def test_a_damaged_or_foreign_model_is_refused(trained_run, tmp_path):
    model = tmp_path / "model"
    export(trained_run, model)
    arrays = load_arrays(model / "parameters.safetensors")
    name = next(name for name in arrays if name.startswith("ema"))
    save_arrays(model / "parameters.safetensors", arrays | {name: np.zeros(3, np.float16)})
    with pytest.raises(InputError, match="does not fit the networks of its config.json"):
        runs.open_run(model).anonymizer()
    for step in (-1, 2**31):
        save_arrays(model / "parameters.safetensors", arrays | {"step": np.array(step)})
        with pytest.raises(InputError, match=f"no run has done {step} steps"):
            runs.open_run(model)
    (model / "parameters.safetensors").write_bytes(b"half")
    with pytest.raises(InputError, match="parameters.safetensors is damaged"):
        runs.open_run(model)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.txt").write_text("mine")
    with pytest.raises(InputError, match="holds other files"):
        export(trained_run, tmp_path / "full")


def test_the_command_says_in_one_line_what_is_wrong(tmp_path):
    done = processes.module("gait_jax.export", tmp_path / "none", "-o", tmp_path / "model")
    assert done.returncode == 1
    assert done.stderr.startswith("gait_jax.export: ") and "is no training run" in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("form", ["casia_a,small", "casia_a,small,pretrain=walkers"])
def test_a_training_within_a_configuration_is_kept_without_folders(form):
    config = load_config("gaitset", form)
    config.data.data_dir = "/home/somebody"
    if config.pretraining:
        config.pretraining.data.data_dir = "/home/somebody/else"
    method = METHODS["gaitset"]
    kept = _without_folders(config.to_dict(), method.FIELDS)
    assert "somebody" not in json.dumps(kept)
    config.data.data_dir = ""
    if config.pretraining:
        config.pretraining.data.data_dir = ""
    # All of it, so that it can be opened, and repeated.
    assert json.loads(json.dumps(kept)) == json.loads(json.dumps(config.to_dict()))
    method(ml_collections.ConfigDict(kept))
