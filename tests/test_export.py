import jax
import numpy as np
import processes
import pytest
from drawn import draw_walk

from gait_jax import runs
from gait_jax.export import export, main
from gait_jax.pretrained import DEFAULT
from gait_jax.runtime.arrays import load_arrays, save_arrays
from gait_jax.runtime.errors import InputError
from gait_jax.runtime.run_directory import RunDirectory


def test_the_model_that_ships_loads_says_where_it_is_from_and_is_small():
    run = runs.open_run(DEFAULT)
    anonymizer, said = run.anonymizer(), runs.describe(run)
    assert said["method"] == "stgan" and said["trained_on"] == "walkers"
    assert said["trained_on_synthetic_data"] is True
    result = anonymizer([mask // 255 for mask in draw_walk(3)], jax.random.key(0))
    assert not result.problems
    assert 0.005 < result.measures["distance"] < 0.1
    files = list(DEFAULT.iterdir())
    assert sorted(path.name for path in files) == [
        "config.json",
        "parameters.safetensors",
        "provenance.json",
    ]
    assert sum(path.stat().st_size for path in files) < 4_000_000
    # Nothing of the machine that it was trained on.
    text = "".join(path.read_text() for path in files if path.suffix == ".json")
    assert "/tmp" not in text and "argv" not in text and "/home" not in text


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


def test_a_damaged_or_foreign_model_is_refused(trained_run, tmp_path):
    model = tmp_path / "model"
    export(trained_run, model)
    arrays = load_arrays(model / "parameters.safetensors")
    name = next(name for name in arrays if name.startswith("ema"))
    save_arrays(model / "parameters.safetensors", arrays | {name: np.zeros(3, np.float16)})
    with pytest.raises(InputError, match="does not fit the networks of its config.json"):
        runs.open_run(model).anonymizer()
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
