import json
import math
import os
import sys

import jax
import pytest

from gait_jax.runtime import metric_log, records
from gait_jax.runtime.errors import InputError

_CONFIG = {
    "method": "stgan",
    "train_steps": 100,
    "data": {"name": "casia_b", "frames": 16},
    "generator": {"widths": (32, 64)},
}


@pytest.fixture(autouse=True)
def _no_tensorboard(monkeypatch):
    """Metrics go to their file alone, whether tensorboardX is installed or not."""
    monkeypatch.setitem(sys.modules, "tensorboardX", None)


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
    records.check_config(workdir, config, frozenset(may_change))


def _refused(function, *args) -> str:
    with pytest.raises(InputError) as error:
        function(*args)
    return str(error.value)


def _names(folder) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_flatten_joins_keys_and_keeps_lists_as_values():
    tree = {"a": {"b": 1, "c": {"d": (2, 3)}}, "e": [4], "f": {}}
    assert records.flatten(tree) == {"a.b": 1, "a.c.d": [2, 3], "e": [4]}


def test_config_comes_back_as_it_was_written(tmp_path):
    records.write_config(tmp_path, _CONFIG)
    assert _names(tmp_path) == ["config.json"]
    # JSON knows no tuples.
    assert records.read_config(tmp_path) == _CONFIG | {"generator": {"widths": [32, 64]}}


def test_a_new_run_takes_any_config_and_writes_nothing_yet(tmp_path):
    _check(tmp_path / "new", _CONFIG)
    assert _names(tmp_path) == []


def test_the_same_config_is_accepted_again(tmp_path):
    records.write_config(tmp_path, _CONFIG)
    # Whether widths are a tuple, as in a configuration file, or a list, as in config.json.
    _check(tmp_path, _CONFIG)
    _check(tmp_path, _changed())


def test_a_changed_config_is_refused_and_names_old_and_new(tmp_path):
    records.write_config(tmp_path, _CONFIG)
    config = _changed(data__frames=24, generator__widths=[32], data__name="casia_a")
    message = _refused(_check, tmp_path, config)
    assert message == (
        f"{tmp_path / 'config.json'} belongs to a run with another configuration: "
        "data.frames (16 → 24), data.name ('casia_b' → 'casia_a'), "
        "generator.widths ([32, 64] → [32]). "
        "Use another --workdir, or the same configuration to resume"
    )


def test_new_and_lost_keys_are_refused(tmp_path):
    records.write_config(tmp_path, _CONFIG)
    config = _changed(data__stride=4)
    del config["method"]
    message = _refused(_check, tmp_path, config)
    assert "data.stride ('absent' → 4), method ('stgan' → 'absent')." in message


def test_keys_that_may_change_are_accepted_and_no_others(tmp_path):
    records.write_config(tmp_path, _CONFIG)
    _check(tmp_path, _changed(train_steps=200), {"train_steps"})
    message = _refused(_check, tmp_path, _changed(train_steps=300, method="x"), {"train_steps"})
    assert "method ('stgan' → 'x')" in message
    assert "train_steps" not in message


def test_a_folder_that_is_no_run_is_refused(tmp_path):
    message = _refused(records.read_config, tmp_path)
    assert message.startswith(f"{tmp_path} is no training run (it has no config.json)")


@pytest.mark.parametrize("contents", [b'{"method": ', b"\xff\xfe"])
def test_a_damaged_config_is_refused(tmp_path, contents):
    (tmp_path / "config.json").write_bytes(contents)
    message = _refused(records.read_config, tmp_path)
    assert message.startswith(f"{tmp_path / 'config.json'} is damaged (")
    assert message.endswith("): restore it from a backup")


def test_write_atomically_replaces_and_leaves_no_partial_file(tmp_path):
    path = tmp_path / "a.json"
    records.write_atomically(path, "old")
    records.write_atomically(path, "né")
    assert path.read_bytes() == "né".encode()
    assert _names(tmp_path) == ["a.json"]


def test_write_atomically_keeps_the_old_file_when_it_fails(tmp_path, monkeypatch):
    path = tmp_path / "a.json"
    records.write_atomically(path, "old")

    def fail(source, target):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(OSError, match="No space left on device"):
        records.write_atomically(path, "new")
    assert path.read_text() == "old"


def _write(workdir, start, *rows):
    writer = metric_log.MetricWriter(workdir, start)
    for step, loss in rows:
        writer.write(step, {"loss": loss})
    writer.close()


def _steps(workdir) -> list[int]:
    return [row["step"] for row in metric_log.read_metrics(workdir)]


def test_metrics_come_back(tmp_path):
    _write(tmp_path, 0, (1, 0.5), (2, math.inf))
    assert metric_log.read_metrics(tmp_path) == [
        {"step": 1, "loss": 0.5},
        {"step": 2, "loss": math.inf},
    ]


def test_a_run_without_metrics_has_no_rows(tmp_path):
    assert metric_log.read_metrics(tmp_path) == []


def test_a_row_can_be_read_as_soon_as_it_is_written(tmp_path):
    writer = metric_log.MetricWriter(tmp_path, 0)
    writer.write(1, {"loss": 2.0})
    assert _steps(tmp_path) == [1]
    writer.close()


def test_a_restart_drops_the_rows_after_its_step(tmp_path):
    _write(tmp_path, 0, (10, 1.0), (20, 2.0), (30, 3.0))
    _write(tmp_path, 20, (30, 3.5))
    assert metric_log.read_metrics(tmp_path) == [
        {"step": 10, "loss": 1.0},
        {"step": 20, "loss": 2.0},
        {"step": 30, "loss": 3.5},
    ]


@pytest.mark.parametrize("torn", ['{"step": 30, "lo', '{"step": 30, "loss": 3.0}'])
def test_a_torn_last_line_does_not_take_the_next_row_with_it(tmp_path, torn):
    # A crash in the middle of a row, or between a row and its line's end, after the checkpoint of
    # step 20.
    _write(tmp_path, 0, (10, 1.0), (20, 2.0))
    with (tmp_path / "metrics.jsonl").open("a") as file:
        file.write(torn)
    _write(tmp_path, 20, (30, 3.5), (40, 4.0))
    assert [(row["step"], row["loss"]) for row in metric_log.read_metrics(tmp_path)] == [
        (10, 1.0),
        (20, 2.0),
        (30, 3.5),
        (40, 4.0),
    ]


def test_a_restart_without_its_last_lines_end_keeps_the_row(tmp_path):
    (tmp_path / "metrics.jsonl").write_text('{"step": 20, "loss": 2.0}')
    _write(tmp_path, 20, (30, 3.0))
    assert _steps(tmp_path) == [20, 30]


def test_reading_leaves_a_torn_last_line_out(tmp_path):
    (tmp_path / "metrics.jsonl").write_text('{"step": 1, "loss": 2.0}\n{"step": 2, "lo')
    assert metric_log.read_metrics(tmp_path) == [{"step": 1, "loss": 2.0}]


def test_first_not_finite():
    rows = [(1, {"a": 0.0, "b": 1e308}), (2, {"a": 1.0, "b": math.inf}), (3, {"a": math.nan})]
    assert metric_log.first_not_finite(rows) == (2, "b", math.inf)
    assert metric_log.first_not_finite(rows[:1]) is None
    step, name, value = metric_log.first_not_finite(rows[2:])
    assert (step, name) == (3, "a") and math.isnan(value)


def test_provenance_adds_an_entry_for_each_start(tmp_path):
    records.write_provenance(tmp_path, 0, {"name": "casia_b", "synthetic": True}, _CONFIG)
    records.write_provenance(tmp_path, 250, {"name": "casia_b", "synthetic": False}, _CONFIG)
    assert _names(tmp_path) == ["provenance.json"]
    starts = json.loads((tmp_path / "provenance.json").read_text())["starts"]
    assert [start["from_step"] for start in starts] == [0, 250]
    assert [start["data"]["synthetic"] for start in starts] == [True, False]
    assert starts[0]["argv"] == sys.argv
    assert starts[0]["packages"]["jax"] == jax.__version__
    assert len(starts[0]["devices"]) == jax.device_count()


def test_the_version_of_what_is_not_installed_is_none():
    assert records.version_of("no-such-distribution") is None
    assert records.version_of("jax") == jax.__version__


def test_curves_are_drawn_over_the_rows_that_have_them(tmp_path):
    _write(tmp_path, 0, (1, 0.5), (2, 0.25))
    metric_log.plot_metrics(tmp_path)
    assert (tmp_path / "curves.png").read_bytes().startswith(b"\x89PNG")
    assert _names(tmp_path) == ["curves.png", "metrics.jsonl"]


def test_no_metrics_no_curves(tmp_path):
    metric_log.plot_metrics(tmp_path)
    assert _names(tmp_path) == []


def test_a_workdir_that_is_a_file_or_below_one_is_refused(tmp_path):
    file = tmp_path / "file"
    file.touch()
    with pytest.raises(InputError, match=r"file cannot be made \(it is a file\): choose another"):
        records.make_workdir(file)
    with pytest.raises(InputError, match=r"below cannot be made \(Not a directory\)"):
        records.make_workdir(file / "below")
    records.make_workdir(tmp_path / "a" / "b")
    records.make_workdir(tmp_path / "a" / "b")
    assert (tmp_path / "a" / "b").is_dir()
