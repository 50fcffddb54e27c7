import dataclasses
import math

import pytest

from gait_jax.runtime import steps
from gait_jax.runtime.errors import InputError
from gait_jax.runtime.run_directory import RunDirectory


def test_only_whole_checkpoints_count(tmp_path):
    assert steps.saved(tmp_path / "none") == []
    for name in ("10", "9", "11.orbax-checkpoint-tmp-3"):
        (tmp_path / name).mkdir()
    assert steps.saved(tmp_path) == [9, 10]


@pytest.mark.parametrize("text", ["min:eval_loss", "max:a:b"])
def test_rules(text):
    assert steps.is_rule(text)
    assert steps.metric_of(text) == text[4:]


@pytest.mark.parametrize("text", ["", "eval_loss", "min:", "least:eval_loss", "min:a\nb"])
def test_what_is_no_rule(text):
    assert not steps.is_rule(text)


def test_the_best_is_the_first_of_the_least_or_greatest_finite_values():
    rows = [
        {"step": 1, "x": 0.5},
        {"step": 2, "x": math.nan},
        {"step": 2, "y": 0.0},
        {"step": 3, "x": 0.25},
        {"step": 4, "x": 0.25},
        {"step": 5, "x": 2.0},
        {"step": 6, "x": math.inf},
    ]
    values = steps.values_of(rows, "min:x")
    assert values == {1: 0.5, 3: 0.25, 4: 0.25, 5: 2.0}
    assert steps.values_of(rows, "") == {}
    assert steps.best(values, "min:x", [6, 5, 4, 3, 2]) == 3
    assert steps.best(values, "max:x", [6, 5, 4, 3, 2]) == 5
    assert steps.best(values, "min:x", [2, 6]) is None


def test_the_newest_stay_and_the_best():
    @dataclasses.dataclass
    class Checkpoint:
        step: int

    kept = steps.Kept(2, lambda among: steps.best({1: 3.0, 2: 1.0, 4: 2.0}, "min:x", among))
    saved = [Checkpoint(step) for step in (1, 2, 3, 4)]
    assert kept.should_preserve(saved, context=None) == [False, True, True, True]
    assert steps.Kept(1).should_preserve(saved, context=None) == [False, False, False, True]


def test_a_step_is_a_number_or_best():
    assert [steps.number(text) for text in (None, "", 7, "12")] == [None, None, 7, 12]
    with pytest.raises(InputError, match="step 'newest' is no step: give a number, or best"):
        steps.number("newest")


def test_a_run_that_keeps_no_best_checkpoint_says_so(tmp_path):
    run = RunDirectory(tmp_path)
    run.write_config({"keep_best": ""})
    with pytest.raises(InputError, match="keeps no best checkpoint: train it with"):
        run.best_step()
    run.write_config({"keep_best": "min:eval_x"})
    with pytest.raises(InputError, match="has no checkpoint yet whose eval_x was measured"):
        run.best_step()
    for step, value in ((2, 0.5), (4, 0.25), (6, 0.75)):
        (run.checkpoints / str(step)).mkdir(parents=True)
        metrics = run.open_metrics(step)
        metrics.write(step, {"eval_x": value})
        metrics.close()
    assert (run.steps(), run.best_step()) == ([2, 4, 6], 4)
