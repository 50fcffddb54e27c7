import colour_walkers
import jax
import numpy as np
import pytest
from drawn import load_config

from gait_jax import runs, trainer
from gait_jax.data.anonymized import anonymized_gaits
from gait_jax.data.crops import CropStore
from gait_jax.data.dataset import open_dataset
from gait_jax.methods.colourisers.colour_transfer import ColourTransfer
from gait_jax.methods.contracts import Shot
from gait_jax.pretrained import DEFAULT
from gait_jax.runtime import parallel
from gait_jax.runtime.errors import InputError
from gait_jax.runtime.run_directory import RunDirectory

TINY = {
    "batch_size": 2,
    "train_steps": 2,
    "log_every": 1,
    "eval_every": 2,
    "checkpoint_every": 2,
    "eval_batch": 2,
    "data.size": 32,
    "data.stride": 20,
    "network.widths": (4, 8),
    "network.hidden": 8,
    "network.reach": (2,),
}


def _config(form="walkers", **changes):
    config = load_config("colour_transfer", form)
    config.update_from_flattened_dict(TINY | changes)
    return config


def _batch(size=32):
    """A red person before a blue wall, who is to become a little wider."""
    images = np.zeros((2, size, size, 3), np.uint8)
    images[..., 2] = 200
    images[:, 4:28, 12:20] = [220, 20, 20]
    masks = np.zeros((2, size, size), np.uint8)
    masks[:, 4:28, 10:22] = 1
    originals = np.zeros_like(masks)
    originals[:, 4:28, 12:20] = 1
    backgrounds = np.zeros_like(images)
    backgrounds[..., 2] = 200
    return {"images": images, "masks": masks, "originals": originals, "backgrounds": backgrounds}


@pytest.mark.parametrize("form", ["walkers", "walkers,paper"])
def test_the_edge_gets_the_centres_colour_though_the_original_shows_the_wall_there(form):
    config = _config(form, **{"optimizer.learning_rate": 5e-3, "ema_decay": 0.9})
    method = ColourTransfer(config)
    step = parallel.parallel_steps(method.train_step)
    state = parallel.replicate(parallel.to_host(method.init()))
    batch = _batch()
    for _ in range(150):
        state, metrics = step(state, parallel.shard([batch]))
    # Grey all over would score 0.4.
    assert float(metrics["loss_reconstruction"][0]) < 0.1
    output, painted = method.samples(parallel.to_host(state), batch)
    assert (np.asarray(painted) == 1).all() == (form == "walkers,paper")
    masks = batch["masks"] > 0
    assert not np.asarray(output)[~masks].any()
    edge = np.asarray(output)[:, 8:24, 10:12].mean((0, 1, 2))
    # As red as the person, and not as blue as the wall behind.
    assert edge[0] > 0.6 and edge[2] < 0.35


def test_losses_of_a_step_add_up():
    method = ColourTransfer(_config(**{"loss.reconstruction": 3.0, "loss.style": 0.5}))
    metrics = method.evaluate(method.init(), _batch())
    expected = 3 * metrics["loss_reconstruction"] + 0.5 * metrics["loss_style"]
    assert float(metrics["loss"]) == pytest.approx(float(expected), rel=1e-6)


def test_the_centre_is_the_erosion_of_the_gait_or_of_the_overlap():
    batch = _batch()
    # The wall is in the centre of the printed form, whose kernel takes one pixel of two away.
    batch["originals"][:, 4:28, 12:20] = 0
    batch["originals"][:, 8:12, 14:17] = 1
    for overlap in (False, True):
        method = ColourTransfer(_config(**{"loss.overlap": overlap, "loss.kernel": 3}))
        state = method.init()
        output, _ = method.samples(state, batch)
        off = np.abs(batch["images"] / 255 - np.asarray(output)).mean(-1)
        centre = off[:, 9:11, 15:16] if overlap else off[:, 5:27, 11:21]
        found = method.evaluate(state, batch)["loss_reconstruction"]
        assert float(found) == pytest.approx(centre.mean(), rel=1e-5)


def test_a_picture_has_a_row_for_each_of_four():
    method = ColourTransfer(_config())
    batch = _batch()
    drawn = method.picture(batch, jax.tree.map(np.asarray, method.samples(method.init(), batch)))
    assert drawn.shape == (4 * 32, 2 * 32, 3)
    # Blue, green, red, for the file.
    assert drawn[16, 16].tolist() == [20, 20, 220]
    assert drawn[32 + 16, 16].tolist() == [255] * 3


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"data.size": 30}, r"data.size 30 is not a multiple of 4 \(the stages of network.widths"),
        ({"data.size": 36}, r"data.size 36 is not a multiple of 8 \(loss.grid\)"),
        ({"loss.kernel": 4}, "loss.kernel 4 is even: use an odd number"),
    ],
)
def test_configurations_that_do_not_fit(changes, message):
    with pytest.raises(InputError, match=message):
        ColourTransfer(_config(**changes))


def _gaits_of(run, config):
    """The gaits that a run of colour transfer is trained on, which are there already."""
    dataset = open_dataset(config.data, progress=False)
    subjects = {*dataset.members("train"), *dataset.members("validation")}
    indices = dataset.indices(subjects)
    assert 0 < len(indices) < len(dataset.originals.sequences)
    return anonymized_gaits(
        dataset, None, run.key, config.seed, indices, progress=False, incomplete=True
    )


def test_without_an_anonymiser_the_one_that_ships_is_used(tmp_path, monkeypatch):
    colour_walkers.patch(monkeypatch)
    config = _config(train_steps=1)
    config.data.data_dir = str(tmp_path / "data")
    assert ColourTransfer(config).prerequisites() == {"anonymizer": DEFAULT}
    trainer.train_and_evaluate(config, tmp_path / "run", progress=False)
    data = RunDirectory(tmp_path / "run").data_description()
    gaits = _gaits_of(runs.open_run(DEFAULT), config)
    assert data["anonymized"] == gaits.key
    # Stand-ins walk beside the originals, which are laid under them: else a part of them shared no
    # pixel, and nothing of what they look like could be learned.
    (kept,) = gaits.directory.glob("crops-*")
    store = CropStore(kept, config.data.size)
    shared = (store.masks & store.originals).sum((1, 2)) / store.masks.sum((1, 2))
    assert len(shared) > 4 and shared.min() > 0.35 and np.median(shared) > 0.45


def test_trained_from_a_gait_anonymiser_and_used_on_frames(trained_run, tmp_path, monkeypatch):
    colour_walkers.patch(monkeypatch)
    config = _config()
    config.data.data_dir = str(tmp_path / "data")
    config.anonymizer.checkpoint = str(trained_run)
    state = trainer.train_and_evaluate(config, tmp_path / "run", progress=False)
    assert int(state.step) == 2
    assert (tmp_path / "run" / "samples" / "0000002.png").exists()
    data = RunDirectory(tmp_path / "run").data_description()
    assert data["anonymized"] == _gaits_of(runs.open_run(trained_run), config).key

    run = runs.open_run(tmp_path / "run")
    assert run.step == 2
    recording = open_dataset(run.config.data, progress=False).recording(2)
    frame, background, mask = recording.frame(5), recording.background, recording.complete(5)
    result = run.colouriser()(Shot(frame, mask, mask), background)
    np.testing.assert_array_equal(result[mask == 0], background[mask == 0])
    assert (result[mask > 0] != background[mask > 0]).any(axis=1).mean() > 0.5


def test_a_run_of_another_method_is_no_anonymiser(trained_run, tmp_path, monkeypatch):
    colour_walkers.patch(monkeypatch)
    config = _config()
    config.data.data_dir = str(tmp_path / "data")
    config.anonymizer.checkpoint = str(trained_run / "noise_gan")
    with pytest.raises(InputError, match="is a run of noise_gan, which anonymises nothing by itse"):
        trainer.train_and_evaluate(config, tmp_path / "run", progress=False)
    assert not (tmp_path / "run").exists()


def test_it_is_a_colouriser_and_nothing_else(trained_run):
    method = ColourTransfer(_config())
    state = method.init()
    assert method.colouriser(state) is not None
    assert method.anonymizer(state) is None and method.recogniser(state) is None
    with pytest.raises(InputError, match="is a run of stgan, which colours nothing"):
        runs.open_run(trained_run).colouriser()
    with pytest.raises(InputError, match="is a run of stgan, which recognises nobody"):
        runs.open_run(trained_run).recogniser()
