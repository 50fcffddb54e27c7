import io
import logging
import os
import signal
import sys

import jax
import processes
import pytest

from gait_jax.runtime import distributed, launching


def _run(module, *arguments):
    return processes.module(f"gait_jax.{module}", *arguments)


@pytest.mark.parametrize("module", ["train", "evaluate", "reproduce"])
def test_help_is_no_failure(module):
    done = _run(module, "--help")
    assert done.returncode == 0, done.stderr
    assert f"python -m gait_jax.{module}" in done.stdout and "--workdir" in done.stdout


@pytest.mark.parametrize("module", ["train", "evaluate"])
def test_a_file_that_is_no_configuration_is_named(module, tmp_path):
    empty = tmp_path / "empty.py"
    empty.touch()
    done = _run(module, f"--config={empty}", f"--workdir={tmp_path / 'run'}")
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert f"--config={empty} names no configuration" in done.stderr


def test_without_arguments_it_says_what_is_missing():
    done = _run("train")
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1 and "flag --workdir" in done.stderr


def test_a_crash_is_no_bad_input():
    # Launchers give up on 1, which is the user's to mend, and go on after a crash.
    script = (
        "from absl import flags\n"
        "from gait_jax.runtime import command\n"
        "def crash(argv): 1 / 0\n"
        "command.launch('name', crash, flags.FLAGS)\n"
    )
    done = processes.run([sys.executable, "-c", script], env=os.environ | {"JAX_PLATFORMS": "cpu"})
    assert done.returncode == 70 and "ZeroDivisionError" in done.stderr


def _line(text):
    record = logging.LogRecord("a", logging.INFO, "a.py", 7, text, (), None)
    return launching.Formatter().format(record)


def test_a_line_of_many_processes_names_its_own(monkeypatch):
    assert _line("Saving.").endswith("a.py:7] Saving.")
    monkeypatch.setattr(jax.distributed, "is_initialized", lambda: True)
    assert _line("Saving.").endswith("a.py:7] Saving.")
    monkeypatch.setattr(jax, "process_count", lambda: 4)
    monkeypatch.setattr(jax, "process_index", lambda: 2)
    assert _line("Saving.").endswith("a.py:7] process 2 of 4: Saving.")


def test_ctrl_c_tells_a_run_to_stop_and_its_status_says_so(capfd):
    before = signal.getsignal(signal.SIGINT)
    assert distributed.PreemptedError("told").status == 75
    with distributed.interruptible():
        # Of runs that one builds on, each has its own.
        with distributed.interruptible():
            assert not distributed.told_to_stop()
            signal.raise_signal(signal.SIGINT)
        assert distributed.told_to_stop()
        assert distributed.PreemptedError("told").status == 130
    assert capfd.readouterr().err.count("Ctrl-C again ends it at once") == 1
    assert signal.getsignal(signal.SIGINT) is before
    assert not distributed.told_to_stop()
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)


class _Interrupted(io.RawIOBase):
    """The errors' file, in whose first write Ctrl-C comes."""

    def writable(self):
        return True

    def write(self, data):
        if not distributed.told_to_stop():
            signal.raise_signal(signal.SIGINT)
        return os.write(2, data)


def test_ctrl_c_while_a_line_is_written_is_told_and_costs_no_line(monkeypatch, capfd):
    monkeypatch.setattr(sys, "stderr", io.TextIOWrapper(io.BufferedWriter(_Interrupted())))
    with distributed.interruptible():
        print("step 276", file=sys.stderr, flush=True)
        assert distributed.PreemptedError("told").status == 130
    told, line = capfd.readouterr().err.splitlines()
    assert told.startswith("Stopping after the step in hand") and line == "step 276"
