import jax
import pytest

from gait_jax.runtime import distributed


@pytest.mark.parametrize(
    ("text", "lost"),
    [
        ("UNKNOWN: Gloo all-reduce failed: Connection reset by peer\nmore", True),
        ("UNAVAILABLE: the coordinator is gone", True),
        ("RESOURCE_EXHAUSTED: Out of memory", False),
        ("INTERNAL: a bug", False),
        ("", False),
    ],
)
def test_the_end_of_another_process_is_told_from_other_errors(monkeypatch, text, lost):
    error = jax.errors.JaxRuntimeError(text)
    # Alone there is nobody else.
    assert distributed.lost_peer(error) is None
    monkeypatch.setattr(jax, "process_count", lambda: 2)
    said = distributed.lost_peer(error)
    assert (said is not None) is lost
    if lost:
        assert said.startswith("process 0 lost another one of this run")
        assert text.splitlines()[0] in said and len(said.splitlines()) == 1
    assert distributed.lost_peer(ValueError(text)) is None
