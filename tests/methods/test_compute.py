"""How a step is computed: in parts, in bfloat16, profiled."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from drawn import TINY, load_config

from gait_jax import trainer
from gait_jax.methods.anonymizers.noise_gan import NoiseGAN, config_within
from gait_jax.methods.anonymizers.stgan import STGAN
from gait_jax.methods.colourisers.colour_transfer import ColourTransfer
from gait_jax.methods.recognisers.wu2017 import Wu2017
from gait_jax.runtime import parallel
from gait_jax.runtime.errors import InputError


def _contours(config):
    rng = np.random.default_rng(0)
    shape = (4, config.data.frames, config.data.points)
    angles = np.linspace(0, 2 * np.pi, shape[2], endpoint=False)
    ring = 0.3 * np.stack([np.cos(angles), np.sin(angles)], -1)
    return {
        "contours": (ring + 0.03 * rng.normal(size=(*shape, 2))).astype(np.float32),
        "counts": np.full(shape[:2], shape[2], np.int32),
        "noise_seed": np.arange(4, dtype=np.uint32),
    }


def _stgan(**changes):
    config = load_config("stgan_resampled", "casia_a")
    config.update_from_flattened_dict(TINY | changes)
    return STGAN(config), _contours(config)


def _noise_gan(**changes):
    config = load_config("stgan_resampled", "casia_a")
    config.update_from_flattened_dict(TINY | {f"noise_gan.{k}": v for k, v in changes.items()})
    config = config_within(config)
    return NoiseGAN(config), _contours(config)


def _wu2017(**changes):
    config = load_config("wu2017", "casia_a,small")
    config.update_from_flattened_dict(
        {"data.size": 50, "batch_size": 4, "dropout": 0.5, "optimizer.name": "sgd"} | changes
    )
    rng = np.random.default_rng(0)
    batch = {
        "images": rng.integers(0, 256, (4, 2, 50, 50)).astype(np.uint8),
        "pairs": np.tile(np.array([[[0, 1], [1, 1]]]), (4, 1, 1)).astype(np.int32),
        "same": np.tile(np.array([[0, 1]]), (4, 1)).astype(np.int32),
        "seed": np.arange(4, dtype=np.uint32),
    }
    return Wu2017(config), batch


def _colour_transfer(**changes):
    config = load_config("colour_transfer", "walkers")
    tiny = {"data.size": 32, "network.widths": (4, 8), "network.hidden": 8, "network.reach": (2,)}
    config.update_from_flattened_dict(tiny | changes)
    rng = np.random.default_rng(0)
    masks = np.zeros((4, 32, 32), np.uint8)
    masks[:, 4:28, 10:22] = 1
    picture = lambda: rng.integers(0, 256, (4, 32, 32, 3)).astype(np.uint8)  # noqa: E731
    originals = np.roll(masks, 2, axis=2)
    batch = {"images": picture(), "backgrounds": picture()}
    batch |= {"masks": masks, "originals": originals}
    return ColourTransfer(config), batch


_METHODS = pytest.mark.parametrize("make", [_stgan, _noise_gan, _wu2017, _colour_transfer])


def _step(method, batch):
    step = parallel.parallel_steps(method.train_step)
    state = parallel.replicate(parallel.to_host(method.init()))
    state, metrics = step(state, parallel.shard([batch]))
    return parallel.to_host(state), {k: float(v[0]) for k, v in metrics.items()}


@_METHODS
def test_a_batch_in_parts_is_the_same_step(make):
    whole, whole_metrics = _step(*make())
    parts, parts_metrics = _step(*make(accumulate=2))
    assert whole_metrics.keys() == parts_metrics.keys()
    for name, value in whole_metrics.items():
        assert parts_metrics[name] == pytest.approx(value, rel=1e-4, abs=1e-5), name
    # What Adam remembers of the first gradient, and not the step, in which signs decide.
    for a, b in zip(jax.tree.leaves(whole.opt), jax.tree.leaves(parts.opt), strict=True):
        np.testing.assert_allclose(a, b, rtol=2e-3, atol=2e-6)


@_METHODS
def test_bfloat16_is_for_the_layers_alone(make):
    method, batch = make(precision="bfloat16")
    state, metrics = _step(method, batch)
    for leaf in jax.tree.leaves(state):
        assert leaf.dtype in (np.float32, np.int32), leaf.dtype
    exact = _step(*make())[1]
    for name, value in metrics.items():
        assert np.isfinite(value)
        # Eight bits: some per cent off, but not another thing.
        assert value == pytest.approx(exact[name], rel=0.1, abs=0.05), name
    assert any(value != exact[name] for name, value in metrics.items())
    # The layers do compute in it.
    text = str(jax.make_jaxpr(method.evaluate)(method.init(), batch))
    assert "bf16" in text
    assert "bf16" not in str(jax.make_jaxpr(make()[0].evaluate)(make()[0].init(), batch))


def test_a_precision_that_is_none():
    with pytest.raises(InputError, match="precision 'float8' cannot be used: it must be one of"):
        _stgan(precision="float8")


def test_a_profile_and_compiled_programs_are_kept(tiny_config, tmp_path):
    # Of G_N alone: a profile holds the programs, and ST-GAN's are large.
    config = config_within(tiny_config)
    config.train_steps = 4
    config.profile = "2-3"
    config.compilation_cache = str(tmp_path / "programs")
    before = jax.config.jax_compilation_cache_dir
    try:
        trainer.train_and_evaluate(config, tmp_path / "run", progress=False)
        assert jax.config.jax_compilation_cache_dir == str(tmp_path / "programs")
    finally:
        jax.config.update("jax_compilation_cache_dir", before)
    assert list((tmp_path / "run" / "profile").rglob("*.xplane.pb"))


def test_noise_is_the_same_in_parts():
    # Each example draws by its own seed, wherever it is computed.
    method, batch = _stgan()
    half = {name: value[2:] for name, value in batch.items()}
    state = method.init()
    whole, part = (method.samples(state, b)["noise"][0] for b in (batch, half))
    np.testing.assert_allclose(jnp.asarray(whole)[2:], part, atol=1e-5)
