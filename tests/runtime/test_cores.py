"""Which cores a process has, and what it starts begins with."""

import os
import sys

import processes
import pytest

from gait_jax.runtime import cores

_SEEN = [sys.executable, "-c", "import os; print(sorted(os.sched_getaffinity(0)))"]


@pytest.fixture
def five(monkeypatch):
    """A process with the cores 2, 3, 5, 7 and 11, and what it was put on since."""
    put = []
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {11, 7, 5, 3, 2}, raising=False)
    monkeypatch.setattr(os, "sched_setaffinity", lambda _, own: put.append(own), raising=False)
    return put


def test_shares_are_apart_and_leave_no_core(five):
    assert cores.count() == 5
    assert [cores.share(task, 2) for task in range(2)] == [[2, 5, 11], [3, 7]]
    # More tasks than cores: the first five have one each, any other all.
    assert [cores.share(task, 6) for task in (0, 4, 5)] == [[2], [11], [2, 3, 5, 7, 11]]


def test_what_is_started_has_its_share_and_the_process_its_cores_again(five):
    with pytest.raises(KeyError), cores.own(1, 2) as mine:
        assert mine == [3, 7] and five == [[3, 7]]
        raise KeyError
    assert five == [[3, 7], [2, 3, 5, 7, 11]]


def test_where_the_system_does_not_tell_cores_apart_nothing_is_put_anywhere(monkeypatch):
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: 6)
    assert (cores.usable(), cores.count(), cores.share(0, 2)) == ([], 6, [])
    with cores.own(0, 2) as mine:
        assert mine == []


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="cores are not told apart here")
def test_a_process_begins_on_its_share():
    with cores.own(0, cores.count()) as mine:
        done = processes.run(_SEEN)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == str(mine) and len(mine) == 1
    assert len(cores.usable()) == cores.count()
