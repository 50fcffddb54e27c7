import errno
import os

import jax
import numpy as np
import pytest

from gait_jax.runtime import checkpoint, steps
from gait_jax.runtime.checkpoint import Checkpoints
from gait_jax.runtime.errors import InputError
from gait_jax.runtime.run_directory import RunDirectory


def _state(value=0.0, width=64):
    rng = np.random.default_rng(0)
    return {
        "step": np.int32(value),
        "params": {"kernel": rng.normal(size=(width, width)).astype(np.float32) + value},
        "counter": np.uint32(2**32 - 1),
    }


@pytest.fixture
def saved(tmp_path):
    """A folder with the checkpoints of steps 1, 2 and 3."""
    with Checkpoints(RunDirectory(tmp_path).checkpoints, keep=3) as checkpoints:
        for step in (1, 2, 3):
            checkpoints.save(step, _state(step), {"next_index": step})
    return tmp_path


def _newest(workdir, set_aside=True, like=None):
    run = RunDirectory(workdir)
    aside = run.damaged_checkpoints if set_aside else None
    with Checkpoints(run.checkpoints, create=set_aside) as checkpoints:
        return checkpoints.restore_newest(_state() if like is None else like, aside)


def _files(folder):
    return sorted(path for path in folder.rglob("*") if path.is_file())


def test_a_round_trip_bit_for_bit(saved):
    step, state, place = _newest(saved)
    assert (step, place) == (3, {"next_index": 3})
    for a, b in zip(jax.tree.leaves(state), jax.tree.leaves(_state(3)), strict=True):
        assert a.dtype == b.dtype
        np.testing.assert_array_equal(a, b)


def test_nothing_saved(tmp_path):
    assert _newest(tmp_path) is None
    with pytest.raises(InputError, match="holds no finished checkpoint yet"):
        RunDirectory(tmp_path).read_checkpoint(_state())


def test_only_the_last_are_kept(tmp_path):
    with Checkpoints(RunDirectory(tmp_path).checkpoints, keep=2) as checkpoints:
        for step in (1, 2, 3):
            checkpoints.save(step, _state(step), {})
    assert sorted(path.name for path in (tmp_path / "checkpoints").iterdir()) == ["2", "3"]


def test_the_best_stays_beside_the_newest(tmp_path):
    values = {1: 2.0, 2: 0.5, 3: 0.75, 4: 0.25, 5: 0.5}
    best = lambda among: steps.best(values, "min:eval_x", among)  # noqa: E731
    folder = RunDirectory(tmp_path).checkpoints
    for first, last, kept in ((1, 3, [2, 3]), (4, 5, [4, 5]), (6, 8, [4, 8])):
        # Each time as a restart does: what was kept before is known from the folder.
        with Checkpoints(folder, keep=1, best=best) as checkpoints:
            for step in range(first, last + 1):
                checkpoints.save(step, _state(step), {})
        assert RunDirectory(tmp_path).steps() == kept
    RunDirectory(tmp_path).write_config({"keep_best": "min:eval_x"})
    metrics = RunDirectory(tmp_path).open_metrics(8)
    for step, value in values.items():
        metrics.write(step, {"eval_x": value})
    metrics.close()
    found = {name: RunDirectory(tmp_path).read_checkpoint(_state(), name) for name in ("best", "4")}
    assert [step for step, _ in found.values()] == [4, 4]
    kernel = found["best"][1]["params"]["kernel"]
    np.testing.assert_array_equal(kernel, _state(4)["params"]["kernel"])
    assert RunDirectory(tmp_path).read_checkpoint(_state())[0] == 8


def test_a_step_that_is_not_there_or_damaged_is_refused(saved):
    with pytest.raises(InputError, match=r"has no checkpoint of step 7: it has 1, 2, 3\. Runs"):
        RunDirectory(saved).read_checkpoint(_state(), 7)
    path = _kinds(saved / "checkpoints" / "2")["metadata"]
    path.write_bytes(b"")
    with pytest.raises(InputError, match=r"the checkpoint of step 2 in .* is damaged \("):
        RunDirectory(saved).read_checkpoint(_state(), 2)
    assert RunDirectory(saved).read_checkpoint(_state(), "1")[0] == 1


def _kinds(folder):
    """One file of each name that a checkpoint consists of; numbers and letters vary."""
    kinds = {}
    for path in _files(folder):
        if path.stat().st_size:
            kinds.setdefault(path.name if len(path.name) < 32 else "data", path)
    return kinds


# What Orbax leaves of a reading that failed complains when it is thrown away.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("how", ["cut", "flip", "remove", "empty"])
def test_a_damaged_checkpoint_is_set_aside_whichever_file_it_is(saved, how, caplog):
    # Damage to a file that says nothing of the state may leave it whole; never may it be wrong.
    left_out = set()
    for name in _kinds(saved / "checkpoints" / "3"):
        with Checkpoints(RunDirectory(saved).checkpoints, keep=3) as checkpoints:
            checkpoints.save(3, _state(3), {"next_index": 3})
        path = _kinds(saved / "checkpoints" / "3")[name]
        data = bytearray(path.read_bytes())
        if how == "cut":
            path.write_bytes(data[: len(data) // 2])
        elif how == "flip":
            data[len(data) // 2] ^= 0x10
            path.write_bytes(data)
        elif how == "empty":
            path.write_bytes(b"")
        else:
            path.unlink()
        caplog.clear()
        step, state, place = _newest(saved)
        np.testing.assert_array_equal(state["params"]["kernel"], _state(step)["params"]["kernel"])
        assert place == {"next_index": step}
        assert step in (2, 3)
        if step == 2:
            left_out.add(name)
            assert "The checkpoint of step 3" in caplog.text and "is damaged" in caplog.text
            assert not (saved / "checkpoints" / "3").exists()
    # The numbers themselves, and what describes them.
    assert left_out >= {"data", "metadata"}
    assert len(list((saved / "damaged_checkpoints").iterdir())) == len(left_out)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_reading_for_use_moves_nothing(saved):
    path = _kinds(saved / "checkpoints" / "3")["data"]
    path.write_bytes(path.read_bytes()[:40])
    before = _files(saved)
    assert RunDirectory(saved).read_checkpoint(_state())[0] == 2
    assert _files(saved) == before


def test_numbers_that_are_not_those_that_were_saved(saved, monkeypatch, caplog):
    # As if a file were whole by its own checksums and yet wrong.
    monkeypatch.setattr(checkpoint, "digest", lambda state: "something else")
    with pytest.raises(
        InputError, match=r"no checkpoint in .* can be read any more \(steps 3, 2, 1"
    ):
        _newest(saved)
    assert caplog.text.count("its numbers are not those that were saved") == 3


def test_a_state_of_other_networks_is_not_taken_for_a_damaged_one(saved):
    other = _state(width=32)
    with pytest.raises(
        InputError, match=r"does not fit .*kernel.* is float32\[64, 64\], not float32"
    ):
        _newest(saved, like=other)
    assert sorted(p.name for p in (saved / "checkpoints").iterdir()) == ["1", "2", "3"]


def test_what_an_interrupted_run_left_unfinished_is_removed(saved):
    unfinished = saved / "checkpoints" / "4.orbax-checkpoint-tmp-7"
    (unfinished / "state").mkdir(parents=True)
    (unfinished / "state" / "_METADATA").write_text("{")
    assert _newest(saved)[0] == 3
    assert not unfinished.exists()


def test_a_last_save_that_fails_leaves_nothing_unfinished(tmp_path, monkeypatch):
    (tmp_path / "run").mkdir()
    folder = tmp_path / "run" / "checkpoints"
    manager = checkpoint.ocp.CheckpointManager

    def fails(self):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def close(self):
        # Until then its threads may go on writing.
        (folder / "2.orbax-checkpoint-tmp" / "state").mkdir(parents=True)

    monkeypatch.setattr(manager, "wait_until_finished", fails)
    monkeypatch.setattr(manager, "close", close)
    with pytest.raises(InputError, match="No space left on device"), Checkpoints(folder):
        pass
    assert not any(folder.iterdir())
