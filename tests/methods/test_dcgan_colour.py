"""The DCGAN's colouriser: it learns what eq 9 paints."""

import colour_walkers
import jax
import numpy as np
import pytest
from drawn import load_config

from gait_jax import runs, trainer
from gait_jax.methods.colourisers import nearest
from gait_jax.methods.colourisers.dcgan_colour import DCGANColour, Supervised
from gait_jax.methods.contracts import Shot
from gait_jax.runtime import parallel
from gait_jax.runtime.errors import InputError

_TINY = {
    "batch_size": 2,
    "train_steps": 2,
    "log_every": 1,
    "eval_every": 2,
    "checkpoint_every": 2,
    "eval_batch": 2,
    "data.size": 16,
    "data.stride": 40,
    "network.widths": (4, 8),
    "network.hidden": 16,
}


def _config(**changes):
    config = load_config("dcgan_colour", "walkers")
    config.update_from_flattened_dict(_TINY | changes)
    return config


_LEARNS = {"optimizer.learning_rate": 2e-3, "ema_decay": 0.9, "network.widths": (8, 16)}
_LEARNS |= {"network.hidden": 64}


class _Crops:
    """Stands for crops: a red person before a blue wall, who is to become a little wider."""

    def __init__(self, size=16):
        self._size = size

    def __len__(self):
        return 2

    def take(self, indices, seeds):
        del seeds
        size = self._size
        images = np.zeros((len(indices), size, size, 3), np.uint8)
        images[..., 2] = 200
        images[:, 2:14, 6:10] = [220, 20, 20]
        masks, originals = np.zeros((2, len(indices), size, size), np.uint8)
        masks[:, 2:14, 4:10] = 1
        originals[:, 2:14, 6:10] = 1
        backgrounds = np.zeros_like(images)
        backgrounds[..., 2] = 200
        names = ("images", "masks", "originals", "backgrounds")
        return dict(zip(names, (images, masks, originals, backgrounds), strict=True))


def _batch():
    return Supervised(_Crops()).take(np.arange(2), np.zeros(2, np.uint32))


def test_the_truth_is_what_eq_9_paints_on_black():
    batch = _batch()
    assert len(Supervised(_Crops())) == 2
    for k in range(2):
        names = ("images", "originals", "masks")
        image, original, mask = (batch[name][k] for name in names)
        expected = nearest.colourise(image, np.zeros_like(image), original, mask)
        np.testing.assert_array_equal(batch["targets"][k], expected)
    assert (batch["targets"][:, 2:14, 4:10] == [220, 20, 20]).all()
    assert not batch["targets"][:, :, :4].any()


def test_a_lost_original_lends_no_colours():
    class Lost(_Crops):
        def take(self, indices, seeds):
            batch = super().take(indices, seeds)
            return batch | {"originals": 0 * batch["originals"]}

    assert not Supervised(Lost()).take(np.arange(2), np.zeros(2, np.uint32))["targets"].any()


def test_it_learns_eq_9s_colours():
    method = DCGANColour(_config(**_LEARNS))
    step = parallel.parallel_steps(method.train_step)
    state, batch = parallel.replicate(parallel.to_host(method.init())), _batch()
    shard = parallel.shard([batch])
    for _ in range(200):
        state, metrics = step(state, shard)
    state = parallel.to_host(state)
    # A mean of absolute differences in 0..1.
    assert float(metrics["loss"][0]) < 0.03 and float(method.evaluate(state, batch)["loss"]) < 0.05
    shown = method.picture(batch, np.asarray(method.samples(state, batch)))
    assert shown.shape == (5 * 16, 2 * 16, 3) and shown.dtype == np.uint8
    # On frames of any size: red where the anonymised person is, the plate elsewhere.
    mask, original = np.zeros((2, 40, 60), np.uint8)
    original[5:35, 25:35], mask[5:35, 20:35] = 1, 1
    frame, plate = np.zeros((2, 40, 60, 3), np.uint8)
    frame[..., 2], plate[..., 1] = 200, 99
    frame[original > 0] = [220, 20, 20]
    found = method.colouriser(state)(Shot(frame, original, mask), plate)
    np.testing.assert_array_equal(found[mask == 0], plate[mask == 0])
    assert np.abs(found[mask > 0].mean(0) - [220, 20, 20]).max() < 30
    nobody = method.colouriser(state)(Shot(frame, original, 0 * mask), plate)
    np.testing.assert_array_equal(nobody, plate)


def test_sizes_that_do_not_fit_are_refused():
    with pytest.raises(InputError, match="data.size 18 is not a multiple of 4"):
        DCGANColour(_config(**{"data.size": 18}))


def test_a_run_starts_and_paints(data_dir, tmp_path, monkeypatch):
    colour_walkers.patch(monkeypatch)
    config = _config(**{"data.data_dir": str(data_dir)})
    # As the papers measure: the anonymised person stands where the original stood.
    config.anonymizer.checkpoint = "shipped:stgan"
    state = trainer.train_and_evaluate(config, tmp_path / "run", progress=False)
    assert int(state.step) == 2
    colourise = runs.open_run(tmp_path / "run").colouriser()
    rng = np.random.default_rng(0)
    frame, plate = rng.integers(0, 256, (2, 48, 48, 3)).astype(np.uint8)
    mask = np.zeros((48, 48), np.uint8)
    mask[4:44, 18:30] = 1
    found = colourise(Shot(frame, mask, mask), plate)
    np.testing.assert_array_equal(found[mask == 0], plate[mask == 0])
    assert jax.tree.leaves(state.params)
