import jax.numpy as jnp
import numpy as np
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


def test_a_batch_has_to_divide():
    assert parallel.local_batch(6, 3) == 6
    with pytest.raises(
        InputError, match=r"batch_size 7 .* 1 devices and 2 parts each \(accumulate"
    ):
        parallel.local_batch(7, 2)
