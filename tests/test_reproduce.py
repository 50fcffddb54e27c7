import json
import shutil

import numpy as np
import processes
import pytest

from gait_jax import reproduce, runs
from gait_jax.runtime.run_directory import RunDirectory


def _reproduce(*arguments):
    return processes.module("gait_jax.reproduce", *arguments, "--noprogress")


def test_a_run_is_repeated_from_what_it_wrote_down(trained_run, tmp_path):
    # Nothing but the one file of the run is needed.
    provenance = tmp_path / "provenance.json"
    shutil.copy(trained_run / "provenance.json", provenance)
    done = _reproduce(provenance, f"--workdir={tmp_path / 'again'}")
    assert done.returncode == 0, done.stderr
    assert "Reproduced: every number of the state after step 4" in done.stdout
    a, b = (runs.open_run(run).state for run in (trained_run, tmp_path / "again"))
    np.testing.assert_array_equal(
        a.params["generator"]["params"]["decoder"]["Dense_0"]["kernel"],
        b.params["generator"]["params"]["decoder"]["Dense_0"]["kernel"],
    )


def test_what_differs_is_said(trained_run, tmp_path):
    found = json.loads((trained_run / "provenance.json").read_text())
    start = found["starts"][-1]
    start["packages"]["jax"] = "0.1.2"
    start["result"]["digest"] = "0" * 64
    start["result"]["metrics"]["loss_generator"] = 0.5
    provenance = tmp_path / "provenance.json"
    provenance.write_text(json.dumps(found))
    done = _reproduce(provenance, f"--workdir={tmp_path / 'again'}")
    assert done.returncode == 3, done.stderr
    assert "packages.jax: 0.1.2 → " in done.stdout
    assert "Not the same bit for bit" in done.stdout
    lines = [line for line in done.stdout.splitlines() if "metrics." in line]
    assert len(lines) == 1 and lines[0].startswith("  metrics.loss_generator: 0.5 → ")


def test_differences_by_hand():
    then = {"a": 1, "b": {"c": [1, 2], "d": "x"}}
    now = {"a": 1, "b": {"c": [1, 3], "e": None}}
    assert reproduce.differences(then, now) == [
        "b.c: [1, 2] → [1, 3]",
        "b.d: x → absent",
        "b.e: absent → None",
    ]
    assert reproduce.differences(then, then) == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "is not a file: give the provenance.json of a training run"),
        ("{", "is damaged (Expecting property name"),
        ("", "restore it from a backup"),
        ("[]", "holds no configuration"),
        ('{"starts": [{"time": "today"}]}', "holds no configuration"),
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
