import functools
import json
import shutil
import sys

import jax
import numpy as np
import processes
import pytest
from drawn import load_config

from gait_jax import reproducing, runs, trainer
from gait_jax.runtime.run_directory import RunDirectory


def _reproduce(*arguments):
    return processes.module("gait_jax.reproduce", *arguments, "--noprogress")


def test_a_run_is_repeated_from_what_it_wrote_down(trained_run, tmp_path):
    # Nothing but the one file of the run is needed.
    provenance = tmp_path / "provenance.json"
    shutil.copy(trained_run / "provenance.json", provenance)
    done = _reproduce(provenance, f"--workdir={tmp_path / 'again'}")
    assert done.returncode == 0, done.stderr
    assert "Equal: every number of the state after step 4 is the same" in done.stdout
    assert "What differs in the data:\n  nothing\n" in done.stdout
    a, b = (runs.open_run(run).state for run in (trained_run, tmp_path / "again"))
    np.testing.assert_array_equal(
        a.params["generator"]["params"]["decoder"]["Dense_0"]["kernel"],
        b.params["generator"]["params"]["decoder"]["Dense_0"]["kernel"],
    )


def test_other_devices_and_other_data_are_told_before_and_after(trained_run, tmp_path):
    run = shutil.copytree(trained_run, tmp_path / "run")
    found = json.loads((run / "provenance.json").read_text())
    (start,) = found["starts"]
    content, devices, cores = start["data"]["content"], start["devices"], start["cores"]
    # It was begun on four devices and ended on this one, on data of another content.
    start["data"] |= {"content": "0" * 64, "manual_dir": "/elsewhere"}
    earlier = start | {"devices": devices * 4, "packages": start["packages"] | {"jax": "0.1.2"}}
    earlier["cores"] = cores + 3
    found["starts"] = [earlier, start | {"from_step": 2}]
    (run / "provenance.json").write_text(json.dumps(found))
    done = processes.run(
        [sys.executable, "-m", "gait_jax.reproduce", run / "provenance.json", "--noprogress"]
        + [f"--workdir={tmp_path / 'again'}"],
        env=processes.devices(2),
    )
    # Two devices sum in another order; the run's checkpoint is there to compare every number.
    assert done.returncode == 4, done.stderr + done.stdout
    assert "Equal within float error: the metrics and all numbers of the state" in done.stdout
    before, after = done.stdout.split("What differed from then, in the machine and the data:")
    assert "it was started from steps 0, 2" in before
    for told in (before, after):
        lines = told.splitlines()
        assert f"  from step 0: devices: {devices * 4} → {devices * 2}" in lines
        assert f"  from step 2: devices: {devices} → {devices * 2}" in lines
        assert f"  from step 0: cores: {cores + 3} → {cores}" in lines
        assert any(line.startswith("  from step 0: packages.jax: 0.1.2 → ") for line in lines)
        assert f"  data.content: {'0' * 64} → {content}" in lines
        assert "manual_dir" not in told


def test_a_run_that_makes_what_it_learns_from_is_repeated(tmp_path):
    config = load_config("stand_in", "")
    tiny = {"network.widths": (4, 4), "network.features": 4, "network.dilations": (1,)}
    tiny |= {"data.clips": 2, "data.held_out": 1, "data.frames": 16, "train_steps": 2}
    tiny |= {"batch_size": 2, "eval_batch": 1, "data.data_dir": str(tmp_path / "data")}
    config.update_from_flattened_dict(tiny)
    trainer.train_and_evaluate(config, tmp_path / "run", progress=False)
    done = _reproduce(tmp_path / "run" / "provenance.json", f"--workdir={tmp_path / 'again'}")
    assert done.returncode == 0, done.stderr + done.stdout
    assert "Equal: every number of the state after step 2 is the same" in done.stdout


def _result(digest="1" * 64, step=4, **metrics):
    return {"step": step, "digest": digest, "metrics": metrics}


def test_what_came_of_it_is_judged(trained_run, tmp_path):
    state = runs.open_run(trained_run).state
    then = RunDirectory(trained_run).last_start()["result"]
    judge = functools.partial(reproducing._judge, state=state)
    assert judge(trained_run, then, then)[:2] == (0, [])
    # By the metrics alone where no checkpoint of that state is there.
    near = _result(loss=0.5 * (1 + 9e-4), accuracy=1e-6)
    status, lines, verdict = judge(tmp_path, _result("2" * 64, loss=0.5, accuracy=0.0), near)
    assert (status, lines) == (4, []) and "float error: the metrics after step 4" in verdict
    far = _result("2" * 64, loss=0.51, accuracy=1e-6)
    assert judge(tmp_path, far, near)[:2] == (3, [f"loss: 0.51 → {0.5 * (1 + 9e-4)}"])
    # Without metrics and state nothing says that they agree.
    assert judge(tmp_path, _result("2" * 64), _result())[0] == 3
    # The same metrics of another state.
    moved = jax.tree.map(lambda x: x * 2, state)
    status, lines, _ = judge(trained_run, then, then | {"digest": "2" * 64}, state=moved)
    assert status == 3 and lines[0] == ".step: apart by up to 4"


def test_metrics_and_arrays_that_do_not_agree_by_hand():
    then, again = {"a": 1.0, "b": 1.0, "c": 0.0}, {"a": 1.0009, "b": 1.0011, "d": 0.0}
    assert reproducing.not_close(then, again) == [
        "b: 1.0 → 1.0011",
        "c: 0.0 → absent",
        "d: absent → 0.0",
    ]
    assert reproducing.not_close({"a": 0.0}, {"a": 9e-6}) == []
    one, other = {"w": np.array([1, 5e-6]), "v": np.ones(2)}, {"w": np.zeros(2), "v": np.ones(2)}
    assert reproducing.arrays_not_close(one, other) == ["['w']: apart by up to 1"]


def test_differences_by_hand():
    then = {"a": 1, "b": {"c": [1, 2], "d": "x"}}
    now = {"a": 1, "b": {"c": [1, 3], "e": None}}
    assert reproducing.differences(then, now) == [
        "b.c: [1, 2] → [1, 3]",
        "b.d: x → absent",
        "b.e: absent → None",
    ]
    assert reproducing.differences(then, then) == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "is not a file: give the provenance.json of a training run"),
        ("{", "is damaged (Expecting property name"),
        ("", "restore it from a backup"),
        ("[]", "holds no configuration"),
        ('{"starts": [{"time": "today"}]}', "holds no configuration"),
        ('{"starts": [5]}', "holds no configuration"),
        ('{"starts": [{"config": {"__class__": 3}, "result": {}}]}', "is damaged ("),
    ],
)
def test_files_that_are_no_provenance(tmp_path, text, message):
    path = tmp_path / "provenance.json"
    if text is not None:
        path.write_text(text)
    done = _reproduce(path, f"--workdir={tmp_path / 'again'}")
    assert done.returncode == 1
    last = done.stderr.splitlines()[-1]
    assert last.startswith("gait_jax.reproduce: ") and message in last
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "again").exists()


def test_only_what_does_not_change_the_run_may_be_set(trained_run, tmp_path):
    provenance = trained_run / "provenance.json"
    done = _reproduce(provenance, f"--workdir={tmp_path / 'again'}", "--set=loss.alpha=0.4")
    assert done.returncode == 1
    assert "--set=loss.alpha=0.4 would make another run" in done.stderr
    done = _reproduce(provenance, f"--workdir={trained_run}")
    assert done.returncode == 1 and "is the run itself" in done.stderr
    assert len(json.loads(provenance.read_text())["starts"]) == 1
    assert RunDirectory(trained_run).last_start()["result"]["step"] == 4
