import itertools
import json

import numpy as np
import pytest
from drawn import load_config
from stores import make_store

from gait_jax import runs, trainer
from gait_jax.data.gaits import MIN_FRAMES, Gaits
from gait_jax.data.side_channel_store import open_side_channels
from gait_jax.evaluation import scoring
from gait_jax.gait import side_channels
from gait_jax.gait.side_channels import measure
from gait_jax.methods.recognisers.side_channels import (
    ChannelRecogniser,
    SideChannels,
    fit_channels,
)
from gait_jax.runtime.errors import InputError


def _walks(people, numbers, views=(0, 90), draws=1):
    """Gaits without silhouettes: names alone."""
    labels = [*itertools.product(range(people), numbers, views)] * draws
    subjects, counts, seen = map(np.array, zip(*labels, strict=True))
    rows = np.arange(len(labels))
    return Gaits(None, rows, subjects.astype(str), np.full(len(labels), "nm"), counts, seen)


def _drawn(gaits, spread, noise, seed=0):
    """Numbers of people: a person's own, what the view does, and noise of these widths."""
    rng = np.random.default_rng(seed)
    own = spread * rng.normal(size=(20, len(spread)))
    return (
        own[gaits.subjects.astype(int)]
        + gaits.views[:, None]
        + noise * rng.normal(size=(len(gaits), len(spread)))
    )


def _points(learned, channels, values, views):
    return ChannelRecogniser(learned, channels).points(values, np.asarray(views))


def test_numbers_count_by_how_they_vary_in_one_person():
    gaits = _walks(12, range(1, 21))
    values = _drawn(gaits, np.array([1.0, 1.0, 1.0]), np.array([0.1, 0.4, 0.2]))
    # Two go together: their sum says nothing that their difference does not.
    shared = np.random.default_rng(1).normal(size=len(gaits))
    values[:, 1:] += shared[:, None]
    learned = fit_channels(values, gaits)
    assert learned["views"].tolist() == [0, 90]
    points = _points(learned, ("ripple", "place"), values, gaits.views)
    apart = points.copy()
    for who, view in itertools.product(np.unique(gaits.subjects), (0, 90)):
        chosen = (gaits.subjects == who) & (gaits.views == view)
        apart[chosen] -= apart[chosen].mean(axis=0)
    # White, but for what keeps numbers from counting for infinitely much.
    np.testing.assert_allclose(np.cov(apart.T), np.eye(3), atol=0.16)
    # What the view does is gone.
    for view in (0, 90):
        np.testing.assert_allclose(points[gaits.views == view].mean(axis=0), 0, atol=1e-3)


def test_distances_are_worked_out_by_hand():
    learned = {
        "views": np.array([0, 90, -1], np.int32),
        "mean": np.array([[1.0, 2.0], [3.0, 4.0], [0.0, 0.0]], np.float32),
        "whitening": np.array([[1.0, 0.0], [-1.0, 2.0]], np.float32),
    }
    values = np.array([[2.0, 2.0], [3.0, 5.0], [np.nan, 3.0]])
    points = _points(learned, ("speed",), values, [0, 90, 0])
    # A number that cannot be read is the view's mean.
    np.testing.assert_allclose(points, [[1, -1], [0, 2], [0, 2]])
    with pytest.raises(InputError, match=r"view 45 was not in .* training: \[0, 90\]"):
        _points(learned, ("speed",), values, [0, 45, 0])


def test_what_is_the_same_for_everybody_counts_for_nothing():
    gaits = _walks(6, (1, 2, 3, 4))
    values = _drawn(gaits, np.array([1.0, 0.0]), np.array([0.2, 0.0]))
    learned = fit_channels(values, gaits)
    assert not learned["whitening"][:, 1].any()
    values[:, 1] += 5 * np.arange(len(values))
    points = _points(learned, ("speed",), values, gaits.views)
    alone = fit_channels(values[:, :1], gaits)
    other = _points(alone, ("height",), values[:, :1], gaits.views)
    assert np.isfinite(points).all() and points[:, 0].std() == pytest.approx(other.std(), rel=0.2)
    everything = fit_channels(np.ones((len(gaits), 2)), gaits)
    np.testing.assert_array_equal(_points(everything, ("speed",), values, gaits.views), 0)


def test_what_a_person_keeps_exactly_counts_for_much_but_not_for_all():
    gaits = _walks(6, (1, 2, 3, 4))
    values = _drawn(gaits, np.array([1.0]), np.array([0.0]))
    points = _points(fit_channels(values, gaits), ("height",), values, gaits.views)
    # A thousandth of the variance among everybody: standard deviations 1 to 32.
    assert points.std() == pytest.approx(1000**0.5, rel=1e-3)


def test_numbers_that_nobody_has_are_no_numbers():
    gaits = _walks(6, (1, 2, 3, 4))
    values = _drawn(gaits, np.array([1.0, 1.0]), np.array([0.2, 0.2]))
    values[:, 1] = np.nan
    values[gaits.views == 0, 0] = np.nan
    learned = fit_channels(values, gaits)
    # Nobody is read from view 0: there, it is as from the other one.
    np.testing.assert_allclose(learned["mean"][0, 0], learned["mean"][1, 0])
    assert np.isfinite(learned["whitening"]).all() and not learned["whitening"][:, 1].any()
    assert np.isfinite(_points(learned, ("speed",), values, gaits.views)).all()


@pytest.mark.parametrize(("numbers", "draws"), [((1,), 1), ((1,), 4), ((1, 2), 1)])
def test_few_walks_will_do(numbers, draws):
    gaits = _walks(4, numbers, views=(0, 45, 90), draws=draws)
    # Of twelve numbers, more than there are walks to learn from.
    width = np.ones(12)
    values = _drawn(gaits, width, 0.3 * width)
    learned = fit_channels(values, gaits)
    again = fit_channels(values, gaits)
    for name, array in learned.items():
        assert np.isfinite(array).all()
        np.testing.assert_array_equal(array, again[name])
    assert np.linalg.cond(learned["whitening"]) < 100
    with pytest.raises(InputError, match="1 people are too few"):
        fit_channels(values[gaits.subjects == "0"], gaits.of_subjects(["0"]))


def test_draws_of_noise_are_no_further_walks():
    # Draws of one walk are alike but for the first number; walks differ in the second one.
    once = _walks(8, (1,), views=(0, 45, 90, 135))
    gaits = _walks(8, (1,), views=(0, 45, 90, 135), draws=3)
    rng = np.random.default_rng(0)
    people = 3 * np.random.default_rng(1).normal(size=(8, 2))
    values = np.tile(people[once.subjects.astype(int)], (3, 1))
    values[:, 0] += rng.normal(size=len(gaits))
    values[:, 1] += np.tile(rng.normal(size=len(once)), 3)
    weights = np.abs(fit_channels(values, gaits)["whitening"]).max(axis=0)
    assert weights[1] < 2 * weights[0]


def _people(directory, heights=(40, 48, 56, 64), numbers=(1, 2, 3)):
    """People who are boxes of one height each, and walk a little faster every time."""
    walks = []
    for (k, tall), number, view in itertools.product(enumerate(heights), numbers, (0, 90)):
        masks = np.zeros((MIN_FRAMES, 96, 140), np.uint8)
        for i, mask in enumerate(masks):
            left = 20 + (2 + number) * i
            mask[90 - tall + number : 90, left : left + 14] = 1
        walks.append((f"{k:03d}", "nm", number, view, [*masks]))
    return make_store(directory, walks)


def test_what_is_kept_is_what_was_measured(tmp_path):
    store = _people(tmp_path / "store")
    kept = open_side_channels(store, progress=False)
    assert kept.shape == (24, side_channels.NUMBERS)
    for row in (0, 13):
        frames = range(store.sequences[row].first, store.sequences[row].last)
        expected = measure(
            [store.body(i) for i in frames],
            [store.corner(i) for i in frames],
            store.numbers[frames],
            (96, 140),
        )
        np.testing.assert_array_equal(kept[row], expected)
    (folder,) = store.directory.glob("side-channels-*")
    stamp = (folder / "values").stat().st_mtime_ns
    open_side_channels(store, progress=False)
    assert (folder / "values").stat().st_mtime_ns == stamp
    (folder / "values").write_bytes(b"short")
    with pytest.raises(InputError, match="side-channels-.* is damaged .*: remove it"):
        open_side_channels(store, progress=False)


def test_frames_without_a_person_do_not_count(tmp_path):
    walk = [np.pad(np.ones((40, 9), np.uint8), ((9, 9), (i, 60 - i))) for i in range(12)]
    walk[3] = walk[7] = 0 * walk[0]
    nothing = [0 * walk[0]] * 9
    store = make_store(tmp_path / "s", [("a", "nm", 1, 0, walk), ("a", "nm", 2, 0, nothing)])
    values = open_side_channels(store, progress=False)
    np.testing.assert_allclose(values[0, side_channels.columns(["frames"])], np.log(10))
    # By the frames' numbers: a pixel each.
    np.testing.assert_allclose(values[0, side_channels.columns(["speed"])], [25, 25 / 40])
    assert np.isnan(values[1]).all()


def test_people_are_known_by_their_height(tmp_path):
    gaits = Gaits.of(_people(tmp_path / "store"))
    values = open_side_channels(gaits.store, progress=False)
    probes, gallery = gaits.take(gaits.numbers == 3), gaits.take(gaits.numbers < 3)

    def found(*channels):
        learned = fit_channels(values[:, side_channels.columns(channels)], gaits)
        recogniser = ChannelRecogniser(learned, channels)
        distances = recogniser.distances(probes, gallery)
        assert distances.dtype == np.float32 and np.isfinite(distances).all()
        return scoring.score(recogniser, probes, gallery, (1,)).same.mean()

    assert found("height") == found("height", "cadence", "frames") == 1.0
    # All are as long, and nobody has a rhythm: a guess among four.
    assert found("frames") == found("cadence", "ripple") == 0.25


def _config(casia_a_dir, data_dir, arg="", **changes):
    config = load_config("side_channels", f"casia_a,{arg}")
    places = {"data.manual_dir": str(casia_a_dir), "data.data_dir": str(data_dir)}
    config.update_from_flattened_dict(places | changes)
    return config


def test_it_is_a_run_like_any_other(casia_a_dir, data_dir, tmp_path):
    config = _config(casia_a_dir, data_dir, "channels=all", views=3)
    state = trainer.train_and_evaluate(config, tmp_path / "run", progress=False)
    assert int(state.step) == 1
    run = runs.open_run(tmp_path / "run")
    assert run.step == 1 and isinstance(run.method, SideChannels)
    kept = run.state.ema["channels"]
    # One view of three that there is room for: drawn people walk to the right.
    assert kept["views"].tolist() == [180, -1, -1]
    assert kept["mean"].shape == (3, 12) and not kept["mean"][1:].any()
    assert kept["whitening"].shape == (12, 12) and kept["whitening"].any()
    (line,) = (tmp_path / "run" / "metrics.jsonl").read_text().splitlines()
    row = json.loads(line)
    assert (row["step"], row["walks"], row["people"], row["views"]) == (1, 6, 6, 1)
    assert runs.describe(run)["channels"] == (
        "height, speed, cadence, ripple, view, place, slope, frames"
    )
    dataset = runs.open_data(config.data, 0, progress=False)
    gaits = Gaits.of(dataset.gaits)
    distances = run.recogniser().distances(gaits, gaits)
    np.testing.assert_array_equal(np.diagonal(distances), 0)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"data.group": "validation"}, "1 people are too few to train a recogniser on"),
        ({"channels": ()}, r"channels \(\) cannot be used: it must be a list of height, speed"),
        ({"channels": ("height", "height")}, "channels .* each at most once"),
        ({"channels": ("weight",)}, r"channels \('weight',\) cannot be used"),
        ({"views": 0}, "views 0 cannot be used"),
    ],
)
def test_what_cannot_be_fitted_leaves_no_folder(casia_a_dir, data_dir, tmp_path, changes, message):
    config = _config(casia_a_dir, data_dir, **changes)
    with pytest.raises(InputError, match=message):
        trainer.train_and_evaluate(config, tmp_path / "run", progress=False)
    assert not (tmp_path / "run").exists()


def test_more_views_than_there_is_room_for(tmp_path):
    class Dataset:
        gaits = _people(tmp_path / "store")
        members = staticmethod(lambda group: ["000", "001", "002"])

    config = load_config("side_channels", "casia_a")
    config.views = 1
    with pytest.raises(InputError, match="the data has 2 views: set views to that or more"):
        SideChannels(config).fit(Dataset(), progress=False)
