import os

import jax
import pytest

from gait_jax.runtime import distributed
from gait_jax.runtime.errors import InputError


@pytest.fixture
def slurm(monkeypatch):
    """What Slurm tells the second of four tasks; gives what JAX is asked for, and fails there."""
    asked = []

    def initialize(*given, **more):
        asked.append((given, os.environ.get("JAX_COORDINATOR_PORT")))
        raise RuntimeError("UNKNOWN: Failed to start RPC server\nmore")

    monkeypatch.setattr(jax.distributed, "initialize", initialize)
    monkeypatch.setenv("JAX_COORDINATOR_PORT", "")
    monkeypatch.delenv("JAX_COORDINATOR_PORT")
    for name, value in {
        "JOB_ID": "17", "STEP_ID": "0", "STEP_NODELIST": "n1", "NTASKS": "4", "PROCID": "1",
    }.items():  # fmt: skip
        monkeypatch.setenv(f"SLURM_{name}", value)
    return asked


def test_a_port_that_another_run_of_the_job_holds_costs_one_line(slurm):
    with pytest.raises(InputError, match=r"RPC server\): if another run .* JAX_COORDINATOR_PORT"):
        distributed.initialize()
    # The first step's is JAX's own.
    assert slurm == [((None, None, None), None)]


def test_steps_of_a_job_have_ports_of_their_own(slurm, monkeypatch):
    monkeypatch.setenv("SLURM_STEP_ID", "3")
    with pytest.raises(InputError):
        distributed.initialize()
    assert slurm == [((None, None, None), str(65536 - 4096 + 17 + 3 * 61))]
    monkeypatch.setenv("JAX_COORDINATOR_PORT", "7000")
    with pytest.raises(InputError):
        distributed.initialize()
    assert slurm[-1][1] == "7000"


def test_a_single_task_of_slurm_needs_no_port_of_the_job(slurm, monkeypatch):
    monkeypatch.setenv("SLURM_NTASKS", "1")
    before = jax.config.jax_cpu_collectives_implementation
    try:
        with pytest.raises(RuntimeError, match="UNKNOWN"):
            distributed.initialize()
    finally:
        jax.config.update("jax_cpu_collectives_implementation", before)
    ((address, count, process), _) = slurm[0]
    assert address.startswith("127.0.0.1:") and (count, process) == (1, 0)


def test_a_run_of_one_process_may_be_suspended(monkeypatch):
    # Its heartbeat, which nobody else listens to, misses nothing for a day at least.
    asked = {}
    monkeypatch.setattr(jax.distributed, "initialize", lambda *given, **more: asked.update(more))
    before = jax.config.jax_cpu_collectives_implementation
    try:
        distributed.initialize(None, 1, 0)
    finally:
        jax.config.update("jax_cpu_collectives_implementation", before)
    assert asked["heartbeat_timeout_seconds"] >= 24 * 3600


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
