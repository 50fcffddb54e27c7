import jax
import numpy as np
import optax
import pytest
from drawn import load_config

from configs import common
from gait_jax.methods import fields
from gait_jax.methods.optimizers import adam, learning_rate, sgd
from gait_jax.methods.registry import METHODS
from gait_jax.runtime.errors import InputError


def _config(kind="adam", **changes):
    c = common.training(batch_size=1, train_steps=10, log_every=1, eval_every=1, eval_batch=1)
    c.optimizer_d = common.adam(0.1, b1=0.5)
    if kind == "sgd":
        c.optimizer_d.momentum = 0.0
    c.optimizer_d.update(changes)
    fields.check_fields(c, fields.below("optimizer_d", fields.ADAM))
    return c


def _rates(steps, **changes):
    rate = learning_rate(_config(**changes).optimizer_d, "optimizer_d")
    return [round(float(rate(step)), 7) for step in steps]


def _moves(optimizer, grads, params, steps=1):
    """The update of the last of some steps with the same gradients, and all states' structures."""
    state = optimizer.init(params)
    for _ in range(steps):
        updates, state = optimizer.update(grads, state, params)
    return updates, state


def test_the_default_is_the_papers_adam_to_the_bit_with_the_same_state():
    params = {"w": np.array([1.0, -2.0], np.float32), "b": np.float32(0.3)}
    grads = {"w": np.array([0.7, 1e-3], np.float32), "b": np.float32(-5)}
    ours, plain = adam(_config(), "optimizer_d"), optax.adam(0.1, b1=0.5, b2=0.999)
    found, expected = (_moves(optimizer, grads, params, 3) for optimizer in (ours, plain))
    # Checkpoints of earlier revisions have this structure.
    assert jax.tree.structure(found) == jax.tree.structure(expected)
    for a, b in zip(jax.tree.leaves(found), jax.tree.leaves(expected), strict=True):
        assert np.asarray(a).tobytes() == np.asarray(b).tobytes()


@pytest.mark.parametrize("file", ["stgan", "stgan_resampled", "wu2017", "colour_transfer"])
def test_every_optimiser_is_constant_unless_asked(file):
    config = load_config(file, "walkers")
    groups = [config[name] for name in config if name.startswith("optimizer")]
    groups += [config.noise_gan[n] for n in config.get("noise_gan", {}) if n.startswith("optimi")]
    assert groups
    for group in groups:
        assert learning_rate(group, "optimizer") == group.learning_rate
        assert group.clip_norm == 0
        assert group.weight_decay == 0


def test_wu_published_is_trained_as_its_authors_did():
    group = load_config("wu2017", "walkers,form=published").optimizer
    assert (group.name, group.learning_rate, group.weight_decay) == ("sgd", 0.01, 5e-4)
    rate = learning_rate(group, "optimizer")
    assert [float(rate(step)) for step in (0, 149_999, 150_001, 900_001)] == pytest.approx(
        [0.01, 0.01, 1e-3, 1e-4]
    )


def test_warm_up_grows_from_nothing_and_stays():
    assert _rates([0, 1, 2, 4, 5, 1000], warmup=4) == [0, 0.025, 0.05, 0.1, 0.1, 0.1]


def test_a_cosine_by_hand():
    # 0.1 · (1 + cos(π · t / 8)) / 2, and after its end nothing is left.
    assert _rates([0, 2, 4, 8, 9], schedule="cosine", decay_steps=(8,)) == [
        0.1,
        round(0.05 * (1 + 2**-0.5), 7),
        0.05,
        0,
        0,
    ]
    # With a warm-up it begins where that ends, and ends at the same step.
    warm = {"schedule": "cosine", "decay_steps": (12,), "warmup": 4}
    assert _rates([0, 2, 4, 8, 12], **warm) == [0, 0.05, 0.1, 0.05, 0]


def test_steps_by_hand():
    falls = {"schedule": "step", "decay_steps": (3, 5), "decay_rate": 0.5}
    assert _rates([0, 2, 3, 4, 5, 99], **falls) == [0.1, 0.1, 0.05, 0.05, 0.025, 0.025]
    assert _rates([0, 1, 2, 3, 5], **falls, warmup=2) == [0, 0.05, 0.1, 0.05, 0.025]


def test_the_schedule_counts_steps_in_the_state_and_goes_on_from_there():
    config = _config("sgd", schedule="step", decay_steps=(2,), warmup=1)
    params, grads = {"w": np.ones(1, np.float32)}, {"w": np.ones(1, np.float32)}
    optimizer = sgd(config, "optimizer_d")
    state, moved = optimizer.init(params), []
    for _ in range(4):
        updates, state = optimizer.update(grads, state, params)
        # As a checkpoint gives it back, to an optimiser that was built anew.
        optimizer, state = sgd(config, "optimizer_d"), jax.tree.map(np.asarray, state)
        moved.append(float(updates["w"][0]))
    np.testing.assert_allclose(moved, [0, -0.1, -0.01, -0.01], rtol=1e-6)


def test_gradients_are_clipped_by_their_length_together():
    # ‖(3, 0), 4‖ = 5: with clip_norm 1 a fifth of each is left, and shorter ones stay.
    grads = {"w": np.array([3.0, 0.0], np.float32), "b": np.float32(4)}
    optimizer = sgd(_config("sgd", clip_norm=1.0), "optimizer_d")
    updates, _ = _moves(optimizer, grads, grads)
    np.testing.assert_allclose(updates["w"], [-0.06, 0.0], rtol=1e-6)
    np.testing.assert_allclose(updates["b"], -0.08, rtol=1e-6)
    updates, _ = _moves(sgd(_config("sgd", clip_norm=6.0), "optimizer_d"), grads, grads)
    np.testing.assert_allclose(updates["b"], -0.4, rtol=1e-6)


def test_adams_weight_decay_is_decoupled_and_sgds_is_not():
    params, grads = {"w": np.array([2.0], np.float32)}, {"w": np.array([1e-2], np.float32)}
    # The first step of Adam is the learning rate, whatever the gradient; the decay comes on top.
    updates, _ = _moves(adam(_config(weight_decay=0.25), "optimizer_d"), grads, params)
    np.testing.assert_allclose(updates["w"], [-0.1 * (1 + 0.25 * 2)], rtol=1e-4)
    updates, _ = _moves(sgd(_config("sgd", weight_decay=0.25), "optimizer_d"), grads, params)
    np.testing.assert_allclose(updates["w"], [-0.1 * (0.01 + 0.25 * 2)], rtol=1e-6)
    # It follows the schedule: at the first step of a warm-up nothing moves.
    still = adam(_config(weight_decay=0.25, warmup=3), "optimizer_d")
    assert _moves(still, grads, params)[0]["w"] == 0


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"schedule": "cosine"}, "give the one step at which the cosine has come to 0"),
        ({"schedule": "cosine", "decay_steps": (3, 5)}, r"optimizer_d.decay_steps \[3, 5\] does"),
        ({"schedule": "step"}, "'step': give the steps after which the learning rate falls"),
        ({"decay_steps": (3,)}, "'constant': leave it empty, or choose cosine or step"),
        ({"schedule": "step", "decay_steps": (5, 3)}, "its steps must rise"),
        (
            {"schedule": "cosine", "decay_steps": (8,), "warmup": 8},
            r"come after optimizer_d.warmup \(8\)",
        ),
    ],
)
def test_fields_that_do_not_go_together_are_refused(changes, message):
    with pytest.raises(InputError, match=message):
        adam(_config(**changes), "optimizer_d")


def test_a_method_takes_all_of_it(tiny_config):
    changes = {"schedule": "cosine", "decay_steps": (4,), "warmup": 1, "clip_norm": 1.0}
    for group in ("optimizer", "optimizer_d"):
        tiny_config[group].update(changes | {"weight_decay": 0.1})
    method = METHODS[tiny_config.method](tiny_config)
    state = jax.eval_shape(method.init)
    counters = [leaf for leaf in jax.tree.leaves(state.opt["spatial"]) if leaf.shape == ()]
    # Adam's own and the schedule's.
    assert len(counters) == 2
