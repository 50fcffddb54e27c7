import json
import logging

import ml_collections
import pytest

from gait_jax.runtime.distributed import PreemptedError
from gait_jax.runtime.errors import InputError, InUseError
from gait_jax.sweeps import grid, tasks
from gait_jax.sweeps.directory import SweepDirectory
from gait_jax.trainer import DivergedError


def _config(alpha=0.3, steps=10):
    return ml_collections.ConfigDict(
        {"method": "stgan", "seed": 0, "train_steps": steps, "loss": {"alpha": alpha}}
    )


@pytest.fixture
def sweep(tmp_path):
    """A sweep of six runs, what was done in it, and a way to do runs."""
    done = []

    def perform(config, workdir, progress):
        del progress
        workdir.mkdir(parents=True, exist_ok=True)
        done.append((config.seed, config.loss.alpha))

    planned = grid.plan(_config(), ["seed=0..2", "loss.alpha=0.2,0.4"])
    directory = SweepDirectory(tmp_path / "sweep")
    directory.write(_config(), planned)
    return directory, planned, done, perform


def test_shares_are_all_runs_and_each_once(sweep):
    _, planned, _, _ = sweep
    shares = [tasks.share(planned, task, 4) for task in range(4)]
    assert [len(share) for share in shares] == [2, 2, 1, 1]
    assert sorted(run.name for share in shares for run in share) == sorted(
        run.name for run in planned
    )
    for task, count in ((4, 4), (-1, 4), (0, 0)):
        with pytest.raises(InputError, match=f"--task={task} is not one of --tasks={count}"):
            tasks.share(planned, task, count)


def test_a_run_is_not_done_twice(sweep):
    directory, planned, done, perform = sweep
    tasks.run_share(directory, tasks.share(planned, 1, 2), False, perform)
    assert done == [(0, 0.4), (1, 0.4), (2, 0.4)]
    tasks.run_share(directory, planned, False, perform)
    assert done[3:] == [(0, 0.2), (1, 0.2), (2, 0.2)]
    tasks.run_share(directory, planned, False, perform)
    assert len(done) == 6
    # More steps are more to do.
    longer = grid.plan(_config(steps=20), ["seed=0"])
    assert directory.is_finished(grid.plan(_config(steps=10), ["seed=0", "loss.alpha=0.2"])[0])
    assert not directory.is_finished(longer[0])


def test_told_to_stop_it_begins_nothing_more(sweep, monkeypatch):
    directory, planned, done, perform = sweep
    monkeypatch.setattr(tasks.distributed, "told_to_stop", lambda: len(done) == 2)
    with pytest.raises(PreemptedError, match="told to stop before seed=1,loss.alpha=0.2"):
        tasks.run_share(directory, planned, False, perform)
    assert len(done) == 2 and directory.is_finished(planned[1])


@pytest.mark.parametrize("error", [InputError("no data"), DivergedError("loss is nan")])
def test_one_that_fails_keeps_nothing_from_the_others(sweep, error):
    directory, planned, done, perform = sweep

    def fails(config, workdir, progress):
        if config.seed == 1 and config.loss.alpha == 0.2:
            raise error
        perform(config, workdir, progress)

    with pytest.raises(tasks.SweepError, match=rf"1 of 6 .*seed=1,loss.alpha=0.2 \({error}\)"):
        tasks.run_share(directory, planned, False, fails)
    assert len(done) == 5
    tasks.run_share(directory, planned, False, perform)
    assert done[5:] == [(1, 0.2)]


def test_what_another_process_does_is_left_to_it(sweep, caplog):
    directory, planned, done, perform = sweep

    def taken(config, workdir, progress):
        if config.seed == 0:
            raise InUseError("is in use by process 7")
        perform(config, workdir, progress)

    with caplog.at_level(logging.WARNING):
        tasks.run_share(directory, planned, False, taken)
    assert [seed for seed, _ in done] == [1, 1, 2, 2]
    assert not any(map(directory.is_finished, planned[:2]))
    assert "In work elsewhere: seed=0,loss.alpha=0.2, seed=0,loss.alpha=0.4." in caplog.text


def test_other_values_add_runs_and_another_configuration_is_refused(sweep):
    directory, planned, _, _ = sweep
    directory.write(_config(steps=20), grid.plan(_config(), ["seed=3", "loss.alpha=0.2"]))
    listed = [run["name"] for run in directory.read()["runs"]]
    assert listed == [run.name for run in planned] + ["seed=3,loss.alpha=0.2"]
    with pytest.raises(InputError, match=r"another configuration \(loss.alpha\)"):
        directory.write(_config(alpha=0.5), grid.plan(_config(), ["seed=3"]))


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "{}", '{"shared": {}, "runs": [{"name": "../a", "fields": {}}]}']
)
def test_a_damaged_list(tmp_path, text):
    with pytest.raises(InputError, match="no sweep"):
        SweepDirectory(tmp_path).read()
    (tmp_path / "sweep.json").write_text(text)
    with pytest.raises(InputError, match=r"sweep.json is damaged"):
        SweepDirectory(tmp_path).read()


def test_evaluations_are_runs_of_the_same_kind(tmp_path, monkeypatch):
    seen = []
    for module, name in ((tasks.trainer, "train_and_evaluate"), (tasks.evaluation, "evaluate")):
        monkeypatch.setattr(module, name, lambda config, *_, name=name: seen.append(name))
    tasks.perform(_config(), tmp_path, False)
    tasks.perform(ml_collections.ConfigDict({"protocol": "closed"}), tmp_path, False)
    assert seen == ["train_and_evaluate", "evaluate"]


def test_the_list_is_readable(sweep):
    directory, _, _, _ = sweep
    found = json.loads((directory.path / "sweep.json").read_text())
    assert found["shared"] == {"method": "stgan", "train_steps": 10}
    assert found["runs"][1] == {
        "name": "seed=0,loss.alpha=0.4",
        "fields": {"seed": 0, "loss.alpha": 0.4},
    }
