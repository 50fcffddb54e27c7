import ml_collections
import numpy as np
import pytest

from gait_jax.runtime.dispatch import EVALUATE, LOG, SAVE, Plan
from gait_jax.runtime.errors import InputError


class _Counting:
    """Batches that hold their number."""

    def __init__(self):
        self.drawn = 0

    def __next__(self):
        self.drawn += 1
        return {"x": np.full((2,), self.drawn)}

    def get_state(self):
        return {"next_index": self.drawn}


def _plan(**changes):
    config = {
        "train_steps": 10,
        "steps_per_dispatch": 4,
        "prefetch": 2,
        "log_every": 100,
        "eval_every": 100,
        "checkpoint_every": 100,
        "profile": "",
    }
    return Plan(ml_collections.ConfigDict(config | changes))


def test_a_dispatch_ends_where_something_is_due():
    assert list(_plan().dispatches(0)) == [(1, 4), (5, 8), (9, 10)]
    assert list(_plan(log_every=3).dispatches(0)) == [(1, 3), (4, 6), (7, 9), (10, 10)]
    assert list(_plan(checkpoint_every=7).dispatches(6)) == [(7, 7), (8, 10)]
    # A profile begins and ends where it is asked to.
    assert list(_plan(profile="3-5").dispatches(0)) == [(1, 2), (3, 5), (6, 9), (10, 10)]
    assert list(_plan(steps_per_dispatch=1, train_steps=2).dispatches(0)) == [(1, 1), (2, 2)]
    assert list(_plan().dispatches(10)) == []


def test_what_is_due():
    plan = _plan(log_every=2, eval_every=3, checkpoint_every=4)
    assert [plan.due(step) for step in (1, 2, 3, 4, 10)] == [
        set(),
        {LOG},
        {LOG, EVALUATE},
        {LOG, SAVE},
        {LOG, EVALUATE, SAVE},
    ]


@pytest.mark.parametrize("prefetch", [0, 2])
def test_the_iterators_place_is_that_of_the_batches_and_not_of_what_was_read_ahead(prefetch):
    found = list(_plan(prefetch=prefetch).feed(0, _Counting()))
    assert [(first, last) for first, last, _, _ in found] == [(1, 4), (5, 8), (9, 10)]
    assert [place["next_index"] for *_, place in found] == [4, 8, 10]
    # [devices, steps, share of the batch]
    assert [np.asarray(shown["x"])[0, :, 0].tolist() for _, _, shown, _ in found] == [
        [1, 2, 3, 4],
        [5, 6, 7, 8],
        [9, 10],
    ]


def test_it_reads_ahead_no_further_than_it_is_told():
    batches = _Counting()
    feed = _plan(prefetch=1, steps_per_dispatch=1).feed(0, batches)
    read_ahead = [batches.drawn - last for _, last, _, _ in feed]
    assert read_ahead == [1] * 9 + [0]


@pytest.mark.parametrize(("text", "window"), [("", (0, 0)), ("20-29", (20, 29)), ("3-3", (3, 3))])
def test_profile_windows(text, window):
    assert _plan(profile=text).profile == window


@pytest.mark.parametrize("text", ["20", "a-b", "5-3", "0-4", "-4"])
def test_profile_windows_that_are_none(text):
    with pytest.raises(InputError, match="is not FIRST-LAST"):
        _plan(profile=text)
