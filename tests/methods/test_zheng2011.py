import dataclasses
import json

import numpy as np
import pytest
from drawn import load_config
from energy_sets import make_gaits

from gait_jax import runs, trainer
from gait_jax.data.dataset import open_dataset
from gait_jax.data.gaits import Gaits
from gait_jax.evaluation import scoring
from gait_jax.methods.recognisers.energy import energy_images
from gait_jax.methods.recognisers.zheng2011 import (
    ViewTransformation,
    Zheng2011,
    fit_views,
    robust_pca,
)
from gait_jax.runtime.errors import InputError

_SIZE = 32


def test_robust_pca_takes_a_matrix_apart():
    rng = np.random.default_rng(0)
    low = rng.normal(size=(60, 2)) @ rng.normal(size=(2, 50))
    sparse = np.zeros((60, 50))
    spoilt = rng.random((60, 50)) < 0.05
    sparse[spoilt] = rng.choice([-20.0, 20.0], spoilt.sum())
    found_low, found_sparse = robust_pca(low + sparse)
    assert np.linalg.norm(found_low - low) < 1e-3 * np.linalg.norm(low)
    np.testing.assert_array_equal(np.abs(found_sparse) > 1, spoilt)
    np.testing.assert_allclose(found_low + found_sparse, low + sparse, atol=1e-2)


def test_a_heavier_sparse_part_takes_less():
    observed = np.random.default_rng(0).normal(size=(40, 12))
    sizes = [np.abs(robust_pca(observed, weight)[1]).sum() for weight in (1.0, 2.0, 20.0)]
    assert sizes[0] > sizes[1] > sizes[2]
    assert sizes[2] < 1e-3 * np.abs(observed).sum()


def test_robust_pca_of_nothing_is_nothing():
    low, sparse = robust_pca(np.zeros((4, 3)))
    assert not low.any() and not sparse.any()


@pytest.fixture(scope="module")
def people(tmp_path_factory):
    return make_gaits(tmp_path_factory.mktemp("people") / "store", _SIZE, people=16, sequences=4)


def _fit(gaits, components=5, rank=10):
    return fit_views(gaits, energy_images(gaits, _SIZE), components, rank)


def _named(numbers):
    return [f"{k:03d}" for k in numbers]


@pytest.fixture(scope="module")
def learned(people):
    return _fit(people.of_subjects(_named(range(10))))


@pytest.fixture(scope="module")
def recogniser(learned):
    return ViewTransformation(learned, _SIZE)


@pytest.fixture(scope="module")
def split(people):
    """Probes and gallery of people whom the recogniser has never seen."""
    unseen = people.of_subjects(_named(range(10, 16)))
    return unseen.take(unseen.numbers > 2), unseen.take(unseen.numbers <= 2)


def test_what_is_learned_has_a_shape_of_its_own(learned):
    shapes = {name: (array.shape, array.dtype) for name, array in learned.items()}
    assert shapes == {
        "views": ((2,), np.int32),
        "mean": ((2, _SIZE**2), np.float32),
        "rotation": ((2, _SIZE**2, 5), np.float32),
        "basis": ((2, 5, 10), np.float32),
    }
    assert learned["views"].tolist() == [0, 90]


def test_fewer_images_than_components_leave_zeros(people):
    few = people.take((people.subjects <= "001") & (people.numbers <= 2))
    found = _fit(few, components=5, rank=10)
    # Four images a view have three differences.
    assert found["rotation"][..., :3].any() and not found["rotation"][..., 3:].any()
    assert found["basis"].any() and not found["basis"][:, 3:].any()


def test_it_recognises_people_whom_it_has_not_seen(recogniser, split):
    hits = scoring.score(recogniser, *split, (1,))
    assert hits.same.mean() == 1.0
    # Chance is 1/6; the transformation carries most of them to the other view.
    assert hits.cross.mean() > 0.6


def test_without_its_transformation_the_other_view_is_chance(recogniser, split):
    probes, gallery = split
    # Features of one view, compared as if they were of the other one.
    lied = dataclasses.replace(probes, views=90 - probes.views)
    hits = scoring.score(recogniser, lied, gallery, (1,))
    assert hits.same.mean() < 0.5


def test_the_gallery_itself_is_always_identified(recogniser, people):
    assert scoring.score(recogniser, people, people, (1,)).same.min() == 1.0


def test_shuffled_labels_score_chance(recogniser, people):
    rng = np.random.default_rng(0)
    hits = []
    for _ in range(20):
        order = rng.permutation(16)
        renamed = np.array([f"{order[int(name)]:03d}" for name in people.subjects])
        gallery = dataclasses.replace(people, subjects=renamed)
        hits.append(scoring.score(recogniser, people, gallery, (1,)).same.mean())
    # 1/16, over 20 permutations of 16 people: a standard deviation of 0.014.
    assert np.mean(hits) == pytest.approx(1 / 16, abs=0.05)


def test_room_for_more_views_changes_nothing(recogniser, learned, split):
    roomy = {
        name: np.concatenate([array, np.full_like(array, -1 if name == "views" else 0)])
        for name, array in learned.items()
    }
    again = ViewTransformation(roomy, _SIZE)
    np.testing.assert_array_equal(again.distances(*split), recogniser.distances(*split))


def test_a_view_that_it_does_not_know_is_refused(recogniser, split):
    probes, gallery = split
    strange = dataclasses.replace(probes, views=probes.views + 45)
    with pytest.raises(InputError, match="view 45 was not in the recogniser's training"):
        recogniser.distances(strange, gallery)
    # Nor is the place of a view that is missing one.
    with pytest.raises(InputError, match="view -1 was not in the recogniser's training"):
        recogniser.distances(dataclasses.replace(probes, views=0 * probes.views - 1), gallery)


def test_views_need_not_share_their_sequences_numbers(people, split):
    # As in CASIA-A, where odd numbers walk one way and even ones the other.
    known = people.of_subjects(_named(range(10)))
    apart = known.take((known.views == 0) == (known.numbers % 2 == 1))
    hits = scoring.score(ViewTransformation(_fit(apart), _SIZE), *split, (1,))
    assert hits.cross.mean() > 0.5


def test_it_needs_two_people_and_somebody_in_every_view(people):
    with pytest.raises(InputError, match="1 people are too few"):
        _fit(people.of_subjects(["000"]))
    few = people.of_subjects(_named(range(4)))
    apart = few.take((few.views == 0) == (few.subjects <= "001"))
    with pytest.raises(InputError, match="nobody of .* in every view"):
        _fit(apart)


def _config(casia_a_dir, data_dir, **changes):
    config = load_config("zheng2011", "casia_a")
    config.update_from_flattened_dict(
        {
            "data.manual_dir": str(casia_a_dir),
            "data.data_dir": str(data_dir),
            "data.size": 16,
            "components": 3,
            "rank": 4,
            "views": 3,
        }
        | changes
    )
    return config


@pytest.fixture(scope="module")
def trained(casia_a_dir, data_dir, tmp_path_factory):
    """(configuration, folder, final state) of a run on the drawn people, all seen from one view."""
    config = _config(casia_a_dir, data_dir)
    workdir = tmp_path_factory.mktemp("zheng2011") / "run"
    return config, workdir, trainer.train_and_evaluate(config, workdir, progress=False)


def test_it_is_a_run_like_any_other(trained):
    config, workdir, state = trained
    assert int(state.step) == 1
    run = runs.open_run(workdir)
    assert run.step == 1 and isinstance(run.method, Zheng2011)
    kept = run.state.ema["views"]
    # One view of three that there is room for.
    assert kept["views"].tolist()[1:] == [-1, -1] and kept["views"][0] >= 0
    for name, array in state.ema["views"].items():
        np.testing.assert_array_equal(kept[name], array)
    assert kept["mean"].shape == (3, 256) and not kept["mean"][1:].any()
    (line,) = (workdir / "metrics.jsonl").read_text().splitlines()
    row = json.loads(line)
    assert (row["step"], row["images"], row["people"], row["views"]) == (1, 6, 6, 1)
    # What it found is what `fit_views` finds in its group's images.
    dataset = open_dataset(config.data, progress=False)
    gaits = Gaits.of(dataset.gaits).of_subjects(dataset.members(config.data.group))
    found = fit_views(gaits, energy_images(gaits, 16), 3, 4, config.robustness)
    np.testing.assert_array_equal(found["rotation"][0], kept["rotation"][0])
    recogniser = run.recogniser()
    assert scoring.score(recogniser, gaits, gaits, (1,)).same.min() == 1.0


def test_a_finished_run_is_not_fitted_again(trained, monkeypatch):
    config, workdir, state = trained
    monkeypatch.setattr(Zheng2011, "fit", None)
    again = trainer.train_and_evaluate(config, workdir, progress=False)
    np.testing.assert_array_equal(again.ema["views"]["mean"], state.ema["views"]["mean"])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"data.group": "nobody"}, "group 'nobody' is not in data.groups"),
        ({"data.group": "validation"}, "1 people are too few to train a recogniser on"),
        ({"data.sequences": (7,)}, "0 people are too few to train a recogniser on"),
        ({"components": 0}, "components 0 cannot be used"),
        ({"data.size": 7}, "data.size 7 cannot be used"),
    ],
)
def test_what_cannot_be_fitted_leaves_no_folder(casia_a_dir, data_dir, tmp_path, changes, message):
    config = _config(casia_a_dir, data_dir, **changes)
    with pytest.raises(InputError, match=message):
        trainer.train_and_evaluate(config, tmp_path / "run", progress=False)
    assert not (tmp_path / "run").exists()


def test_there_must_be_room_for_every_view(people):
    config = load_config("zheng2011", "casia_a")
    config.update_from_flattened_dict({"data.size": _SIZE, "data.group": "train", "views": 1})

    class Dataset:
        gaits = people.store

        @staticmethod
        def members(group):
            return _named(range(2))

    with pytest.raises(InputError, match="the data has 2 views: set views to that or more"):
        Zheng2011(config).fit(Dataset, progress=False)
