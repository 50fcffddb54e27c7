"""A few of the cases of `benchmarks/fuzz.py`, and the machinery that runs them."""

import os
import pathlib
import time

import pytest
from fuzzing import KINDS
from fuzzing.harness import failures, run, table
from fuzzing.kind import FAILURE, READ, REFUSED, SKIPPED, Kind, check

from gait_jax.runtime.errors import InputError

# What runs in a moment; the others need a model or networks, and are left to the benchmark.
_COUNTS = {"png": 150, "archive": 40, "config": 60, "store": 60}


def test_no_bad_input_gets_through(tmp_path):
    kinds = {name: KINDS[name] for name in _COUNTS}
    cases = [(name, i) for name, count in _COUNTS.items() for i in range(count)]
    results = run(kinds, cases, seed=7, processes=1, keep=tmp_path / "kept")
    assert len(results) == len(cases)
    assert [(r.error, r.place, r.message) for _, r in failures(results)] == []
    # Each kind is read at times and refused at others: neither says nothing.
    for name in _COUNTS:
        outcomes = {result.outcome for result in results if result.kind == name}
        assert READ in outcomes and outcomes & {SKIPPED, REFUSED}


class _Bad(Kind):
    """Cases that fail in every way that there is."""

    limit = 2.0

    def write(self, rng, folder):
        (folder / "number").write_text(folder.name.split("-")[1])

    def read(self, folder):
        number = int((folder / "number").read_text())
        if number == 0:
            time.sleep(6000)
        if number == 1:
            os.abort()
        if number == 2:
            raise KeyError("missing")
        if number == 3:
            check(False, "impossible")
        if number == 4:
            raise InputError("of two\nlines")
        if number == 5:
            raise InputError("of one line")
        return SKIPPED if number == 6 else READ


def test_hangs_crashes_and_wrong_results_are_told_apart(tmp_path):
    cases = [("bad", i) for i in range(9)]
    results = run({"bad": _Bad}, cases, seed=0, processes=1, keep=tmp_path)
    found = {result.number: (result.outcome, result.error) for result in results}
    assert found == {
        0: (FAILURE, "hang"),
        1: (FAILURE, "crash (-6)"),
        2: (FAILURE, "KeyError"),
        3: (FAILURE, "WrongResult"),
        4: (FAILURE, "InputError of several lines"),
        5: (REFUSED, "InputError"),
        6: (SKIPPED, ""),
        7: (READ, ""),
        8: (READ, ""),
    }
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"bad-{i}" for i in range(5)]
    assert table(results, (READ, SKIPPED, REFUSED, FAILURE)).splitlines()[1].split() == [
        "bad", "9", "2", "1", "1", "5",
    ]  # fmt: skip
    # A case whose process went down is followed by others in a new one.
    assert [result.number for result in results] == list(range(9))


@pytest.mark.parametrize("name", ["png", "archive"])
def test_equal_seeds_draw_equal_cases(tmp_path, name):
    from fuzzing.worker import draw

    kind = KINDS[name](tmp_path)
    drawn = []
    for seed in (1, 1, 2):
        folder = tmp_path / str(len(drawn))
        folder.mkdir()
        for number in range(4):
            (folder / str(number)).mkdir()
            draw(kind, name, seed, number, folder / str(number))
        drawn.append(_contents(folder))
    assert drawn[0] == drawn[1] != drawn[2]


def _contents(folder: pathlib.Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        # Archives carry the time at which they were packed.
        if path.suffix in (".png", ".json") and path.is_file()
    }
