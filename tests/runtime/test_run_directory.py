import json
import sys

import jax
import numpy as np
import processes
import pytest

from gait_jax.runtime import cores, parallel
from gait_jax.runtime.checkpoint import Checkpoints
from gait_jax.runtime.errors import InputError
from gait_jax.runtime.run_directory import RunDirectory

_CONFIG = {
    "method": "stgan",
    "train_steps": 100,
    "data": {"name": "casia_b", "frames": 16},
    "generator": {"widths": (32, 64)},
}


def _changed(**dotted) -> dict:
    config = json.loads(json.dumps(_CONFIG))
    for key, value in dotted.items():
        *path, last = key.split("__")
        inner = config
        for part in path:
            inner = inner[part]
        inner[last] = value
    return config


def _check(workdir, config, may_change=()):
    RunDirectory(workdir).check_config(config, frozenset(may_change))


def _refused(function, *args) -> str:
    with pytest.raises(InputError) as error:
        function(*args)
    return str(error.value)


def _names(folder) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_config_comes_back_as_it_was_written(tmp_path):
    RunDirectory(tmp_path).write_config(_CONFIG)
    assert _names(tmp_path) == ["config.json"]
    # JSON knows no tuples.
    assert RunDirectory(tmp_path).read_config() == _CONFIG | {"generator": {"widths": [32, 64]}}


def test_a_new_run_takes_any_config_and_writes_nothing_yet(tmp_path):
    _check(tmp_path / "new", _CONFIG)
    assert _names(tmp_path) == []


def test_the_same_config_is_accepted_again(tmp_path):
    RunDirectory(tmp_path).write_config(_CONFIG)
    # Whether widths are a tuple, as in a configuration file, or a list, as in config.json.
    _check(tmp_path, _CONFIG)
    _check(tmp_path, _changed())


def test_a_changed_config_is_refused_and_names_old_and_new(tmp_path):
    RunDirectory(tmp_path).write_config(_CONFIG)
    config = _changed(data__frames=24, generator__widths=[32], data__name="casia_a")
    message = _refused(_check, tmp_path, config)
    assert message == (
        f"{tmp_path / 'config.json'} belongs to a run with another configuration: "
        "data.frames (16 → 24), data.name ('casia_b' → 'casia_a'), "
        "generator.widths ([32, 64] → [32]). "
        "Use another --workdir, or the same configuration to resume"
    )


def test_new_and_lost_keys_are_refused(tmp_path):
    RunDirectory(tmp_path).write_config(_CONFIG)
    config = _changed(data__stride=4)
    del config["method"]
    message = _refused(_check, tmp_path, config)
    assert "data.stride ('absent' → 4), method ('stgan' → 'absent')." in message


def test_keys_that_may_change_are_accepted_and_no_others(tmp_path):
    RunDirectory(tmp_path).write_config(_CONFIG)
    _check(tmp_path, _changed(train_steps=200), {"train_steps"})
    message = _refused(_check, tmp_path, _changed(train_steps=300, method="x"), {"train_steps"})
    assert "method ('stgan' → 'x')" in message
    assert "train_steps" not in message


def test_a_folder_that_is_no_run_is_refused(tmp_path):
    message = _refused(RunDirectory(tmp_path).read_config)
    assert message.startswith(f"{tmp_path} is no training run (it has no config.json)")


@pytest.mark.parametrize("contents", [b'{"method": ', b"\xff\xfe"])
def test_a_damaged_config_is_refused(tmp_path, contents):
    (tmp_path / "config.json").write_bytes(contents)
    message = _refused(RunDirectory(tmp_path).read_config)
    assert message.startswith(f"{tmp_path / 'config.json'} is damaged (")
    assert message.endswith("): restore it from a backup")


def test_provenance_adds_an_entry_for_each_start(tmp_path):
    RunDirectory(tmp_path).add_start(0, {"name": "casia_b", "synthetic": True}, _CONFIG)
    RunDirectory(tmp_path).add_start(250, {"name": "casia_b", "synthetic": False}, _CONFIG)
    assert _names(tmp_path) == ["provenance.json"]
    starts = json.loads((tmp_path / "provenance.json").read_text())["starts"]
    assert [start["from_step"] for start in starts] == [0, 250]
    assert [start["data"]["synthetic"] for start in starts] == [True, False]
    assert starts[0]["argv"] == sys.argv
    assert starts[0]["packages"]["jax"] == jax.__version__
    assert len(starts[0]["devices"]) == jax.device_count()
    assert starts[0]["cores"] == cores.count()


def test_a_result_is_added_to_the_last_start(tmp_path):
    run = RunDirectory(tmp_path)
    assert run.read_starts() == [] and run.last_start() == {} and run.data_description() == {}
    run.add_start(0, {"name": "casia_a"}, _CONFIG)
    run.add_start(5, {"name": "casia_b", "groups": {"test": ["001"]}}, _CONFIG)
    run.add_result(9, "abc", {"loss": 0.5})
    first, last = run.read_starts()
    assert "result" not in first and last == run.last_start()
    result = last["result"]
    assert (result["step"], result["digest"], result["metrics"]) == (9, "abc", {"loss": 0.5})
    assert run.data_description() == {"name": "casia_b", "groups": {"test": ["001"]}}


@pytest.mark.parametrize(
    "value",
    [[], {}, {"starts": []}, {"starts": [1]}, {"starts": [{"data": 1}]}]
    + [{"starts": [{"data": {"groups": groups}}]} for groups in (1, {"test": "001"})],
)
def test_a_provenance_of_no_starts_is_refused(tmp_path, value):
    run = RunDirectory(tmp_path)
    run.provenance_file.write_text(json.dumps(value))
    message = _refused(run.read_starts)
    assert message == (
        f"{tmp_path / 'provenance.json'} is damaged (it lists no starts): restore it from a backup"
    )


_LOADED = """
import pathlib, sys
from gait_jax.runtime.run_directory import RunDirectory
run = RunDirectory(pathlib.Path(sys.argv[1]))
print(run.read_config()["method"], len(run.read_starts()), len(run.read_metrics()))
print(run.is_exported, *sorted({name.split(".")[0] for name in sys.modules}))
"""


def test_reading_records_loads_neither_jax_nor_orbax_nor_matplotlib(tmp_path):
    run = RunDirectory(tmp_path)
    run.write_config(_CONFIG)
    run.add_start(0, {}, _CONFIG)
    metrics = run.open_metrics(0)
    metrics.write(1, {"loss": 0.5})
    metrics.close()
    done = processes.run([sys.executable, "-c", _LOADED, tmp_path])
    assert done.returncode == 0, done.stderr
    records, loaded = done.stdout.splitlines()
    assert records == "stgan 1 1"
    exported, *packages = loaded.split()
    assert exported == "False" and "gait_jax" in packages
    unwanted = {"jax", "flax", "orbax", "matplotlib", "tensorflow_datasets", "grain"}
    assert set(packages) & unwanted == set()


def test_a_checkpoint_is_read(tmp_path):
    run = RunDirectory(tmp_path)
    state = {"step": np.int32(3), "kernel": np.arange(4.0, dtype=np.float32)}
    with Checkpoints(run.checkpoints) as checkpoints:
        checkpoints.save(3, parallel.to_host(state), {})
    step, found = run.read_checkpoint(state)
    assert step == 3 and found["kernel"].tolist() == [0.0, 1.0, 2.0, 3.0]
    with pytest.raises(InputError, match="none holds no checkpoints: give the workdir"):
        RunDirectory(tmp_path / "none").read_checkpoint(state)


def test_an_exported_model_comes_back(tmp_path):
    run = RunDirectory(tmp_path / "models" / "a")
    trees = {
        "ema": {"generator": {"kernel": np.array([[0.5, -1.25]], np.float32)}},
        "frozen": {"noise": {"bias": np.array(3.0, np.float32)}},
    }
    assert not run.is_exported
    run.write_exported(_CONFIG, 7, trees, {"from_step": 0, "data": {"name": "walkers"}})
    assert run.is_exported
    assert _names(run.path) == ["config.json", "parameters.safetensors", "provenance.json"]
    step, found = run.read_exported()
    assert step == 7 and jax.tree.structure(found) == jax.tree.structure(trees)
    for a, b in zip(jax.tree.leaves(found), jax.tree.leaves(trees), strict=True):
        assert a.dtype == np.float32 and a.shape == b.shape
        np.testing.assert_array_equal(a, b)
    assert run.read_config()["method"] == "stgan"
    assert run.data_description() == {"name": "walkers"}
    run.parameters_file.write_bytes(b"half")
    message = _refused(run.read_exported)
    assert message.startswith(f"{run.parameters_file} is damaged (")
    assert message.endswith("): export the model anew (python -m gait_jax.export)")


def test_every_file_has_its_place(tmp_path):
    run = RunDirectory(tmp_path).prerequisite("noise_gan")
    assert run.sample_file(30) == tmp_path / "noise_gan" / "samples" / "0000030.png"
    places = [run.checkpoints, run.damaged_checkpoints, run.profile, run.curves_file]
    assert [path.relative_to(run.path).as_posix() for path in places] == [
        "checkpoints",
        "damaged_checkpoints",
        "profile",
        "curves.png",
    ]
