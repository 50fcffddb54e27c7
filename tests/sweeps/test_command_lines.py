import csv
import json

import processes
from drawn import ROOT


def _sweep(workdir, *flags):
    config = ROOT / "configs" / "zheng2011.py"
    return processes.module(
        "gait_jax.sweep", f"--config={config}:casia_a", f"--workdir={workdir}", *flags
    )


def test_a_sweep_is_listed_done_and_collected(casia_a_dir, data_dir, tmp_path):
    workdir = tmp_path / "sweep"
    data = [
        f"--config.data.manual_dir={casia_a_dir}",
        f"--config.data.data_dir={data_dir}",
        "--config.data.size=16",
        "--config.rank=3",
    ]
    axes = ["--noprogress", "--grid", "components=2,3", "seed=0..1"]
    names = [f"components={c},seed={seed}" for c in (2, 3) for seed in (0, 1)]
    listed = _sweep(workdir, *data, *axes)
    assert listed.returncode == 0, listed.stderr
    assert listed.stdout.split() == names
    assert "4 runs, 0 of them done" in listed.stderr
    assert [
        run["name"] for run in json.loads((workdir / "sweep.json").read_text())["runs"]
    ] == names

    done = _sweep(workdir, *data, *axes, "--task=1", "--tasks=2")
    assert done.returncode == 0, done.stderr
    assert sorted(path.parent.name for path in workdir.glob("runs/*/finished.json")) == names[1::2]

    collected = processes.module("gait_jax.collect", workdir)
    assert collected.returncode == 0, collected.stderr
    assert f"not finished: {names[0]}, {names[2]}" in collected.stderr
    with (workdir / "table.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert {row["run"] for row in rows} == set(names[1::2])
    # One walk of each of the six people who train.
    assert {row["value"] for row in rows if row["metric"] == "people"} == {"6.0"}


def test_what_is_wrong_costs_one_line(tmp_path):
    for flags, message in [
        (["--grid", "seed=x"], "--grid 'seed=x': 'x' is no int, as 0 is"),
        (["more"], "unknown arguments: more; see --help"),
        (["--grid", "seed=1", "--task=3"], "--task=3 is not one of --tasks=1"),
    ]:
        done = _sweep(tmp_path / "sweep", *flags)
        assert done.returncode == 1
        assert done.stderr.splitlines()[-1].startswith(f"gait_jax.sweep: {message}")
        assert "Traceback" not in done.stderr
    assert not (tmp_path / "sweep").exists()
