import json
import math

import ml_collections
import numpy as np
import pandas as pd
import pytest

from gait_jax import collect
from gait_jax.evaluation import rows
from gait_jax.runtime.errors import InputError
from gait_jax.sweeps import grid, table
from gait_jax.sweeps.directory import SweepDirectory

_LOSS = {0.2: [1.0, 2.0, 6.0], 0.4: [3.0, 3.0, 3.0]}


@pytest.fixture
def sweep(tmp_path):
    """Trainings with two α and three seeds, of which the last is not finished."""
    config = ml_collections.ConfigDict({"method": "m", "seed": 0, "loss": {"alpha": 0.3}})
    planned = grid.plan(config, ["loss.alpha=0.2,0.4", "seed=0..2"])
    directory = SweepDirectory(tmp_path / "sweep")
    directory.write(config, planned)
    for run in planned:
        folder = directory.run(run.name)
        folder.mkdir(parents=True)
        alpha, seed = run.fields["loss.alpha"], run.fields["seed"]
        last = (alpha, seed) == (0.4, 2)
        values = [(1, 9.0)] if last else [(1, 9.0), (2, _LOSS[alpha][seed])]
        lines = [json.dumps({"step": step, "loss": value}) for step, value in values]
        (folder / "metrics.jsonl").write_text("".join(f"{line}\n" for line in lines))
        if not last:
            directory.finish(run)
    return directory


def test_a_line_is_a_number(sweep):
    found, unfinished = table.read(sweep)
    assert unfinished == ["loss.alpha=0.4,seed=2"]
    assert list(found.columns) == ["run", "seed", "step", "loss.alpha", "metric", "value"]
    assert len(found) == 11
    line = found[(found["run"] == "loss.alpha=0.2,seed=2") & (found["step"] == 2)]
    assert line.values.tolist() == [["loss.alpha=0.2,seed=2", 2, 2, 0.2, "loss", 6.0]]


def test_means_over_seeds_and_their_intervals(sweep):
    means = table.means(table.read(sweep)[0])
    last = table.last(means)
    assert list(last["step"]) == [2, 2]
    low, high = (last[last["loss.alpha"] == alpha].iloc[0] for alpha in (0.2, 0.4))
    # 1, 2, 6: mean 3, variance (4 + 1 + 9) / 2 = 7; t with two degrees of freedom is 4.3027.
    reach = 4.302653 * math.sqrt(7) / math.sqrt(3)
    assert (low["mean"], low["seeds"]) == (3.0, 3)
    assert [low["sd"], low["low"], low["high"]] == pytest.approx(
        [math.sqrt(7), 3 - reach, 3 + reach], rel=1e-5
    )
    # Two seeds got there, and agree.
    assert high[["mean", "low", "high", "sd", "seeds"]].tolist() == [3.0, 3.0, 3.0, 0.0, 2]


def test_one_seed_has_no_interval(sweep):
    found = table.read(sweep)[0]
    means = table.means(found[found["seed"] == 0])
    assert means["seeds"].tolist() == [1] * 4
    assert means[["low", "high", "sd"]].isna().all(axis=None)


def test_evaluations(tmp_path):
    config = ml_collections.ConfigDict({"protocol": "closed", "seed": 0})
    planned = grid.plan(config, ["seed=0..1"])
    directory = SweepDirectory(tmp_path / "sweep")
    directory.write(config, planned)
    for run, value in zip(planned, (0.5, 0.75), strict=True):
        folder = directory.run(run.name)
        folder.mkdir(parents=True)
        measured = [
            rows.Row(
                method=method, recogniser="wu2017", metric="success@1", value=x, n=8, step=step
            )
            for method, x, step in ((rows.CLEAN, 0.125, None), ("alpha_03", value, 1500))
        ]
        rows.write_csv(folder / "results.csv", rows.to_frame(measured))
        directory.finish(run)
    means = table.last(table.means(table.read(directory)[0]))
    assert means["method"].tolist() == [rows.CLEAN, "alpha_03"]
    assert means["mean"].tolist() == [0.125, 0.625]
    assert means["step"].isna().tolist() == [True, False] and means["step"].iloc[1] == 1500
    # 0.25 apart, t with one degree of freedom is 12.706: 12.706 · (0.25 / √2) / √2.
    assert np.allclose(means["high"] - means["mean"], [0, 12.7062 * 0.125], atol=1e-4)


def test_the_command_line(sweep, capsys):
    assert collect.main([str(sweep.path)]) == 0
    out = capsys.readouterr()
    assert "loss.alpha=0.4,seed=2" in out.err
    assert out.out.split()[:4] == ["step", "loss.alpha", "metric", "mean"]
    written = pd.read_csv(sweep.path / "table.csv")
    pd.testing.assert_frame_equal(written, table.read(sweep)[0], check_dtype=False)
    assert len(pd.read_csv(sweep.path / "means.csv")) == 4
    assert (sweep.path / "curves.png").read_bytes()[1:4] == b"PNG"


def test_nothing_to_collect(tmp_path, capsys):
    assert collect.main([str(tmp_path)]) == 1
    assert "no sweep" in capsys.readouterr().err
    config = ml_collections.ConfigDict({"method": "m", "seed": 0})
    SweepDirectory(tmp_path).write(config, grid.plan(config, ["seed=0..1"]))
    with pytest.raises(InputError, match="none of its 2 runs"):
        table.read(SweepDirectory(tmp_path))
