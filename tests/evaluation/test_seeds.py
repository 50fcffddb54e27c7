"""Means over seeds and their intervals, by hand."""

import math

import pandas as pd
import pytest

from gait_jax.evaluation import seeds
from gait_jax.evaluation.rows import Row, to_frame


def _success(value, half=None, method="m", **other):
    ends = {} if half is None else {"low": value - half, "high": value + 2 * half}
    return Row(
        method=method,
        recogniser="r",
        attacker="clean gallery",
        metric="success@1",
        setting="same view",
        value=value,
        n=7,
        **ends | other,
    )


def test_one_seed_stays_as_it_is():
    frame = to_frame([_success(0.5, 0.1)])
    pd.testing.assert_frame_equal(seeds.combine([frame]), frame)
    assert seeds.sections([frame], [0], {"m": "M"}) == []


def test_intervals_hold_the_spread_of_people_and_of_seeds():
    frames = [to_frame([_success(value, 0.1)]) for value in (0.4, 0.5, 0.6)]
    found = seeds.combine(frames)
    (row,) = found.itertuples()
    # Student's t of two degrees of freedom: 4.3027; the standard deviation of the mean 0.1 / √3.
    own = 4.302653 * 0.1 / math.sqrt(3)
    assert row.value == pytest.approx(0.5)
    assert row.low == pytest.approx(0.5 - math.hypot(0.1, own), rel=1e-6)
    assert row.high == pytest.approx(0.5 + math.hypot(0.2, own), rel=1e-6)
    assert row.n == 7
    assert [*found.dtypes.items()] == [*frames[0].dtypes.items()]


def test_what_lacks_an_interval_gets_none_from_its_seeds():
    # Of few people: how seeds differ does not say how people do.
    frames = [to_frame([_success(0.4, half)]) for half in (0.1, None)]
    (row,) = seeds.combine(frames).itertuples()
    assert (row.value, math.isnan(row.low), math.isnan(row.high)) == (0.4, True, True)


def test_rows_of_the_same_thing_are_combined_and_what_is_published_stands_once():
    printed = Row(source="paper", metric="success@1", value=0.9)
    frames = [
        to_frame([_success(0.2), _success(0.4, method="n"), printed]),
        to_frame([_success(0.4), _success(0.6, method="n", step=3), printed]),
    ]
    found = seeds.combine(frames)
    # Other steps are another thing.
    assert list(zip(found["source"], found["method"], found["value"].round(9), strict=True)) == [
        ("measured", "m", 0.3),
        ("measured", "n", 0.4),
        ("paper", "", 0.9),
        ("measured", "n", 0.6),
    ]


def test_every_seed_stands_in_a_table():
    frames = [to_frame([_success(v), _success(0.5, view="90")]) for v in (0.25, 0.75)]
    (section,) = seeds.sections(frames, [3, 4], {"m": "M"})
    table = section.blocks[1].frame
    assert [*table] == ["method", "recogniser", "seed 3", "seed 4", "mean", "spread (sd)"]
    assert table.iloc[0].tolist() == ["M", "r", "25.0", "75.0", "50.0", "35.4"]
