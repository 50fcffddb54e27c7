"""The DCGAN anonymiser: whole people from torn silhouettes, changed by noise."""

import dataclasses

import jax
import numpy as np
import pytest
from drawn import draw_walk, load_config

from gait_jax import runs, trainer
from gait_jax.data.torn_pictures import TornPictures
from gait_jax.export import main as export
from gait_jax.methods.contracts import NO_OUTLINE, UNCHANGED, Seen
from gait_jax.methods.registry import METHODS
from gait_jax.runtime import parallel
from gait_jax.runtime.errors import InputError

_TINY = {
    "batch_size": 8,
    "train_steps": 2,
    "log_every": 1,
    "eval_every": 2,
    "checkpoint_every": 2,
    "eval_batch": 4,
    "data.size": 16,
    "data.columns": 16,
    "data.stride": 1,
    "data.noise.grid": (2, 2),
    "generator.widths": (8, 8),
    "generator.hidden": 16,
    "discriminator.widths": (4, 8),
}


def config_of(**changes):
    config = load_config("dcgan", "casia_a")
    config.update_from_flattened_dict(_TINY | changes)
    return config


def method_of(**changes):
    return METHODS["dcgan"](config_of(**changes))


@pytest.fixture(scope="module")
def untrained():
    """An anonymiser, untrained."""
    method = method_of()
    return method.anonymizer(method.init())


class _Gaits:
    """Stands for a store: drawn people, cut to their bodies."""

    def __init__(self):
        self._bodies = []
        for mask in draw_walk(12, tall=72):
            rows, columns = (np.flatnonzero(mask.any(axis)) for axis in (1, 0))
            body = mask[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
            self._bodies.append(body // 255)

    def body(self, frame):
        return self._bodies[frame]


def _pictures(**changes):
    return TornPictures(_Gaits(), np.arange(12), config_of(**changes).data)


def _take(pictures, count=12):
    return pictures.take(np.arange(count), np.arange(count, dtype=np.uint32))


def test_pictures_are_torn_whole_and_bent_by_their_noise():
    batch = _take(_pictures(**{"data.size": 64, "data.columns": 48, "data.torn": 1.0}))
    assert {name: (x.shape, x.dtype) for name, x in batch.items()} == {
        "seen": ((12, 64, 48), np.uint8),
        "whole": ((12, 64, 48), np.uint8),
        "bent": ((12, 64, 48), np.uint8),
        "noise": ((12, 8), np.float32),
    }
    apart = [(batch["seen"][i] > 127) != (batch["whole"][i] > 127) for i in range(12)]
    assert np.mean([one.mean() for one in apart]) > 0.01
    assert (batch["bent"] != batch["whole"]).any((1, 2)).all()
    # Without both, all three are the same.
    calm = _take(_pictures(**{"data.torn": 0.0, "data.noise.reach": 0.0}))
    np.testing.assert_array_equal(calm["seen"], calm["whole"])
    np.testing.assert_array_equal(calm["bent"], calm["whole"])
    np.testing.assert_array_equal(calm["noise"], batch["noise"])


def test_it_learns_to_mend_and_to_listen_to_the_noise():
    # Without D and with α = 0 the whole silhouette is all that is asked for.
    changes = {"loss.alpha": 0.0, "optimizer.learning_rate": 5e-3, "ema_decay": 0.9}
    method = method_of(**changes, **{"data.torn": 1.0})
    batch = _take(_pictures(**{"data.torn": 1.0}), 8)
    step, shard = parallel.parallel_steps(method.train_step), parallel.shard([batch])
    state = parallel.replicate(parallel.to_host(method.init()))
    for _ in range(120):
        state, metrics = step(state, shard)
    state = parallel.to_host(state)
    found = {name: float(value) for name, value in method.evaluate(state, batch).items()}
    assert found["from_original"] > max(0.85, found["seen_and_original"])
    shown = method.picture(batch, method.samples(state, batch))
    assert shown.shape == (5 * 16, 8 * 16) and shown.dtype == np.uint8
    # The loss adds up: 20 (L_Rec + α L_Per) beside the adversarial term.
    m = {name: float(value[0]) for name, value in metrics.items()}
    expected = m["loss_adversarial"] + 20 * m["loss_reconstruction"]
    assert m["loss_generator"] == pytest.approx(expected, rel=1e-4)


def test_height_and_feet_of_the_frames_around_are_taken_where_a_part_is_missing(untrained):
    anonymizer = untrained
    walk = [mask // 255 for mask in draw_walk(9)]
    whole = [anonymizer.glimpse(mask) for mask in walk]
    # In the fifth frame they stand in a hole up to their knees.
    torn = [*whole]
    torn[4] = dataclasses.replace(torn[4], height=torn[4].height - 20, bottom=torn[4].bottom - 20)
    person = anonymizer.person([None, *torn], jax.random.key(1), 25.0)
    assert np.isnan(person.heights[0]) and np.isnan(person.bottoms[0])
    heights, bottoms = ([getattr(one, name) for one in torn] for name in ("height", "bottom"))
    assert person.heights[5] == np.quantile(heights, 1 / 4) > heights[4] + 15
    assert person.bottoms[5] == np.median(bottoms) > bottoms[4] + 15
    # One draw of noise a person, another one for another key.
    again = anonymizer.person(torn, jax.random.key(2), 25.0)
    assert person.noise.shape == (8,) and (person.noise != again.noise).all()
    # Cut out of the picture, the mask is framed likewise.
    mask = walk[4]
    inside, cut_off = (
        person.framing(Seen(part, 5, corner))
        for part, corner in ((mask, (0, 0)), (mask[7:, 5:], (5, 7)))
    )
    assert inside.bottom == person.bottoms[5] == cut_off.bottom + 7
    assert inside.middle == cut_off.middle + 5
    # Of pictures of several sizes nothing is known of where one stands in the other.
    apart = [anonymizer.glimpse(np.pad(mask, t)) for t, mask in enumerate(walk)]
    person = anonymizer.person(apart, jax.random.key(1), 25.0)
    assert np.isnan(person.bottoms).all()
    assert person.framing(Seen(mask, 4)).bottom == np.flatnonzero(mask.any(1))[-1] + 1


def _drawing(untrained, monkeypatch, draw):
    """The anonymiser with another network."""
    monkeypatch.setattr(untrained, "_draw", lambda params, pictures, noise: draw(pictures))
    return untrained


def test_a_person_stands_where_the_original_stood_and_is_one_region(untrained, monkeypatch):
    def draw(pictures):
        logits = pictures.astype(np.float32) / 64 - 2
        # A speck that is nobody's.
        logits[:, 1, 1] = 4
        return logits

    someone = _drawing(untrained, monkeypatch, draw)
    walk = [mask // 255 for mask in draw_walk(70, start=30)][:20]
    wide = [np.pad(mask, 9) for mask in walk]
    result = someone([*walk, *wide, None], jax.random.key(0))
    assert list(result.problems) == [40]
    for original, made in zip([*walk, *wide], result.masks, strict=False):
        assert made.shape == original.shape and someone.is_whole(made, original)
        assert (made & original).sum() / (made | original).sum() > 0.6
    assert set(result.measures) == {"one_region_raw"}


@pytest.mark.parametrize("value", [-1.0, np.nan])
def test_it_fails_closed(untrained, monkeypatch, value):
    someone = _drawing(
        untrained, monkeypatch, lambda pictures: np.full(pictures.shape, value, np.float32)
    )
    result = someone([mask // 255 for mask in draw_walk(3)], jax.random.key(0))
    assert set(result.problems.values()) == {NO_OUTLINE}
    assert not any(mask.any() for mask in result.masks) and result.measures == {}


def test_the_original_itself_is_no_result(untrained, monkeypatch):
    someone = _drawing(untrained, monkeypatch, lambda pictures: np.ones(pictures.shape, np.float32))
    block = np.zeros((40, 30), np.uint8)
    block[2:38, 1:29] = 1
    person = someone.person([someone.glimpse(block)], jax.random.key(0), 25.0)
    (body,) = someone.bodies([person], [Seen(block, 0)])
    same = np.ones_like(block)
    (again,) = someone.bodies([person], [Seen(same, 0)])
    assert body.problem is None and again.problem == UNCHANGED and not again.mask.any()


def test_sizes_that_do_not_fit_are_refused():
    with pytest.raises(InputError, match="data.columns 18 is not a multiple of 4"):
        method_of(**{"data.columns": 18})


def test_a_run_starts_goes_on_and_is_exported(casia_a_dir, data_dir, tmp_path):
    places = {"data.manual_dir": str(casia_a_dir), "data.data_dir": str(data_dir)}
    config = config_of(**places)
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
    # Exports hold rounded parameters, and these have learnt so little that pixels are on the edge.
    assert np.mean(np.array(found[0].masks) != np.array(found[1].masks)) < 2e-3
    assert found[0].masks[3].any()
