import jax
import jax.numpy as jnp
import numpy as np
import pytest
from drawn import TINY, load_config

from gait_jax.methods.anonymizers.noise_gan import NoiseGAN, config_within, noise_keys
from gait_jax.methods.anonymizers.stgan import STGAN, mean_counts
from gait_jax.methods.base import move_average
from gait_jax.runtime import parallel
from gait_jax.runtime.errors import InputError


def config_of(name):
    config = load_config(name, "casia_a")
    config.update_from_flattened_dict(TINY)
    return config


def make_batch(counts, points=64, seed=0):
    """Ellipses in body heights on their first `counts` points: B sequences of T frames."""
    counts = np.asarray(counts, np.int32)
    rng = np.random.default_rng(seed)
    contours = np.zeros((*counts.shape, points, 2), np.float32)
    for index in np.ndindex(counts.shape):
        angle = np.arange(counts[index]) / counts[index] * 2 * np.pi
        ellipse = np.stack([rng.uniform(0.1, 0.3) * np.sin(angle), -0.5 * np.cos(angle)], -1)
        contours[index][: counts[index]] = ellipse
    return {
        "contours": contours,
        "counts": counts,
        "noise_seed": np.arange(len(counts), dtype=np.uint32),
    }


@pytest.fixture(scope="module")
def padded():
    """A method of the padded layout, its state and a batch with frames of differing counts."""
    method = STGAN(config_of("stgan"))
    return method, method.init(), make_batch([[30, 40, 50, 60], [64, 64, 64, 64]])


@pytest.fixture(scope="module")
def stepped(padded):
    method, state, batch = padded
    step = parallel.parallel_steps(method.train_step)
    after, metrics = step(parallel.to_host(state), parallel.shard([batch]))
    return parallel.to_host(after), {k: float(v[0]) for k, v in metrics.items()}


def test_the_seed_reaches_what_a_run_builds_on():
    config = config_of("stgan")
    drawn = []
    for config.seed in (0, 1):
        needed = STGAN(config).prerequisites()["noise_gan"]
        assert needed.seed == config.seed
        params = NoiseGAN(needed).init().ema["generator"]
        drawn.append(np.concatenate([np.ravel(x) for x in jax.tree.leaves(params)]))
    # All but what starts at zero or one.
    assert (drawn[0] != drawn[1]).mean() > 0.8


def test_mean_counts():
    # (30 + 40 + 50 + 60) / 4 = 45.
    assert mean_counts(jnp.array([[30, 40, 50, 60], [1, 1, 1, 2]])).tolist() == [45, 1]


def test_running_mean_forgets_its_start():
    # The rate of step s is min(decay, (1 + s) / (10 + s)): 0.1 at the start, 0.55 after 10 steps.
    assert float(move_average(1.0, 2.0, jnp.array(0), 0.99)) == pytest.approx(0.1 + 0.9 * 2)
    assert float(move_average(1.0, 2.0, jnp.array(10), 0.99)) == pytest.approx(0.55 + 0.45 * 2)
    assert float(move_average(1.0, 2.0, jnp.array(10**6), 0.99)) == pytest.approx(0.99 + 0.02)


def test_noise_is_one_contour_for_every_frame_laid_out_on_the_mean_count(padded):
    method, state, batch = padded
    drawn = method.samples(state, batch)
    noise, counts = drawn["noise"]
    assert counts.tolist() == [[45] * 4, [64] * 4]
    np.testing.assert_array_equal(noise[0, 0], noise[0, 3])
    assert not np.asarray(noise[0, 0, 45:]).any()
    assert np.asarray(noise[0, 0, :45]).any()
    # On all 64 points nothing is moved: it is what G_N drew.
    whole = method.noise_gan.draw(state.frozen["noise_gan"], noise_keys(batch))
    np.testing.assert_allclose(noise[1, 0], whole[1], atol=1e-6)
    assert not np.allclose(whole[0], whole[1])


def test_a_gaussian_seed_spreads_alike_in_both_layouts():
    # Between two of its points it would have 2/3 of the variance: a standard deviation of 0.16.
    for layout, valid in (("padded", 1500), ("resampled", 2000)):
        config = config_of("stgan")
        config.noise, config.data.layout, config.data.points = "gaussian", layout, 2000
        method = STGAN(config)
        keys = jax.random.split(jax.random.key(0), 4)
        noise, mask = method._noise(method.init(), keys, jnp.full(4, valid), 2000)
        assert np.asarray(mask).sum(1).tolist() == [valid] * 4
        assert float(noise[:, :valid].std()) == pytest.approx(0.2, rel=0.02)
        assert not np.asarray(noise[:, valid:]).any()


def test_noise_reaches_the_result(padded):
    method, state, batch = padded
    args = (
        state,
        batch["contours"],
        batch["counts"],
        noise_keys(batch),
        mean_counts(batch["counts"]),
    )
    moved = jax.tree.map(lambda x: x + 1.0, state.frozen)
    before = method.apply(*args)
    # Other noise, other result: the noise encoder is joined to the decoder.
    after = method.apply(state.replace(frozen=moved), *args[1:])
    assert np.abs(np.asarray(before - after)).max() > 1e-4


def test_one_step_moves_every_network_but_the_frozen_one(padded, stepped):
    _, before, _ = padded
    after, _ = stepped
    assert int(after.step) == 1
    for name in ("generator", "spatial", "temporal"):
        moved = jax.tree.map(
            lambda a, b: float(np.abs(np.asarray(a) - b).max()),
            before.params[name],
            after.params[name],
        )
        assert max(jax.tree.leaves(moved)) > 1e-5, name
        # Adam's first step moves no parameter by more than its learning rate.
        rate = 5e-4 if name == "generator" else 2e-4
        assert max(jax.tree.leaves(moved)) <= rate * 1.01, name
    jax.tree.map(np.testing.assert_array_equal, before.frozen, after.frozen)
    # The mean's first rate is 0.1.
    jax.tree.map(
        lambda e, a, b: np.testing.assert_allclose(e, 0.1 * np.asarray(a) + 0.9 * b, atol=1e-6),
        after.ema["generator"],
        before.params["generator"],
        after.params["generator"],
    )


def test_losses_of_a_step_add_up_to_equation_8(stepped):
    _, m = stepped
    # configs/stgan.py: contour 100, α 0.3, l1.
    expected = m["loss_spatial"] + m["loss_temporal"]
    expected += 100 * (m["loss_reconstruction"] + 0.3 * m["loss_perturbation"])
    assert m["loss_generator"] == pytest.approx(expected, rel=1e-5)
    assert m["loss_reconstruction"] == pytest.approx(m["from_original"], rel=1e-6)
    assert m["loss_perturbation"] == pytest.approx(m["from_noise"], rel=1e-6)


@pytest.mark.parametrize("norm", ["l1", "l2"])
def test_reconstruction_alone_brings_the_gait_back_and_alpha_moves_it_to_the_noise(norm):
    # Without discriminators the loss is ‖Y-Ŷ‖ + α‖Ẑ-Ŷ‖: a large α ends nearer to the noise.
    distances = []
    for alpha in (0.0, 3.0):
        config = config_of("stgan_resampled")
        config.loss.norm, config.loss.alpha = norm, alpha
        config.loss.spatial = config.loss.temporal = 0.0
        config.optimizer.learning_rate = 5e-3
        config.ema_decay = 0.5
        method = STGAN(config)
        state, batch = method.init(), make_batch([[64] * 4] * 2)
        step = parallel.parallel_steps(method.train_step)
        shard = parallel.shard([batch])
        state = parallel.replicate(parallel.to_host(state))
        for _ in range(150):
            state, _ = step(state, shard)
        distances.append(jax.tree.map(float, method.evaluate(parallel.to_host(state), batch)))
    plain, noisy = distances
    assert plain["from_original"] < 0.1
    assert noisy["from_original"] > 2 * plain["from_original"]
    assert noisy["from_noise"] < 0.5 * plain["from_noise"]


def test_noise_gan_trains_on_stretched_contours():
    # A padded contour of 32 of 64 points fills all 64 for D_N, every other point half way between.
    method = NoiseGAN(config_within(config_of("stgan")))
    batch = make_batch([[32]])
    real = np.asarray(method._real(batch))
    assert real.shape == (1, 64, 2)
    np.testing.assert_allclose(real[0, ::2], batch["contours"][0, 0, :32], atol=1e-6)
    middle = (batch["contours"][0, 0, 0] + batch["contours"][0, 0, 1]) / 2
    np.testing.assert_allclose(real[0, 1], middle, atol=1e-6)


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("data.points", 60, "data.points 60 is not a multiple of 16"),
        ("discriminators.pool", 7, "data.points 64 is not a multiple of 7"),
        ("noise_gan.generator.stride", 10, "data.points 64 is not a multiple of 10"),
    ],
)
def test_sizes_that_do_not_fit_are_refused(field, value, message):
    config = config_of("stgan_resampled")
    config.update_from_flattened_dict({field: value})
    with pytest.raises(InputError, match=message):
        STGAN(config)
