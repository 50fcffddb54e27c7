import jax
import numpy as np
import pytest
from drawn import load_config

from gait_jax.data import onlooker_clips
from gait_jax.data.onlooker_clips import OnlookerClips
from gait_jax.gait.following import NO_WALKS
from gait_jax.methods.registry import METHODS
from gait_jax.models import resnext3d
from gait_jax.runtime import parallel
from gait_jax.runtime.errors import InputError


def _config(**changes):
    config = load_config("resnext3d", "")
    tiny = {
        "data.frames": 8,
        "data.size": 8,
        "network.stem": 8,
        "network.widths": (8,),
        "network.blocks": (1,),
        "network.cardinality": 4,
        "optimizer.schedule": "constant",
        "optimizer.decay_steps": (),
        "ema_decay": 0.5,
    }
    config.update_from_flattened_dict(tiny | changes)
    return config


def test_groups_do_not_see_each_other():
    layer = resnext3d.GroupedConv(8, 4)
    clip = jax.random.normal(jax.random.key(0), (1, 3, 4, 4, 8))
    params = layer.init(jax.random.key(1), clip)
    assert params["params"]["kernel"].shape == (3, 3, 3, 2, 8)
    before = layer.apply(params, clip)
    after = layer.apply(params, clip.at[..., 2].add(1.0))
    changed = np.abs(np.asarray(after - before)).max(axis=(0, 1, 2, 3)) > 1e-6
    # The third channel is of the second group of two.
    assert changed.tolist() == [False, False, True, True, False, False, False, False]


def test_a_grouped_convolution_is_xlas_own(monkeypatch):
    layer = resnext3d.GroupedConv(8, 2, 2)
    clip = jax.random.normal(jax.random.key(0), (2, 5, 6, 4, 8))
    params = layer.init(jax.random.key(1), clip)
    here = layer.apply(params, clip)
    assert here.shape == (2, 3, 3, 2, 8)
    monkeypatch.setattr(jax, "default_backend", lambda: "tpu")
    np.testing.assert_allclose(layer.apply(params, clip), here, rtol=1e-4, atol=1e-5)


@pytest.fixture(scope="module")
def walks():
    """Somebody bright whose middle rows move to and fro from frame to frame, on grey."""
    count, frames = 6, 8 + onlooker_clips._SPARE
    masks = np.zeros((count, frames, 8, 8), np.uint8)
    masks[:, :, :, 3:5] = 1
    masks[:, ::2, 2:6, 1:3] = 1
    masks[:, 1::2, 2:6, 5:7] = 1
    scenes = np.full((count, frames, 8, 8, 3), 60, np.uint8)
    pictures = np.where(masks[..., None] > 0, np.uint8(220), scenes)
    return OnlookerClips({"pictures": pictures, "scenes": scenes, "masks": masks}, 8)


@pytest.fixture(scope="module")
def learned(walks):
    """Method and state after some steps on walks and frozen ones alone, and a batch."""
    method = METHODS["resnext3d"](_config())
    step, state = parallel.parallel_steps(method.train_step), parallel.to_host(method.init())
    rng = np.random.default_rng(0)

    def batch():
        kinds = [i % 2 for i in range(16)]
        clips = [walks.clip(i % 6, ("walking", "frozen")[k], rng) for i, k in enumerate(kinds)]
        return {"clips": np.stack(clips), "kind": np.array(kinds, np.int32)}

    for _ in range(40):
        state, metrics = step(state, parallel.shard([batch()]))
    assert {"loss", "right"} <= metrics.keys()
    return method, parallel.to_host(state), batch()


def test_it_learns_to_tell_who_moves(learned):
    method, state, batch = learned
    metrics = {name: float(x) for name, x in jax.jit(method.evaluate)(state, batch).items()}
    assert metrics["auc_frozen"] > 0.95 and metrics["right"] > 0.8
    # Of kinds that the batch does not hold nothing is known.
    assert {metrics[f"auc_{kind}"] for kind in NO_WALKS if kind != "frozen"} == {0.5}
    samples = np.asarray(jax.jit(method.samples)(state, batch))
    assert samples.shape == (16,) and samples[::2].mean() > samples[1::2].mean() + 0.3
    picture = method.picture(batch, samples)
    assert picture.dtype == np.uint8 and picture.ndim == 2


def test_an_onlooker_follows_the_person_through_a_clip(learned):
    method, state, _ = learned
    look = method.onlooker(state)
    assert "made people" in look.learned_from
    # As the network saw it, in larger pictures, 25 frames a second: each is shown twice.
    pictures = np.full((20, 60, 90, 3), 60, np.uint8)
    masks = np.zeros((20, 60, 90), np.uint8)
    for i, (picture, mask) in enumerate(zip(pictures, masks, strict=True)):
        mask[10:42, 40:50] = 1
        side = slice(30, 40) if i // 2 % 2 else slice(50, 60)
        mask[18:34, side] = 1
        picture[mask > 0] = 220
    still = [pictures[0]] * 20
    moves, stands = look(pictures, masks), look(still, [masks[0]] * 20)
    assert 0 <= stands < moves <= 1
    assert look(pictures, 0 * masks) == 0.0


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"network.widths": (8, 8)}, "network.widths and network.blocks differ in length"),
        ({"network.cardinality": 3}, "network.stem 8 is not a multiple of 3"),
        ({"data.size": 10}, "data.size 10 is not a multiple of 4"),
    ],
)
def test_networks_that_cannot_be_built(changes, message):
    with pytest.raises(InputError, match=message):
        METHODS["resnext3d"](_config(**changes))


def test_other_methods_look_at_no_clips(trained_run):
    from gait_jax import runs

    with pytest.raises(InputError, match="is a run of stgan, which looks at no clips"):
        runs.open_run(trained_run).onlooker()
