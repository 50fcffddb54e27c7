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
from gait_jax.methods.recognisers import low_rank
from gait_jax.methods.recognisers.energy import energy_images
from gait_jax.methods.recognisers.low_rank import robust_pca, shared_subspace
from gait_jax.methods.recognisers.zheng2011 import (
    ViewTransformation,
    Zheng2011,
    fit_views,
    shared_walks,
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


@pytest.mark.parametrize("shape", [(40, 12), (12, 40)])
def test_singular_values_are_shrunk(shape):
    matrix = np.random.default_rng(3).normal(size=shape)
    u, s, vt = np.linalg.svd(matrix, full_matrices=False)
    threshold = float(s[5])
    expected = (u * np.maximum(s - threshold, 0)) @ vt
    np.testing.assert_allclose(low_rank._shrunk(matrix, threshold), expected, atol=1e-10)


def test_a_heavier_sparse_part_takes_less():
    observed = np.random.default_rng(0).normal(size=(40, 12))
    sizes = [np.abs(robust_pca(observed, weight)[1]).sum() for weight in (1.0, 2.0, 20.0)]
    assert sizes[0] > sizes[1] > sizes[2]
    assert sizes[2] < 1e-3 * np.abs(observed).sum()


def test_robust_pca_of_nothing_is_nothing():
    low, sparse = robust_pca(np.zeros((4, 3)))
    assert not low.any() and not sparse.any()


def test_the_shared_subspace_is_found_beneath_sparse_errors():
    rng = np.random.default_rng(1)
    low = rng.normal(size=(120, 2)) @ rng.normal(size=(2, 50))
    spoilt = low.copy()
    spoilt[rng.random(low.shape) < 0.05] += 20
    basis = shared_subspace(spoilt, 8, 1.0, 0.999)
    # Two directions hold all of it, whatever there is room for, and they are those of `low`.
    assert basis.shape == (120, 2)
    directions = np.linalg.svd(low, full_matrices=False)
    u, s, _ = directions
    np.testing.assert_allclose(basis @ basis.T, (u[:, :2] * s[:2] ** 2) @ u[:, :2].T, atol=1.0)
    # What a plain factorisation of the spoilt matrix does not find.
    plain = np.linalg.svd(spoilt, full_matrices=False)
    assert np.abs((plain[0][:, :2] * plain[1][:2] ** 2) @ plain[0][:, :2].T
                  - (u[:, :2] * s[:2] ** 2) @ u[:, :2].T).max() > 50  # fmt: skip


def test_as_many_directions_as_hold_the_energy():
    # Squares 9, 4 and 1: a part of 9/14, 13/14 and all. Sparse errors would cost too much here.
    stacked = np.zeros((6, 5))
    stacked[0, 0], stacked[1, 1], stacked[2, 2] = 3, 2, 1
    for energy, count in ((0.5, 1), (0.64, 1), (0.65, 2), (0.92, 2), (0.93, 3), (1.0, 3)):
        basis = shared_subspace(stacked, 3, 1000.0, energy)
        assert basis.shape == (6, count)
        np.testing.assert_allclose(np.linalg.norm(basis, axis=0), [3, 2, 1][:count], rtol=1e-3)
    assert shared_subspace(stacked, 2, 1000.0, 1.0).shape == (6, 2)


def _labelled(labels):
    conditions, numbers, views = map(np.array, zip(*labels, strict=True))
    names = np.full(len(labels), "a")
    return Gaits(None, np.arange(len(labels)), names, conditions, numbers, views)


def test_a_lost_sequence_moves_no_other_one():
    every = [("nm", n, v) for n in (1, 2, 3) for v in (0, 90)]
    names = dict(zip(every, shared_walks(_labelled(every)), strict=True))
    assert names["nm", 2, 0] == names["nm", 2, 90] == "a nm 2"
    kept = [label for label in every if label != ("nm", 1, 0)]
    assert shared_walks(_labelled(kept)).tolist() == [names[label] for label in kept]


def test_walks_are_of_one_person_and_condition():
    gaits = _labelled([("nm", 1, 0), ("nm", 1, 90), ("bg", 1, 0), ("bg", 1, 90)])
    found = dataclasses.replace(gaits, subjects=np.array(["a", "b", "a", "a"]))
    first, second, *others = shared_walks(found)
    assert first != second and others == ["a bg 1", "a bg 1"]


def test_views_that_are_numbered_apart_are_paired_by_their_own_numbers():
    # As in CASIA-A: odd numbers walk one way, even ones the other. The first of a is lost.
    labels = [("nm", 3, 0), ("nm", 2, 180), ("nm", 4, 180)]
    labels += [("nm", 1, 0), ("nm", 3, 0), ("nm", 2, 180), ("nm", 4, 180)]
    gaits = dataclasses.replace(_labelled(labels), subjects=np.array(list("aaabbbb")))
    assert shared_walks(gaits).tolist() == (
        ["a nm 1", "a nm 0", "a nm 1", "b nm 0", "b nm 1", "b nm 0", "b nm 1"]
    )


def test_whoever_walked_the_other_way_is_paired_by_their_own_numbers():
    labels, whose = [], ""
    for person in "abcd":
        one, other = (0, 180) if person != "d" else (180, 0)
        labels += [("nm", 1, one), ("nm", 2, other), ("nm", 3, one), ("nm", 4, other)]
        whose += 4 * person
    gaits = dataclasses.replace(_labelled(labels), subjects=np.array(list(whose)))
    expected = [f"{person} nm {place}" for person in "abcd" for place in (0, 0, 1, 1)]
    assert shared_walks(gaits).tolist() == expected
    # As where the first walk each way is all that is known.
    early = np.isin(gaits.numbers, (1, 2))
    assert shared_walks(gaits.take(early)).tolist() == [f"{person} nm 0" for person in "aabbccdd"]


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
        "encoder": ((2, _SIZE**2, 10), np.float32),
        "features": ((2, 10, 5), np.float32),
    }
    assert learned["views"].tolist() == [0, 90]


def test_no_more_directions_than_walks_and_no_more_features_than_tell_people_apart(people):
    few = people.take((people.subjects <= "002") & (people.numbers <= 2))
    # Nothing is sparse here.
    found = fit_views(few, energy_images(few, _SIZE), 5, 10, robustness=1000.0)
    # Three people with two walks each; of three people two features tell them apart.
    assert found["encoder"][..., 5].any() and not found["encoder"][..., 6:].any()
    assert found["features"][:, :6, :2].any(axis=(1, 2)).all()
    assert not found["features"][:, 6:].any() and not found["features"][..., 2:].any()


def test_a_walk_that_lacks_a_view_is_left_out_of_the_model_and_moves_no_other(people):
    known = people.of_subjects(_named(range(6)))
    # Of one person the first walk is not there from the side; of another one that walk is gone.
    lost = (known.subjects == "002") & (known.numbers == 1) & (known.views == 90)
    gone = (known.subjects == "002") & (known.numbers == 1)
    part, without = _fit(known.take(~lost)), _fit(known.take(~gone))
    np.testing.assert_allclose(part["encoder"], without["encoder"], atol=1e-5)
    # The features are of all images.
    assert not np.allclose(part["features"], without["features"], atol=1e-5)


def test_its_own_view_goes_through_the_model_too(recogniser, learned, split):
    probes, gallery = (gaits.take(gaits.views == 0) for gaits in split)
    # What the shared subspace does not show of an image is not compared.
    shown = [
        energy_images(gaits, _SIZE).reshape(len(gaits), -1) / 255 @ learned["encoder"][0]
        for gaits in (probes, gallery)
    ]
    apart = (shown[0][:, None] - shown[1]) @ learned["features"][0]
    expected = np.linalg.norm(apart, axis=-1)
    np.testing.assert_allclose(recogniser.distances(probes, gallery), expected, rtol=1e-3)


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
    assert kept["encoder"].shape == (3, 256, 4) and not kept["encoder"][1:].any()
    (line,) = (workdir / "metrics.jsonl").read_text().splitlines()
    row = json.loads(line)
    assert (row["step"], row["images"], row["people"], row["views"]) == (1, 6, 6, 1)
    # What it found is what `fit_views` finds in its group's images.
    dataset = open_dataset(config.data, progress=False)
    gaits = Gaits.of(dataset.gaits).of_subjects(dataset.members(config.data.group))
    found = fit_views(gaits, energy_images(gaits, 16), 3, 4, config.robustness, config.energy)
    np.testing.assert_array_equal(found["encoder"][0], kept["encoder"][0])
    recogniser = run.recogniser()
    assert scoring.score(recogniser, gaits, gaits, (1,)).same.min() == 1.0


def test_a_finished_run_is_not_fitted_again(trained, monkeypatch):
    config, workdir, state = trained
    monkeypatch.setattr(Zheng2011, "fit", None)
    again = trainer.train_and_evaluate(config, workdir, progress=False)
    np.testing.assert_array_equal(again.ema["views"]["encoder"], state.ema["views"]["encoder"])


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
