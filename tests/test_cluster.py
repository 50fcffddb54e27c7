"""Many processes and bad days, with the real command line over loopback."""

import json
import os
import shutil
import signal
import socket
import sys

import jax
import numpy as np
import processes
import pytest
from drawn import as_flags

from gait_jax import runs
from gait_jax.runtime.run_directory import RunDirectory

_PREEMPTED = 75


def _leaves(workdir):
    state = runs.open_run(workdir).state
    return {jax.tree_util.keystr(p): x for p, x in jax.tree_util.tree_leaves_with_path(state)}


def _assert_close(a, b):
    """Equal to float tolerance: devices sum in another order."""
    assert a.keys() == b.keys()
    for name in a:
        np.testing.assert_allclose(a[name], b[name], rtol=1e-3, atol=1e-5, err_msg=name)


def _start(workdir, flags, devices=1, cluster=(), before=()):
    command = [sys.executable, "-m", "gait_jax.train", f"--workdir={workdir}", "--noprogress"]
    return processes.start(
        [*before, *command, *flags, *cluster],
        env=processes.devices(devices),
        # Nobody reads it while steps are waited for.
        stdout=processes.NOWHERE,
    )


def _finish(*started, status=0):
    """Waits for all; what they wrote to stderr."""
    ends = [processes.finish(process) for process in started]
    assert [end[0] for end in ends] == [status] * len(ends), "\n".join(end[2] for end in ends)
    return [end[2] for end in ends]


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _start_cluster(workdir, flags, count=2, devices=2):
    port = _free_port()
    return [
        _start(
            workdir,
            flags,
            devices,
            [
                f"--coordinator_address=127.0.0.1:{port}",
                f"--num_processes={count}",
                f"--process_id={i}",
            ],
        )
        for i in range(count)
    ]


def _steps(workdir):
    return [row["step"] for row in RunDirectory(workdir).read_metrics() if "loss_generator" in row]


@pytest.fixture(scope="module")
def flags(casia_a_dir, data_dir):
    """Twelve steps of eight windows, a checkpoint after each second."""
    return as_flags(
        "stgan_resampled",
        casia_a_dir,
        data_dir,
        batch_size=8,
        train_steps=12,
        **{"noise_gan.batch_size": 8},
    )


@pytest.fixture(scope="module")
def alone(flags):
    """The same without G_N, whose training would come first."""
    return [*flags, "--config.noise=gaussian"]


@pytest.fixture(scope="module")
def undisturbed(flags, tmp_path_factory):
    """One process with four devices, from the first step to the last."""
    workdir = tmp_path_factory.mktemp("undisturbed") / "run"
    _finish(_start(workdir, flags, devices=4))
    return workdir


@pytest.fixture(scope="module")
def finished(alone, tmp_path_factory):
    """One process with one device, after twelve steps without G_N."""
    workdir = tmp_path_factory.mktemp("finished") / "run"
    _finish(_start(workdir, alone))
    return workdir


def test_two_processes_with_two_devices_are_one_with_four(flags, undisturbed, tmp_path):
    _finish(*_start_cluster(tmp_path / "run", flags))
    _assert_close(_leaves(tmp_path / "run"), _leaves(undisturbed))
    assert _steps(tmp_path / "run") == _steps(undisturbed) == list(range(1, 13))
    start = RunDirectory(tmp_path / "run").last_start()
    assert (start["processes"], len(start["devices"])) == (2, 4)
    assert start["result"]["step"] == 12


def test_a_run_goes_on_on_other_machines(flags, undisturbed, tmp_path):
    workdir = tmp_path / "run"
    _finish(_start(workdir, [*flags, "--config.train_steps=4"], devices=4))
    _finish(*_start_cluster(workdir, [*flags, "--config.train_steps=8"]))
    # And several steps a dispatch, and each batch in two parts, on as many devices as that takes.
    last = [*flags, "--config.steps_per_dispatch=3", "--config.accumulate=2"]
    (text,) = _finish(_start(workdir, last, devices=3))
    used = "among 3 devices and 2 parts each (accumulate): 2 of them are used."
    assert text.count(used) == 1, text
    _assert_close(_leaves(workdir), _leaves(undisturbed))
    starts = json.loads((workdir / "provenance.json").read_text())["starts"]
    assert [(s["from_step"], s["processes"], len(s["devices"])) for s in starts] == [
        (0, 1, 4),
        (4, 2, 4),
        (8, 1, 3),
    ]


@pytest.mark.parametrize("count", [1, 2])
def test_sigterm_saves_and_the_same_command_goes_on(alone, tmp_path, count):
    workdir = tmp_path / "run"
    # More steps than there is time for, and no checkpoint on the way.
    far = [*alone, "--config.train_steps=1000000", "--config.checkpoint_every=1000000"]
    far += ["--config.eval_every=1000000"]
    started = _start_cluster(workdir, far, count, devices=1)
    processes.wait_for(lambda: len(_steps(workdir)) > 3, started[0])
    # One of them alone is told.
    started[-1].send_signal(signal.SIGTERM)
    texts = _finish(*started, status=_PREEMPTED)
    last = texts[0].splitlines()[-1]
    assert last.startswith("gait_jax.train: told to stop; step ") and "again to go on" in last
    step = runs.open_run(workdir).step
    assert f"step {step} is saved" in last
    assert _steps(workdir) == list(range(1, step + 1))
    again = _start(workdir, [*far, f"--config.train_steps={step + 2}"])
    assert f"after step {step}" in _finish(again)[0]
    assert runs.open_run(workdir).step == step + 2


def test_kill_9_loses_what_was_done_since_the_last_checkpoint_and_no_more(alone, tmp_path):
    more = [*alone, "--config.train_steps=40"]
    _finish(_start(tmp_path / "whole", more))
    workdir = tmp_path / "run"
    for steps in (5, 13, 14, 27):
        process = _start(workdir, more)
        processes.wait_for(lambda steps=steps: len(_steps(workdir)) >= steps, process)
        processes.end(process)
        found = [int(p.name) for p in (workdir / "checkpoints").iterdir() if p.name.isdigit()]
        # A checkpoint each second step; the one under way may not be whole yet.
        assert max(found, default=0) >= max(_steps(workdir)) - 4
    _finish(_start(workdir, more))
    a, b = _leaves(tmp_path / "whole"), _leaves(workdir)
    assert [name for name in a if not np.array_equal(a[name], b[name])] == []
    assert _steps(workdir) == list(range(1, 41))


def test_a_damaged_newest_checkpoint_is_set_aside_and_its_steps_done_again(
    alone, finished, tmp_path
):
    workdir = shutil.copytree(finished, tmp_path / "run")
    for file in (workdir / "checkpoints" / "12" / "state" / "d").iterdir():
        file.write_bytes(file.read_bytes()[:100])
    text = _finish(_start(workdir, [*alone, "--config.train_steps=14"]))[0]
    assert "The checkpoint of step 12" in text and "after step 10" in text
    assert [p.name.split("-")[0] for p in (workdir / "damaged_checkpoints").iterdir()] == ["12"]
    assert runs.open_run(workdir).step == 14 and _steps(workdir) == list(range(1, 15))


@pytest.fixture
def small_disk(tmp_path):
    """A disk of its own of 24 MB, where mounting one is allowed; the guard of `processes` knows."""
    directory = tmp_path / "disk"
    directory.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", directory]
    if processes.run(mount).returncode != 0:
        pytest.skip("mounting a small disk needs more rights than this user has")
    yield directory
    # What was killed a moment ago may hold it still.
    assert processes.run(["umount", "--lazy", directory]).returncode == 0


def test_a_full_disk_stops_the_run_with_one_line_and_keeps_what_was_saved(
    alone, finished, small_disk
):
    workdir = shutil.copytree(finished, small_disk / "run")
    before = _leaves(workdir)
    # Room for less than another checkpoint.
    free = os.statvfs(small_disk)
    filler = small_disk / "filler"
    filler.write_bytes(bytes(free.f_bavail * free.f_frsize - 64 * 1024))
    text = _finish(_start(workdir, [*alone, "--config.train_steps=30"]), status=1)[0]
    _one_line(text, "gait_jax.train: ", "is kept. Make room or mend the disk")
    after = _leaves(workdir)
    kept = runs.open_run(workdir).step
    assert kept >= 12
    if kept == 12:
        assert [n for n in before if not np.array_equal(before[n], after[n])] == []
    assert not list((workdir / "checkpoints").glob("*tmp*"))
    # With room again the same command goes on.
    filler.unlink()
    _finish(_start(workdir, [*alone, "--config.train_steps=30"]))
    assert runs.open_run(workdir).step == 30


# Files larger than 30 KiB (60, where the shell counts otherwise) fail half-written, as on a disk
# that fills up; nobody needs rights for it.
_SMALL_FILES = ["sh", "-c", 'ulimit -f 60; exec "$@"', "sh"]


def test_a_disk_that_takes_no_checkpoint_stops_the_run_with_one_line(alone, finished, tmp_path):
    workdir = shutil.copytree(finished, tmp_path / "run")
    more = [*alone, "--config.train_steps=30"]
    text = _finish(_start(workdir, more, before=_SMALL_FILES), status=1)[0]
    _one_line(text, "gait_jax.train: ", "is kept. Make room or mend the disk")
    assert runs.open_run(workdir).step == 12
    _finish(_start(workdir, more))
    assert runs.open_run(workdir).step == 30


def _one_line(text, start, end):
    lines = text.splitlines()
    assert "Traceback" not in text, text
    assert lines[-1].startswith(start) and end in lines[-1], text


@pytest.mark.parametrize(
    ("cluster", "message"),
    [
        (["--num_processes=2", "--process_id=0"], "--coordinator_address=HOST:PORT, --num_proc"),
        (
            ["--coordinator_address=127.0.0.1:1", "--num_processes=2", "--process_id=2"],
            "--process_id=2 is not one of --num_processes=2",
        ),
        (
            ["--coordinator_address=localhost", "--num_processes=2", "--process_id=0"],
            "has no port: use HOST:PORT",
        ),
    ],
)
def test_processes_that_cannot_meet(alone, tmp_path, cluster, message):
    text = _finish(_start(tmp_path / "run", alone, cluster=cluster), status=1)[0]
    _one_line(text, "gait_jax.train: ", message)
    assert not (tmp_path / "run").exists()
