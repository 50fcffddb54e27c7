"""The two-phase step on a generator g·z and a discriminator w·x, two numbers in all."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from gait_jax.methods.adversarial import two_phase_step
from gait_jax.methods.base import State
from gait_jax.runtime import parallel

_G_RATE, _D_RATE, _DECAY = 0.1, 0.3, 0.5
_G, _W, _STEP = 0.7, -0.4, 2


def _optimizers():
    return {"generator": optax.sgd(_G_RATE), "critic": optax.sgd(_D_RATE)}


def _state():
    params = {"generator": {"g": jnp.float32(_G)}, "critic": {"w": jnp.float32(_W)}}
    return State(
        step=jnp.int32(_STEP),
        params=params,
        opt={name: _optimizers()[name].init(p) for name, p in params.items()},
        ema={"generator": {"g": jnp.float32(3.0)}},
        frozen={"kept": jnp.float32(9.0)},
    )


def _batch(size=4):
    rng = np.random.default_rng(0)
    return {name: rng.normal(size=size).astype(np.float32) for name in ("z", "x")}


class _Game:
    """Counts how often something is generated while the step is traced."""

    def __init__(self):
        self.generated = 0

    def generate(self, params, batch):
        self.generated += 1
        fake, back = jax.vjp(lambda p: p["g"] * batch["z"], params)
        return (fake, batch["x"]), back

    @staticmethod
    def d_loss(params, made, batch):
        assert set(params) == {"critic"}
        fake, real = made
        loss = (
            (params["critic"]["w"] * real - 1) ** 2 + (params["critic"]["w"] * fake) ** 2
        ).mean()
        return loss, {"loss_d": loss}

    @staticmethod
    def g_loss(params, fake, made, batch):
        assert set(params) == {"critic"}
        loss = ((params["critic"]["w"] * fake - 1) ** 2 + (fake - made[1]) ** 2).mean()
        return loss, {"loss_g": loss}


def _step(accumulate=1, batch=None):
    game = _Game()
    step = parallel.parallel_steps(
        lambda state, batch: two_phase_step(
            state, batch, _optimizers(), game.generate, game.d_loss, game.g_loss, accumulate, _DECAY
        )
    )
    state = parallel.replicate(parallel.to_host(_state()))
    state, metrics = step(state, parallel.shard([batch or _batch()]))
    return parallel.to_host(state), {k: float(v[0]) for k, v in metrics.items()}, game


def _by_hand(z, x):
    """(new g, new w, D's loss, G's loss), with derivatives worked out on paper."""
    fake = _G * z
    d_loss = np.mean((_W * x - 1) ** 2 + (_W * fake) ** 2)
    w = _W - _D_RATE * np.mean(2 * (_W * x - 1) * x + 2 * _W * fake**2)
    # The generator meets the discriminator that has just learned, with what was generated before.
    g_loss = np.mean((w * fake - 1) ** 2 + (fake - x) ** 2)
    g = _G - _G_RATE * np.mean((2 * (w * fake - 1) * w + 2 * (fake - x)) * z)
    return g, w, d_loss, g_loss


@pytest.mark.parametrize("accumulate", [1, 2, 4])
def test_a_step_by_hand(accumulate):
    batch = _batch()
    g, w, d_loss, g_loss = _by_hand(batch["z"].astype(float), batch["x"].astype(float))
    state, metrics, _ = _step(accumulate)
    assert state.params["critic"]["w"] == pytest.approx(w, rel=1e-5)
    assert state.params["generator"]["g"] == pytest.approx(g, rel=1e-5)
    assert metrics == {
        "loss_d": pytest.approx(d_loss, rel=1e-5),
        "loss_g": pytest.approx(g_loss, rel=1e-5),
    }
    # By hand means by this order: a generator that met the old discriminator would be elsewhere.
    fake = _G * batch["z"]
    simultaneous = np.mean((2 * (_W * fake - 1) * _W + 2 * (fake - batch["x"])) * batch["z"])
    assert abs(_G - _G_RATE * simultaneous - g) > 1e-3


@pytest.mark.parametrize("accumulate", [1, 2])
def test_what_else_a_step_moves(accumulate):
    state, _, _ = _step(accumulate)
    assert int(state.step) == _STEP + 1
    assert set(state.params) == set(state.opt) == {"generator", "critic"}
    # The running mean's rate at step 2 is (1 + 2) / (10 + 2), less than its decay.
    expected = 0.25 * 3.0 + 0.75 * state.params["generator"]["g"]
    assert set(state.ema) == {"generator"}
    assert state.ema["generator"]["g"] == pytest.approx(expected, rel=1e-6)
    assert state.frozen == {"kept": 9.0}


def test_both_phases_share_what_was_generated_where_the_batch_is_whole():
    assert _step(1)[2].generated == 1
    # In parts each phase makes its own again, so that only one part is held at a time.
    assert _step(2)[2].generated >= 2


def test_gradients_are_averaged_over_devices_before_they_are_clipped():
    clip, decay = 0.05, 0.5
    optimizers = {
        name: optax.chain(
            optax.clip_by_global_norm(clip), optax.add_decayed_weights(decay), optax.sgd(1.0)
        )
        for name in ("generator", "critic")
    }
    state = _state()
    state = state.replace(opt={name: optimizers[name].init(p) for name, p in state.params.items()})
    # Two devices that pull the critic in opposite directions: -2x at w = 0.
    state.params["critic"]["w"] = jnp.float32(0.0)
    batch = {"x": np.array([[3.0], [-2.98]], np.float32), "z": np.zeros((2, 1), np.float32)}
    game = _Game()
    after, _ = jax.vmap(
        lambda share: two_phase_step(
            state, share, optimizers, game.generate, game.d_loss, game.g_loss, 1, _DECAY
        ),
        axis_name=parallel.AXIS,
    )(batch)
    # The mean, -0.02, is shorter than the limit; each by itself would have been cut to it.
    np.testing.assert_allclose(after.params["critic"]["w"], [0.02, 0.02], rtol=1e-4)
    # The decay is of the parameters from before the step: G's gradient is 0 where z is.
    np.testing.assert_allclose(after.params["generator"]["g"], [_G * (1 - decay)] * 2, rtol=1e-6)
