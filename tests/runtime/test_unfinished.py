"""What a save leaves that was broken off, and what its threads go on writing."""

import types

import pytest

from gait_jax.runtime import unfinished


def test_other_things_are_left(tmp_path):
    (tmp_path / "4" / "state").mkdir(parents=True)
    (tmp_path / "6.orbax-checkpoint-tmp-7" / "state").mkdir(parents=True)
    unfinished.remove(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["4"]


@pytest.mark.parametrize("writes", [(), (0,), (0, 1, 2, 5, 9)])
def test_what_is_written_after_a_failure_is_removed_too(tmp_path, monkeypatch, writes):
    """While it waits, threads write to what was removed, or would be."""
    folder, pauses = tmp_path / "14.orbax-checkpoint-tmp" / "state", []

    def pause(seconds):
        if len(pauses) in writes:
            folder.mkdir(parents=True, exist_ok=True)
            (folder / f"d{len(pauses)}").write_bytes(bytes(1000))
        pauses.append(seconds)

    monkeypatch.setattr(unfinished, "time", types.SimpleNamespace(sleep=pause))
    folder.mkdir(parents=True)
    unfinished.remove_until_quiet(tmp_path)
    assert not any(tmp_path.iterdir())
    # It was looked at a few times more, and not for ever.
    last = max(writes, default=-1)
    assert last + 3 < len(pauses) < last + 8
