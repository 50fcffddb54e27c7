import io
import logging
import sys

import pytest

from gait_jax.runtime import bars


class _Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize(("stream", "shown", "seen"), [
    (_Terminal, True, True), (_Terminal, False, False), (io.StringIO, True, False),
])  # fmt: skip
def test_a_bar_is_shown_on_a_terminal_alone(monkeypatch, stream, shown, seen):
    error = stream()
    monkeypatch.setattr(sys, "stderr", error)
    items = bars.over("abc", shown=shown, desc="work", unit="part", total=5, initial=2)
    assert list(items) == ["a", "b", "c"]
    assert ("work" in error.getvalue() and "5/5" in error.getvalue()) == seen
    assert seen or error.getvalue() == ""


def test_without_a_bar_the_log_says_now_and_then_how_far_it_is(monkeypatch, caplog):
    now = iter([0, 20, 40, 45, 71, 71.5])
    monkeypatch.setattr(bars.time, "monotonic", lambda: next(now))
    # Where it is later than half a minute after the last line, the time is asked for once more.
    with caplog.at_level("INFO"):
        list(bars.over("abcd", shown=False, desc="gaits", unit="part", total=6, initial=2))
    assert [record.getMessage() for record in caplog.records] == ["gaits: 4 of 6 parts."]


def test_lines_of_the_log_stand_above_the_bar(monkeypatch):
    error = _Terminal()
    monkeypatch.setattr(sys, "stderr", error)
    handler = logging.StreamHandler(error)
    root = logging.getLogger()
    root.addHandler(handler)
    try:
        with bars.beside_bars(handler), bars.bar(shown=True, total=9, desc="steps"):
            logging.getLogger("test").warning("a line")
    finally:
        root.removeHandler(handler)
    before, after = error.getvalue().split("a line\n")
    # The bar is wiped from the line that the message takes, and drawn again below it.
    *_, wiped, rest = before.split("\r")
    assert (wiped.strip(), rest) == ("", "") and "steps" in after
