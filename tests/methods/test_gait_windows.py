import types

import jax
import numpy as np
import pytest
from drawn import load_config
from walking_sets import make_walks

from gait_jax.data.silhouette_windows import window_data
from gait_jax.data.windows import window_starts
from gait_jax.methods.embeddings import gait_windows
from gait_jax.methods.registry import METHODS
from gait_jax.runtime import parallel


def _config(**changes):
    config = load_config("gait_windows", "casia_a")
    config.update_from_flattened_dict(
        {
            "data.size": 16,
            "data.frames": 4,
            "data.stride": 2,
            "data.asked": 2,
            "network.widths": (4, 8, 8),
            "network.frame_code": 6,
            "network.window_code": 8,
            "optimizer.schedule": "constant",
            "optimizer.decay_steps": (),
        }
        | changes
    )
    return config


@pytest.fixture(scope="module")
def gaits(tmp_path_factory):
    return make_walks(tmp_path_factory.mktemp("walks") / "gaits-0")


@pytest.fixture(scope="module")
def learned(gaits):
    """Method, state and metrics of some steps."""
    config = _config(ema_decay=0.5)
    method = METHODS["gait_windows"](config)
    dataset = types.SimpleNamespace(
        gaits=gaits.store, members=lambda _: sorted(set(gaits.subjects)), description={}
    )
    data = window_data(dataset, config.data, (16, 11), progress=False)
    step, state = parallel.parallel_steps(method.train_step), parallel.to_host(method.init())
    seen, rng = [], np.random.default_rng(0)
    for _ in range(40):
        chosen = rng.integers(len(data.train), size=8)
        batch = data.train.take(chosen, rng.integers(2**32, size=8, dtype=np.uint32))
        state, metrics = step(state, parallel.shard([batch]))
        seen.append({name: float(value[0]) for name, value in metrics.items()})
    return method, parallel.to_host(state), seen, batch


def test_it_learns_what_gaits_look_like(learned):
    method, state, seen, batch = learned
    first, last = (
        {name: np.mean([m[name] for m in part]) for name in seen[0]}
        for part in (seen[:5], seen[-5:])
    )
    for kind in ("frame", "window"):
        assert last[f"{kind}_error"] < 0.7 * first[f"{kind}_error"]
        assert last[kind] < first[kind]
    known = jax.jit(method.evaluate)(state, batch)
    assert float(known["loss"]) < first["loss"]
    drawn = np.asarray(jax.jit(method.samples)(state, batch))
    assert drawn.shape == (4, 3, 2, 16, 11)
    shown = batch["silhouettes"][0, batch["asked"][0]]
    picture = method.picture(batch, drawn)
    assert picture.shape == (3 * 16, 4 * 2 * 11) and picture.dtype == np.uint8
    np.testing.assert_array_equal(picture[:16, :22], np.hstack([*shown]))


def test_what_gaits_look_like_depends_on_no_company(learned, gaits, monkeypatch):
    method, state, *_ = learned
    starts = window_starts(gaits.store, {*gaits.subjects}, 4, 4)
    embedder = method.embedder(state)
    assert embedder.frames == 4
    frames, windows = embedder.embed(gaits.store, starts)
    assert frames.shape == (len(starts), 4, 6) and windows.shape == (len(starts), 8)
    assert frames.dtype == windows.dtype == np.float32
    monkeypatch.setattr(gait_windows, "_AT_ONCE", 3)
    alone = method.embedder(state).embed(gaits.store, starts[[7, 2]])
    np.testing.assert_allclose(alone[0], frames[[7, 2]], rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(alone[1], windows[[7, 2]], rtol=1e-3, atol=1e-4)


def test_a_window_knows_the_order_of_its_frames(learned):
    method, state, _, batch = learned
    images = batch["silhouettes"].astype(np.float32) / 255
    embed = jax.jit(
        lambda x: method.network.apply({"params": state.ema["network"]}, x, method="embed")
    )
    frames, windows = embed(images)
    turned = embed(images[:, ::-1])
    np.testing.assert_allclose(turned[0], frames[:, ::-1], rtol=1e-3, atol=1e-4)
    assert np.abs(turned[1] - windows).max() > 1e-2
