import json
import os
import signal
import sys

from drawn import as_flags
from processes import PATIENT, QUICK, finish, wait_for


def _steps(workdir) -> list[int]:
    lines = (workdir / "metrics.jsonl").read_text().splitlines()
    return [json.loads(line)["step"] for line in lines]


def test_two_processes_stop_save_and_go_on(bench, trained_run, casia_a_dir, data_dir):
    # trained_run has prepared the data set. Long enough to be stopped on the way.
    arguments = as_flags(
        "stgan_resampled",
        casia_a_dir,
        data_dir,
        train_steps=300,
        log_every=5,
        eval_every=150,
        checkpoint_every=150,
        noise="gaussian",
    )
    workdir = bench.folder / "run"
    arguments += [f"--workdir={workdir}", "--noprogress"]
    bench.environment = os.environ | {"XLA_FLAGS": QUICK + PATIENT}
    environment = {"PYTHON": sys.executable, "PROCESSES": "2", "DEVICES": "2"}

    process = bench.start("local.sh", *arguments, **environment)
    wait_for((workdir / "metrics.jsonl").exists, process)
    process.send_signal(signal.SIGTERM)
    status, output, errors = finish(process)
    assert status == 75, output + errors
    stopped = _steps(workdir)[-1]
    assert stopped < 300

    process = bench.start("local.sh", *arguments, **environment)
    status, output, errors = finish(process)
    assert status == 0, output + errors
    steps = _steps(workdir)
    assert steps[-1] == 300
    assert steps == sorted(steps)
    assert {line[:3] for line in output.splitlines()} <= {"[0]", "[1]"}
