import types

import jax
import ml_collections
import numpy as np
import pytest
from drawn import draw_walk, load_config

from gait_jax.gait import resemblance
from gait_jax.methods.inverters.contours import ContourInversion, WalkInverter
from gait_jax.runtime import parallel
from gait_jax.runtime.errors import InputError

_DATA = ml_collections.ConfigDict({"points": 128, "frames": 4})


def _config(**changes):
    config = load_config("inversion", "casia_a")
    config.update_from_flattened_dict(
        {
            "data.points": 32,
            "data.frames": 4,
            "network.widths": (8, 8),
            "optimizer.schedule": "constant",
            "optimizer.warmup": 0,
            "optimizer.decay_steps": (),
        }
        | changes
    )
    return config


def _ring(tall, wide):
    angle = np.linspace(0, 2 * np.pi, 32, endpoint=False)
    ring = np.stack([wide / 2 * np.sin(angle), -tall / 2 * np.cos(angle)], -1)
    return np.broadcast_to(ring, (2, 4, 32, 2)).astype(np.float32)


def test_it_starts_as_the_identity_and_learns_to_undo():
    method = ContourInversion(_config(**{"optimizer.learning_rate": 1e-2, "ema_decay": 0.0}))
    state = parallel.to_host(method.init())
    # Everybody was made twice as wide.
    batch = {"contours": _ring(1, 0.4), "originals": _ring(1, 0.2)}
    before = method.evaluate(state, batch)
    np.testing.assert_array_equal(method.samples(state, batch), batch["contours"])
    # |Δx| = 0.1 |sin|, whose mean over the ring is 2 / π.
    assert float(before["anonymized_from_original"]) == pytest.approx(0.2 / np.pi, rel=0.01)
    assert before["inverted_from_original"] == before["anonymized_from_original"]
    step = parallel.parallel_steps(method.train_step)
    for _ in range(60):
        state, metrics = step(state, parallel.shard([batch]))
    after = method.evaluate(parallel.to_host(state), batch)
    assert float(after["inverted_from_original"]) < 0.1 * before["inverted_from_original"]
    assert after["anonymized_from_original"] == before["anonymized_from_original"]
    assert method.picture(batch, np.asarray(batch["contours"])).shape[0] == 2 * 3 * 114


def test_what_is_the_original_already_is_left_alone():
    # The gradient of |0| is not 0 to JAX.
    method = ContourInversion(_config(**{"loss.norm": "l2"}))
    start = parallel.to_host(method.init())
    batch = {"contours": _ring(1, 0.3), "originals": _ring(1, 0.3)}
    step = parallel.parallel_steps(method.train_step)
    state, metrics = step(start, parallel.shard([batch]))
    assert float(metrics["loss"][0]) == 0
    jax.tree.map(np.testing.assert_array_equal, parallel.to_host(state).params, start.params)


@pytest.mark.parametrize("length", [1, 3, 4, 9, 16, 21])
def test_walks_of_every_length_come_back_in_order(length):
    seen = []

    def apply(factor, windows):
        seen.append(windows.shape)
        return factor * windows

    inverter = WalkInverter(types.SimpleNamespace(apply=apply), 2.0, _DATA)
    vectors = np.random.default_rng(0).normal(size=(length, 5, 2)).astype(np.float32)
    np.testing.assert_array_equal(inverter._inverted(vectors), 2 * vectors)
    # One compiled shape, whatever the length.
    assert seen == [(4, 4, 5, 2)]


def test_bodies_stay_in_their_places():
    inverter = WalkInverter(types.SimpleNamespace(apply=lambda _, w: w), None, _DATA)
    masks = [mask // 255 for mask in draw_walk(5)]
    for mask, made in zip(masks, inverter(masks), strict=True):
        assert made.shape == mask.shape
        both = np.count_nonzero(made & mask) / np.count_nonzero(made | mask)
        assert both > 0.97 and resemblance.compare(mask, made)[0] < 0.006


def test_strides_that_do_not_fit_are_refused():
    with pytest.raises(InputError, match=r"data.points 36 is not a multiple of 8"):
        ContourInversion(_config(**{"data.points": 36}))
