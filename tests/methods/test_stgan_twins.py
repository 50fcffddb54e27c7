"""ST-GAN's networks on twins: is the target the twin, and does the noise bring its body?"""

import jax
import numpy as np
import pytest
from drawn import draw_walk, load_config

from gait_jax.data.scenes import move, walking
from gait_jax.data.twin_clips import TwinClips, film, twin_of
from gait_jax.gait import silhouette
from gait_jax.gait.codec import RESAMPLED, ContourCodec
from gait_jax.methods.registry import METHODS
from tfds_casia.walkers import recording

_FRAMES, _POINTS = 4, 64


@pytest.fixture(scope="module")
def clips():
    made = [film(0, _FRAMES, _POINTS, index) for index in range(4)]
    return TwinClips({name: np.stack([clip[name] for clip in made]) for name in made[0]})


@pytest.fixture(scope="module")
def batch(clips):
    return clips.take(np.arange(4), np.zeros(4, np.uint32))


@pytest.fixture(scope="module")
def method():
    config = load_config("stgan_twins", "")
    config.update_from_flattened_dict(
        {
            "data.frames": _FRAMES,
            "data.points": _POINTS,
            "generator.widths": (4, 4),
            "generator.code": 2,
            "generator.hidden": 8,
            "discriminators.widths": (4, 4),
            "discriminators.hidden": 4,
            "discriminators.embedding": 4,
            "discriminators.lstm": 4,
            "optimizer.learning_rate": 5e-3,
        }
    )
    return METHODS["stgan_twins"](config)


def test_twins_are_others_who_take_the_same_steps(batch):
    assert batch["contours"].shape == batch["twins"].shape == (4, _FRAMES, _POINTS, 2)
    assert batch["noise"].shape == (4, _POINTS, 2) and (batch["counts"] == _POINTS).all()
    # All are a body tall.
    for name in ("contours", "twins"):
        np.testing.assert_allclose(np.ptp(batch[name][..., 1], axis=-1), 1, atol=0.06)
    off = np.abs(batch["contours"] - batch["twins"]).sum(-1).mean(-1)
    assert (off > 0.01).all() and np.median(off) < 0.2
    again = film(0, _FRAMES, _POINTS, 1)
    np.testing.assert_allclose(again["twins"], batch["twins"][1])
    assert np.abs(film(1, _FRAMES, _POINTS, 1)["twins"] - again["twins"]).max() > 0.01


def test_who_is_their_own_twin_looks_the_same_and_somebody_else_does_not():
    rng, again = (recording.stream("twins", 0, 2) for _ in range(2))
    scene = move(rng, 8, walking(rng, 8))
    walking(again, 8)
    # Who walks is drawn after their pace.
    someone = int(again.integers(2**31))

    def outlines(masks):
        codec = ContourCodec(RESAMPLED, _POINTS)
        return np.stack([codec.encode(silhouette.clean((mask > 0) * np.uint8(1)))[0]
                         for mask in np.pad(masks, ((0, 0), (4, 4), (4, 4)))])  # fmt: skip

    own = outlines(scene.sight.masks)
    same, other = (outlines(twin_of(scene, seed)[1].masks) for seed in (someone, someone + 1))
    off = np.abs(same - own).sum(-1).mean()
    assert off < 0.02
    assert np.abs(other - own).sum(-1).mean() > 3 * off


def test_the_twin_is_the_target_and_its_body_the_noise(method, batch):
    state = method.init()
    made = method._made(state, state.params["generator"], batch)
    np.testing.assert_array_equal(made.target, batch["twins"])
    np.testing.assert_array_equal(made.noise[:, 0], batch["noise"])
    assert made.fake.shape == batch["twins"].shape
    assert (np.asarray(made.noise_mask) == 1).all()
    measured = method.evaluate(state, batch)
    between = np.abs(batch["contours"] - batch["twins"]).sum(-1).mean()
    assert float(measured["twin_from_original"]) == pytest.approx(between, rel=1e-4)
    config = method.config.copy_and_resolve_references()
    config.target = "original"
    plain = METHODS["stgan_twins"](config)._made(state, state.params["generator"], batch)
    np.testing.assert_array_equal(plain.target, batch["contours"])
    np.testing.assert_array_equal(plain.fake, made.fake)
    other = batch | {"noise": batch["noise"][::-1]}
    changed = method._made(state, state.params["generator"], other)
    assert np.abs(changed.fake - made.fake).max() > 1e-6


def test_it_learns_to_come_nearer_to_the_twin(method, batch):
    state = method.init()
    step = jax.pmap(method.train_step, "devices", in_axes=(None, 0), out_axes=(None, None))
    shared = jax.tree.map(lambda x: x[None], batch)
    first = None
    for _ in range(40):
        state, metrics = step(state, shared)
        first = first or float(metrics["from_twin"])
    assert float(metrics["from_twin"]) < 0.8 * first


def test_each_key_draws_a_body_of_its_own(method):
    anonymizer = method.anonymizer(method.init())
    a, b, again = (anonymizer.person([None], jax.random.key(k), 25.0) for k in (1, 2, 1))
    np.testing.assert_array_equal(a.drawn, again.drawn)
    assert a.drawn.shape == (_POINTS, 2) and np.abs(a.drawn - b.drawn).max() > 0.01
    result = anonymizer([mask // 255 for mask in draw_walk(3)], jax.random.key(1))
    assert len(result.masks) == 3
