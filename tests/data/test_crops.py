import types

import colour_walkers
import cv2
import ml_collections
import numpy as np
import pytest

from gait_jax.data import crops, derived
from gait_jax.data.anonymized import anonymized_gaits
from gait_jax.data.crops import Crops, CropStore, crop_data
from gait_jax.data.dataset import open_dataset
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
            "derived_dir": "",
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
            "silhouettes": "complete",
            "plate_error": 0.0,
        }
    )


def _narrowed(masks, key):
    """Stands for an anonymiser: leaves a pixel all around out; cannot do a walk's first frame."""
    del key
    result = []
    for i, mask in enumerate(masks):
        narrow = cv2.erode(mask, np.ones((3, 3), np.uint8))
        result.append(narrow if i else np.zeros_like(mask))
    return types.SimpleNamespace(masks=result, problems={0: "the first"}, measures={})


_SLIM = 4


def _slim(masks, key):
    """Stands for a stand-in whose limbs are elsewhere: a narrow band in each one's middle."""
    del key
    result = []
    for mask in masks:
        x, y, width, height = cv2.boundingRect(mask)
        band, middle = np.zeros_like(mask), x + width // 2
        band[y : y + height, middle - _SLIM : middle + _SLIM] = 1
        result.append(band)
    return types.SimpleNamespace(masks=result, problems={}, measures={})


def _beside(masks, key):
    """Stands for a stand-in: the same body 40 pixels to the right, and 6 down."""
    del key
    moved = [np.roll(mask, (6, 40), axis=(0, 1)) for mask in masks]
    # Nobody is cut by the border.
    kept = [m if not (m[:7].any() or m[:, :41].any()) else 0 * m for m in moved]
    return types.SimpleNamespace(masks=kept, problems={}, measures={})


def _nobody(masks, key):
    del key
    return types.SimpleNamespace(masks=[0 * mask for mask in masks], problems={}, measures={})


@pytest.fixture
def dataset(config):
    return open_dataset(config, progress=False)


def _gaits(dataset, anonymize=_narrowed, name="half", indices=(0, 1, 2)):
    return anonymized_gaits(dataset, anonymize, name, 0, indices, progress=False)


def _data(dataset, config, gaits=None):
    return crop_data(dataset, gaits or _gaits(dataset), config, progress=False)


def test_recordings_have_a_frame_for_each_silhouette(dataset):
    recording = dataset.recording(1)
    assert len(recording) == len(dataset.originals.sequences[1])
    assert recording.frame(0).shape == recording.background.shape == (240, 320, 3)
    assert recording.clothing in ("plain", "textural")
    np.testing.assert_array_equal(recording.complete(3), dataset.masks(1)[3])
    exact, degraded = recording.complete(3), recording.incomplete(3)
    assert exact.shape == degraded.shape and set(np.unique(degraded)) <= {0, 1}
    # Colours are red, green, blue: a person differs from the background, the scene does not.
    apart = np.abs(recording.frame(3).astype(int) - recording.background).mean(axis=2)
    assert apart[exact > 0].mean() > 5 * apart[:100, :40].mean()


def test_crops_show_the_person_beside_the_anonymised_gait(dataset, config):
    gaits = _gaits(dataset)
    data = _data(dataset, config, gaits)
    frames = len(dataset.recording(0))
    # Of every 20th frame the first could not be anonymised.
    assert len(data.train) == len(range(0, frames, 20)) - 1
    batch = data.train.take(np.arange(len(data.train)), np.arange(len(data.train), dtype=np.uint32))
    assert batch.keys() == {"images", "masks", "originals", "backgrounds"}
    assert batch["images"].shape[1:] == (48, 48, 3) and batch["images"].dtype == np.uint8
    assert batch["masks"].shape[1:] == (48, 48) and set(np.unique(batch["masks"])) == {0, 1}
    # The anonymised gait lies within the original, which is not moved for it.
    np.testing.assert_array_equal(batch["originals"] * batch["masks"], batch["masks"])
    # The box is that of both gaits with a twentieth around: 44 of 48 rows.
    heights = [np.ptp(np.nonzero(mask)[0]) + 1 for mask in batch["masks"]]
    assert all(42 <= height <= 46 for height in heights)
    assert data.description == dataset.description | {"anonymized": gaits.key}
    assert data.description["synthetic"] is True


def test_a_crop_reaches_as_far_as_the_original_does(dataset, config):
    store = _data(dataset, config, _gaits(dataset, _slim, "slim")).train._store
    beyond = []
    for original, slim in zip(store.originals, store.masks, strict=True):
        # A twentieth of the height on each side of the slim gait.
        wide, height = (np.ptp(np.nonzero(slim)[axis]) + 1 for axis in (1, 0))
        beyond.append(np.ptp(np.nonzero(original)[1]) + 1 - wide - 0.1 * height)
    # Of 48 pixels.
    assert max(beyond) > 5


def test_an_original_lies_under_who_walks_beside_it(dataset, config):
    store = _data(dataset, config, _gaits(dataset, _beside, "beside")).train._store
    assert len(store.masks) > 2
    np.testing.assert_array_equal(store.originals, store.masks)
    # With its own picture: it differs from the scene where the person is, and hardly elsewhere.
    off = np.abs(store.images.astype(int) - store.backgrounds).max(axis=-1)
    for apart, mask in zip(off, store.masks, strict=True):
        assert apart[mask > 0].mean() > 5 * apart[:24][mask[:24] == 0].mean()


def test_crops_of_some_sequences_show_these(dataset, config):
    # Gaits need not be of the whole data set: each is put beside its own recording.
    config.group = config.validation_group = "validation"
    # One of three subjects each.
    (index,) = dataset.indices(dataset.members("validation"))
    assert index > 0
    whole = _data(dataset, config)
    some = _data(dataset, config, _gaits(dataset, indices=(index,)))
    assert len(some.train._store.subjects) == len(whole.train) == len(some.train)
    chosen, seeds = np.arange(len(some.train)), np.zeros(len(some.train), np.uint32)
    for name, found in some.train.take(chosen, seeds).items():
        np.testing.assert_array_equal(found, whole.train.take(chosen, seeds)[name])


def test_other_gaits_and_settings_make_other_crops_and_the_same_ones_none(
    dataset, config, monkeypatch
):
    gaits = _gaits(dataset)
    _data(dataset, config, gaits)

    def found():
        return {path.name for path in gaits.directory.glob("*crops-*")}

    before = found()
    make = crops._make_part
    monkeypatch.setattr(crops, "_make_part", None)
    _data(dataset, config, gaits)
    assert found() == before
    monkeypatch.setattr(crops, "_make_part", make)
    # Whom to train on and how crops are shown changes none of them.
    config.recolour, config.group = True, "test"
    _data(dataset, config, gaits)
    assert found() == before
    for name, value in (("stride", 21), ("size", 40), ("margin", 0.1)):
        config[name] = value
        _data(dataset, config, gaits)
        assert len(found() - before) == 1
        before = found()
    monkeypatch.setattr(crops, "VERSION", -1)
    _data(dataset, config, gaits)
    assert len(found() - before) == 1
    # Other gaits have crops of their own, within their store.
    other = _gaits(dataset, name="other")
    _data(dataset, config, other)
    assert len(list(other.directory.glob("crops-*"))) == 1


def test_crops_go_on_where_they_were_interrupted(dataset, config, monkeypatch):
    monkeypatch.setattr(derived, "SEQUENCES", 1)
    whole = _data(dataset, config).train._store
    gaits = _gaits(dataset, name="interrupted")
    recording, asked = type(dataset).recording, []

    def interrupted(self, index):
        asked.append(index)
        if len(asked) == 2:
            raise KeyboardInterrupt
        return recording(self, index)

    monkeypatch.setattr(type(dataset), "recording", interrupted)
    with pytest.raises(KeyboardInterrupt):
        _data(dataset, config, gaits)
    assert not list(gaits.directory.glob("crops-*"))
    # The first sequence, a part of its own, is not cut out again.
    store = _data(dataset, config, gaits).train._store
    assert asked == [0, 1, 1, 2]
    for name in ("images", "masks", "originals", "backgrounds", "subjects"):
        np.testing.assert_array_equal(getattr(store, name), getattr(whole, name))
    assert not list(gaits.directory.glob(".crops-*"))


def test_what_is_random_about_a_crop_depends_on_its_seed_alone(dataset, config):
    plain = _data(dataset, config).train
    coloured = Crops(plain._store, dataset.members("train"), recolour=True)
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


@pytest.mark.parametrize("name", ["images", "masks", "subjects.json"])
def test_a_store_cut_short_is_named(dataset, config, name):
    gaits = _gaits(dataset, name=f"cut {name}")
    _data(dataset, config, gaits)
    (folder,) = gaits.directory.glob("crops-*")
    # The last byte of a text is its line break.
    (folder / name).write_bytes((folder / name).read_bytes()[:-2])
    with pytest.raises(InputError, match="is damaged") as error:
        CropStore(folder, config.size)
    assert str(folder) in str(error.value) and len(str(error.value).splitlines()) == 1


def test_a_group_that_cannot_be_anonymised_is_named(dataset, config):
    with pytest.raises(InputError, match=r"group 'train' \(\d+\) has no frame that could be"):
        _data(dataset, config, _gaits(dataset, _nobody, "nobody"))


def test_casia_a_has_no_colour(config):
    config.name = "casia_a"
    with pytest.raises(InputError, match="casia_a has no colour: choose walkers or casia_b"):
        open_dataset(config)


def test_silhouettes_and_plates_may_be_those_of_real_recordings(dataset, config):
    exact = _data(dataset, config).train._store
    torn = anonymized_gaits(dataset, _narrowed, "half", 0, (0, 1, 2), False, incomplete=True)
    # Made of the silhouettes that segmentation gives.
    narrow = _narrowed([dataset.recording(1).incomplete(3)] * 2, None).masks[1]
    np.testing.assert_array_equal(torn.mask(torn.sequences[1].first + 3), narrow)
    assert torn.key != _gaits(dataset).key
    config.silhouettes = "incomplete"
    found = _data(dataset, config, torn).train._store
    assert (found.originals.sum(), found.masks.sum()) != (exact.originals.sum(), exact.masks.sum())
    # The plate alone is off by some grey levels: the frame is as it was filmed.
    config.update({"silhouettes": "complete", "plate_error": 6.0})
    worn = _data(dataset, config).train._store
    np.testing.assert_array_equal(worn.images, exact.images)
    off = worn.backgrounds.astype(float) - exact.backgrounds
    assert 2 < np.sqrt(np.square(off).mean()) < 12
