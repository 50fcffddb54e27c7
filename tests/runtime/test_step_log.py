import math
import re

import numpy as np
import pytest

from gait_jax.runtime import step_log
from gait_jax.runtime.step_log import StepLog


def test_rows_means_and_the_line_of_a_step(monkeypatch, caplog):
    now = iter([0.0, 2.0, 2.0, 3.0])
    monkeypatch.setattr(step_log.time, "monotonic", lambda: next(now))
    log = StepLog("stgan", 100, 8, "frames")
    log.add(range(1, 3), {"d_real": np.array([0.0, 1.0]), "loss": np.array([2.0, 4.0])})
    log.add(range(3, 5), {"d_real": np.array([2.0, 3.0]), "loss": np.array([6.0, 8.0])})
    rows, means = log.read()
    assert rows == [(i + 1, {"d_real": float(i), "loss": 2.0 * (i + 1)}) for i in range(4)]
    # Four steps of eight frames in two seconds.
    assert means == {"d_real": 1.5, "loss": 5.0, "frames_per_second": 16.0}
    assert log.rate(means) == "16 frames/s"
    with caplog.at_level("INFO"):
        log.tell(4, means)
    # 96 steps of eight frames are left: 48 seconds.
    line = "stgan: step 4/100: loss 5, d_real 1.5; 16 frames/s, 0:00:48 left."
    assert [record.getMessage() for record in caplog.records] == [line]


def test_losses_come_first_and_a_line_stays_a_line():
    values = {f"d_{i}": 0.5 for i in range(9)} | {"loss_a": 1.0, "loss_b": 0.123456}
    assert step_log.in_line(values) == "loss_a 1, loss_b 0.1235, d_0 0.5, d_1 0.5, d_2 0.5"


def test_first_not_finite():
    rows = [(1, {"a": 0.0, "b": 1e308}), (2, {"a": 1.0, "b": math.inf}), (3, {"a": math.nan})]
    assert step_log.first_not_finite(rows) == (2, "b", math.inf)
    assert step_log.first_not_finite(rows[:1]) is None
    step, name, value = step_log.first_not_finite(rows[2:])
    assert (step, name) == (3, "a") and math.isnan(value)


@pytest.mark.parametrize(("seconds", "text"), [(0.4, "0:00:00"), (3723, "1:02:03")])
def test_durations(seconds, text):
    assert re.fullmatch(r"\d+:\d\d:\d\d", text)
    assert step_log.records.duration(seconds) == text
