import sys

import jax
import jax.numpy as jnp
import numpy as np
import processes
import pytest

from gait_jax.runtime import parallel
from gait_jax.runtime.errors import InputError


def test_accumulating_gives_the_mean_of_the_parts():
    batch = {"x": jnp.arange(12.0).reshape(6, 2)}
    seen = []

    def function(part):
        seen.append(part["x"].shape)
        return {"mean": part["x"].mean(), "columns": part["x"].mean(0)}

    whole, parts = (parallel.accumulate(function, batch, n) for n in (1, 3))
    # (0 + … + 11) / 12, and of each column.
    assert float(whole["mean"]) == float(parts["mean"]) == 5.5
    np.testing.assert_allclose(parts["columns"], [5, 6])
    # The whole at once; in parts, two examples at a time.
    assert seen[0] == (6, 2) and set(seen[1:]) == {(2, 2)}


def test_some_steps_a_dispatch_are_as_many_single_ones():
    def step(state, batch):
        mean = parallel.mean(batch["x"].mean())
        return 2 * state + mean, {"mean": mean}

    batches = [{"x": np.full((3, 2), i, np.float32)} for i in range(4)]
    together, metrics = parallel.parallel_steps(step)(np.float32(1), parallel.shard(batches))
    state, single = np.float32(1), parallel.parallel_steps(step)
    for batch in batches:
        state, _ = single(state, parallel.shard([batch]))
    # 1 → 2 → 5 → 12 → 27.
    assert float(together) == float(state) == 27
    assert metrics["mean"].tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize(("processes", "messages"), [(1, 3), (2, 1)])
def test_processes_send_a_tree_in_one_message(monkeypatch, processes, messages):
    monkeypatch.setattr(jax, "process_count", lambda: processes)
    tree = {"a": jnp.arange(3.0), "b": [jnp.ones((2, 2)), jnp.float32(7)]}
    # Over one device, a mean is what it is of.
    mean = jax.vmap(lambda x: parallel.mean(x), axis_name=parallel.AXIS)
    found = mean(jax.tree.map(lambda x: x[None], tree))
    jax.tree.map(lambda x, y: np.testing.assert_array_equal(x, y[0]), tree, found)
    # A function of its own: JAX remembers what it has traced.
    program = jax.make_jaxpr(lambda x: parallel.mean(x), axis_env=[(parallel.AXIS, 1)])(tree)
    assert str(program).count("psum[") == messages, program


class _Devices:
    """Stand-ins for the devices of a run: so many processes, each with so many."""

    def __init__(self, monkeypatch, processes: int, each: int):
        self.own = [f"device {i}" for i in range(each)]
        monkeypatch.setattr(jax, "process_count", lambda: processes)
        monkeypatch.setattr(jax, "local_devices", lambda: list(self.own))
        monkeypatch.setattr(jax, "device_count", lambda: processes * each)


@pytest.mark.parametrize(
    ("batch", "parts", "used"),
    [(8, 1, 4), (4, 1, 4), (1, 1, 1), (2, 1, 2), (6, 1, 3), (7, 1, 1), (8, 2, 4), (8, 4, 2)],
)
def test_one_process_uses_as_many_devices_as_a_batch_divides_among(
    monkeypatch, caplog, batch, parts, used
):
    devices = _Devices(monkeypatch, processes=1, each=4)
    assert parallel.local_devices(batch, parts) == devices.own[:used]
    assert parallel.local_batch(batch) == batch
    said = [record.getMessage() for record in caplog.records]
    assert len(said) == (used < 4)
    if said:
        each = f" and {parts} parts each (accumulate)" if parts > 1 else ""
        verb = "is" if used == 1 else "are"
        assert said == [
            f"batch_size {batch} does not divide among 4 devices{each}: {used} of them {verb} used."
        ]


@pytest.mark.parametrize(("batch", "fits"), [(1, "3"), (7, "6 or 9"), (8, "6 or 9")])
def test_a_batch_that_no_device_can_divide_into_parts_names_what_fits(monkeypatch, batch, fits):
    _Devices(monkeypatch, processes=1, each=4)
    with pytest.raises(InputError) as caught:
        parallel.local_devices(batch, 3)
    assert str(caught.value) == (
        f"batch_size {batch} does not divide into 3 parts (accumulate): use {fits}"
    )


def test_many_processes_use_all_their_devices_or_none(monkeypatch, caplog):
    devices = _Devices(monkeypatch, processes=4, each=4)
    assert parallel.local_devices(64) == parallel.local_devices(64, 4) == devices.own
    assert parallel.local_batch(64) == 16
    for batch, fits in [(8, "16"), (40, "32 or 48")]:
        with pytest.raises(InputError) as caught:
            parallel.local_devices(batch)
        assert str(caught.value) == (
            f"batch_size {batch} does not divide among the 16 devices of 4 processes: use {fits}"
        )
    with pytest.raises(InputError, match=r"and 3 parts each \(accumulate\): use 48 or 96"):
        parallel.local_devices(64, 3)
    assert caplog.records == []


_SOME_DEVICES = """
import jax, numpy as np
from gait_jax.runtime import parallel

devices = parallel.local_devices(6)
assert devices == jax.local_devices()[:3], devices

def step(state, batch):
    assert batch["x"].shape == (2,)
    mean = parallel.mean(batch["x"].mean())
    return state + mean, {"mean": mean}

steps = parallel.parallel_steps(step)
state = parallel.replicate(np.float32(1), devices)
before = state.sharding
for _ in range(2):
    state, metrics = steps(state, parallel.shard([{"x": np.arange(6, dtype=np.float32)}], devices))
# 1 + 2.5 + 2.5, placed as it began: nothing is compiled twice.
assert float(state) == 6 and state.sharding.device_set == set(devices), state
assert state.sharding.is_equivalent_to(before, 0), (state.sharding, before)
"""


def test_steps_run_on_some_of_the_devices():
    done = processes.run([sys.executable, "-c", _SOME_DEVICES], env=processes.devices(4))
    assert done.returncode == 0, done.stderr
    assert "batch_size 6 does not divide among 4 devices: 3 of them are used." in done.stderr
