import colour_walkers
import ml_collections
import numpy as np
import pytest

from gait_jax.data import derived
from gait_jax.data.crops import Crops, crop_data
from gait_jax.data.dataset import GaitDataset
from gait_jax.runtime.errors import InputError


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("colour")


@pytest.fixture
def config(folder, monkeypatch):
    colour_walkers.patch(monkeypatch)
    return ml_collections.ConfigDict(
        {
            "name": "walkers",
            "data_dir": str(folder),
            "manual_dir": "",
            "subjects": 3,
            "colour": True,
            "groups": "few",
            "group": "train",
            "validation_group": "validation",
            "stride": 20,
            "size": 48,
            "margin": 0.05,
            "recolour": False,
        }
    )


def _narrowed(masks, walk):
    """Stands for an anonymiser: leaves the left half; cannot do a walk's first frame."""
    del walk
    result = []
    for i, mask in enumerate(masks):
        narrow = mask.copy()
        narrow[:, np.median(np.nonzero(mask)[1]).astype(int) :] = 0
        result.append(narrow if i else np.zeros_like(mask))
    return result


def test_recordings_have_a_frame_for_each_silhouette(config):
    dataset = GaitDataset(config, progress=False)
    recording = dataset.recording(1)
    assert len(recording) == dataset.walks[1].last - dataset.walks[1].first
    assert recording.frame(0).shape == recording.plate.shape == (240, 320, 3)
    assert recording.clothing in ("plain", "textural")
    np.testing.assert_array_equal(recording.complete(3), dataset.masks(1)[3])
    exact, degraded = recording.complete(3), recording.incomplete(3)
    assert exact.shape == degraded.shape and set(np.unique(degraded)) <= {0, 1}
    # Colours are red, green, blue: a person differs from the plate, the scene around does not.
    apart = np.abs(recording.frame(3).astype(int) - recording.plate).mean(axis=2)
    assert apart[exact > 0].mean() > 5 * apart[:100, :40].mean()


def test_crops_show_the_person_beside_the_anonymised_gait(config):
    data = crop_data(config, _narrowed, "half", progress=False)
    frames = len(GaitDataset(config, progress=False).recording(0))
    # Of every 20th frame the first could not be anonymised.
    assert len(data.train) == len(range(0, frames, 20)) - 1
    batch = data.train.take(np.arange(len(data.train)), np.arange(len(data.train), dtype=np.uint32))
    assert batch["images"].shape[1:] == (48, 48, 3) and batch["images"].dtype == np.uint8
    assert batch["masks"].shape[1:] == (48, 48) and set(np.unique(batch["masks"])) == {0, 1}
    # The anonymised gait is the left half of the original, which is cut off with its box.
    np.testing.assert_array_equal(batch["originals"] * batch["masks"], batch["masks"])
    # The box is the anonymised gait's with a twentieth around: 44 of 48 rows.
    heights = [np.ptp(np.nonzero(mask)[0]) + 1 for mask in batch["masks"]]
    assert all(42 <= height <= 46 for height in heights)
    assert data.description["synthetic"] is True and data.description["anonymizer"] == "half"


def test_another_anonymiser_makes_other_crops_and_the_same_one_none(config, folder):
    crop_data(config, _narrowed, "half", progress=False)
    before = set(folder.rglob("crops-*"))
    assert len(before) == 1

    def unused(masks, walk):
        raise AssertionError("made again")

    crop_data(config, unused, "half", progress=False)
    crop_data(config, lambda masks, walk: masks, "none", progress=False)
    assert len(set(folder.rglob("crops-*")) - before) == 1
    assert not list(folder.rglob(".crops-*"))


def test_crops_go_on_where_they_were_interrupted(config, folder, monkeypatch):
    monkeypatch.setattr(derived, "SEQUENCES", 1)
    whole = crop_data(config, _narrowed, "half", progress=False).train._store
    before = {*folder.rglob("crops-*")}
    walks = []

    def interrupted(masks, walk):
        walks.append(walk)
        if len(walks) == 2:
            raise KeyboardInterrupt
        return _narrowed(masks, walk)

    with pytest.raises(KeyboardInterrupt):
        crop_data(config, interrupted, "interrupted", progress=False)
    assert {*folder.rglob("crops-*")} == before
    made = []

    def goes_on(masks, walk):
        made.append(walk)
        return _narrowed(masks, walk)

    # The first walk, a part of its own, is not made again.
    store = crop_data(config, goes_on, "interrupted", progress=False).train._store
    assert made == walks[1:]
    for name in ("images", "masks", "originals", "plates", "subjects"):
        np.testing.assert_array_equal(getattr(store, name), getattr(whole, name))
    assert not list(folder.rglob(".crops-*"))


def test_what_is_random_about_a_crop_depends_on_its_seed_alone(config):
    data = crop_data(config, _narrowed, "half", progress=False)
    plain = data.train
    coloured = Crops(plain._store, ["001"], recolour=True)
    seeds = np.arange(30, dtype=np.uint32)
    same = np.zeros(30, int)
    batch, again = coloured.take(same, seeds), coloured.take(same, seeds)
    np.testing.assert_array_equal(batch["images"], again["images"])
    # Mirrored or not, in other colours each time; the gait is mirrored with it.
    assert len({mask.tobytes() for mask in batch["masks"]}) == 2
    assert len({image.tobytes() for image in batch["images"]}) == 30
    assert len({image.tobytes() for image in plain.take(same, seeds)["images"]}) == 2
    # Seed by seed, not by place in the batch.
    alone = coloured.take(same[:1], seeds[7:8])
    np.testing.assert_array_equal(alone["images"][0], batch["images"][7])


def test_a_group_that_cannot_be_anonymised_is_named(config):
    nobody = lambda masks, walk: [np.zeros_like(mask) for mask in masks]  # noqa: E731
    with pytest.raises(InputError, match=r"group 'train' \(001\) has no frame that could be"):
        crop_data(config, nobody, "nobody", progress=False)


def test_casia_a_has_no_colour(config):
    config.name = "casia_a"
    with pytest.raises(InputError, match="casia_a has no colour: choose walkers or casia_b"):
        GaitDataset(config)
