"""The baseline with another person's gait as noise: it learns, and draws nothing."""

import jax
import numpy as np
import pytest
from drawn import TINY, draw_walk, load_config

from gait_jax import runs, trainer
from gait_jax.export import main as export
from gait_jax.methods.registry import METHODS
from gait_jax.runtime import parallel

_POINTS = 64


def config_of(**changes):
    config = load_config("tieu2017", "casia_a")
    known = {name: value for name, value in TINY.items() if not name.startswith(("noise", "disc"))}
    config.update_from_flattened_dict(
        known | {"data.noise.walks": 4, "data.noise.frames": 5} | changes
    )
    return config


def method_of(**changes):
    return METHODS["tieu2017"](config_of(**changes))


def made_up(seed=0):
    """Noise gaits of two people, ellipses of two widths, and a batch of narrower ones."""
    angle = np.arange(_POINTS) / _POINTS * 2 * np.pi
    ellipse = lambda width: np.stack([width * np.sin(angle), -0.5 * np.cos(angle)], -1)  # noqa: E731
    names = np.zeros((4, 64), np.uint8)
    names[:2, 0] = list(b"ab")
    outlines = np.zeros((4, 32, 2), np.float32)
    outlines[:2] = [ellipse(0.2)[::2], ellipse(0.4)[::2]]
    contours = np.zeros((4, 5, _POINTS, 2), np.float16)
    contours[0], contours[1] = ellipse(0.2), ellipse(0.4)
    kept = {
        "people": np.array([0, 1, 0, 0], np.int32),
        "views": np.array([90, 90, 0, 0], np.int32),
        "lengths": np.array([3, 9, 0, 0], np.int32),
        "outlines": outlines,
        "contours": contours,
        "names": names,
    }
    batch = {
        "contours": np.stack([ellipse(width) for width in (0.09, 0.1, 0.1, 0.11)])
        .astype(np.float32)[None]
        .repeat(2, axis=0),
        "counts": np.full((2, 4), _POINTS, np.int32),
        "noise_seed": np.full(2, seed, np.uint32),
        "noise_frames": np.tile(5 + np.arange(4, dtype=np.int32), (2, 1)),
    }
    return kept, batch


def test_it_learns_the_gait_between_the_original_and_the_noise():
    # The least ‖Y-Ŷ‖² + α‖Ẑ-Ŷ‖² is (Y + αẐ) / (1 + α): at α = 1 half way.
    method = method_of(**{"loss.alpha": 1.0, "optimizer.learning_rate": 5e-3, "ema_decay": 0.5})
    kept, batch = made_up()
    state = parallel.replicate(parallel.to_host(method.init(statistics=kept)))
    step, shard = parallel.parallel_steps(method.train_step), parallel.shard([batch])
    for _ in range(150):
        state, metrics = step(state, shard)
    state = parallel.to_host(state)
    assert set(state.params) == {"generator"} and int(state.step) == 150
    np.testing.assert_array_equal(state.frozen["noise_gaits"]["contours"], kept["contours"])
    found = {name: float(value) for name, value in method.evaluate(state, batch).items()}
    assert found["original_from_noise"] == pytest.approx(0.3 * 2 / np.pi, rel=0.02)
    assert found["from_original"] == pytest.approx(found["from_noise"], rel=0.3)
    assert found["from_original"] + found["from_noise"] < 1.3 * found["original_from_noise"]
    # Random numbers do not enter.
    again = method.evaluate(state, made_up(seed=7)[1])
    assert {name: float(value) for name, value in again.items()} == found


@pytest.mark.parametrize("layout", ["padded", "resampled"])
def test_each_frame_has_its_own_of_the_noise_gait(layout):
    method = method_of(**{"data.layout": layout})
    kept, batch = made_up()
    kept["contours"][1] *= np.arange(1, 6)[:, None, None]
    batch["counts"][:] = 32 if layout == "padded" else 64
    state = method.init(statistics=kept)
    noise, counts = method.samples(state, batch)["noise"]
    assert (np.asarray(counts) == batch["counts"]).all()
    # The noise gait's own points, every other one where there is room for half of them.
    shown = kept["contours"][1, :4, :: 2 if layout == "padded" else 1].astype(np.float32)
    np.testing.assert_allclose(noise[0, :, : shown.shape[1]], shown, atol=1e-3)
    assert not np.asarray(noise[0, :, shown.shape[1] :]).any()


def test_the_same_for_every_key_and_never_the_nearest():
    method = method_of()
    anonymizer = method.anonymizer(method.init(statistics=made_up()[0]))
    walk = [mask // 255 for mask in draw_walk(7)]
    glimpses = [anonymizer.glimpse(mask) for mask in walk]
    people = [anonymizer.person([None, *glimpses], jax.random.key(k), 25.0) for k in (1, 2)]
    # A drawn person is about 0.27 body heights wide: nearer to a.
    assert [anonymizer.borrowed(person) for person in people] == ["b", "b"]
    first, second = (anonymizer(walk, jax.random.key(k)) for k in (1, 2))
    np.testing.assert_array_equal(first.masks, second.masks)
    # Other noise, other result.
    kept, _ = made_up()
    kept["contours"][1] *= 3
    other = method.anonymizer(method.init(statistics=kept))(walk, jax.random.key(1))
    assert other.measures["distance"] != first.measures["distance"]


def test_a_run_starts_goes_on_and_is_exported(casia_a_dir, data_dir, tmp_path):
    places = {"data.manual_dir": str(casia_a_dir), "data.data_dir": str(data_dir)}
    places["data.noise.walks"] = 8
    config = config_of(**places, train_steps=2)
    trainer.train_and_evaluate(config, tmp_path / "run", progress=False)
    config.train_steps = 4
    state = trainer.train_and_evaluate(config, tmp_path / "run", progress=False)
    whole = trainer.train_and_evaluate(config, tmp_path / "whole", progress=False)
    jax.tree.map(np.testing.assert_array_equal, state.params, whole.params)
    assert export([str(tmp_path / "run"), "-o", str(tmp_path / "model")]) == 0
    walk = [mask // 255 for mask in draw_walk(6)]
    found = [
        runs.open_run(tmp_path / name).anonymizer()(walk, jax.random.key(0))
        for name in ("run", "model")
    ]
    np.testing.assert_array_equal(found[0].masks, found[1].masks)
    assert found[0].masks[0].any()
