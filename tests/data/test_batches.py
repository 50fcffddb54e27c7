import itertools
import json
import logging

import cv2
import ml_collections
import numpy as np
import pytest
import tensorflow_datasets as tfds
from drawn import draw_person

from gait_jax.data import windows as windows_module
from gait_jax.data.batches import fixed_batch, train_batches
from gait_jax.data.content import content
from gait_jax.data.contour_store import open_contours
from gait_jax.data.dataset import open_dataset, warn_once
from gait_jax.data.windows import window_data
from gait_jax.gait import silhouette
from gait_jax.gait.codec import ContourCodec
from gait_jax.runtime.errors import InputError

# Numbers of the frames of each subject's walk, and of those that show nobody. The groups of `few`
# are 3, 1 and 2 of six subjects.
_FRAMES = {
    "001": ([1, 2, 3, 5, 6, 7, 8], []),
    "002": ([1, 2, 3, 4, 5, 6], [3]),
    "003": ([2, 3, 4, 5, 6, 7], [2, 7]),
    "004": ([1, 2, 3, 4, 5], []),
    "005": ([1, 2, 4, 5], []),
    "006": ([1, 2, 3], [1, 2, 3]),
}
# What windows of three frames the training subjects have: 001 not over the missing 4, 002 not over
# the empty 3, 003 not with its empty ends.
_WINDOWS = [
    *[("001", 1), ("001", 5), ("001", 6)],
    ("002", 4),
    *[("003", 3), ("003", 4)],
]
_POINTS = 400
_CODEC = ContourCodec("padded", _POINTS)
_NO_SEEDS = np.zeros(0, np.uint32)


def _image(subject: str, number: int) -> np.ndarray:
    if number in _FRAMES[subject][1]:
        return np.zeros_like(draw_person(0, 30))
    return draw_person(0.4 * number, 30 + 3 * number, tall=50 + 2 * int(subject))


@pytest.fixture(scope="session")
def config(tmp_path_factory):
    tfds.disable_progress_bar()
    manual = tmp_path_factory.mktemp("manual")
    for subject, (numbers, _) in _FRAMES.items():
        for number in numbers:
            name = f"{subject}-nm-01-090-{number:03d}.png"
            cv2.imwrite(str(manual / name), _image(subject, number))
    return ml_collections.FrozenConfigDict(
        {
            "name": "casia_b",
            "data_dir": str(tmp_path_factory.mktemp("data")),
            "derived_dir": "",
            "manual_dir": str(manual),
            "subjects": 0,
            "groups": "few",
            "group": "train",
            "validation_group": "validation",
            "layout": "padded",
            "points": _POINTS,
            "frames": 3,
            "stride": 1,
        }
    )


@pytest.fixture(scope="session")
def data(config):
    return open_dataset(config, progress=False)


@pytest.fixture(scope="session")
def windows_of(data):
    """Windows of a group, (group, frames, stride)."""
    contours = open_contours(data.gaits, progress=False)

    def make(group, frames, stride):
        return windows_module.windows_of(data, contours, group, _CODEC, frames, stride)

    return make


@pytest.fixture(scope="session")
def windows(windows_of):
    return windows_of("train", frames=3, stride=1)


@pytest.fixture(scope="session")
def name_of(windows):
    """Says which window of `_WINDOWS` a [3, Q, 2] array is."""
    known = {}
    for subject, first in _WINDOWS:
        masks = [
            silhouette.clean(silhouette.binarize(_image(subject, n)))
            for n in range(first, first + 3)
        ]
        known[subject, first] = np.stack([_CODEC.encode(mask)[0] for mask in masks])

    def find(contours: np.ndarray) -> tuple[str, int]:
        whole = np.pad(contours, ((0, 0), (0, _POINTS - contours.shape[1]), (0, 0)))
        (name,) = [n for n, v in known.items() if np.allclose(whole, v, atol=1e-5)]
        return name

    return find


@pytest.fixture(scope="session")
def names_and_seeds(name_of):
    """Draws some batches: for each the list of (window, noise seed)."""

    def draw(iterator, count):
        drawn = [next(iterator) for _ in range(count)]
        return [
            [(name_of(c), int(s)) for c, s in zip(b["contours"], b["noise_seed"], strict=True)]
            for b in drawn
        ]

    return draw


def test_windows_span_no_missing_and_no_unusable_frame(windows, name_of):
    assert len(windows) == 6
    taken = windows.take(np.arange(6), _NO_SEEDS)
    assert taken["contours"].shape[:2] == (6, 3)
    assert sorted(name_of(contours) for contours in taken["contours"]) == _WINDOWS


def test_a_contour_is_made_once_where_there_is_room(windows, monkeypatch):
    store, encode, made = windows._encoded._store, windows_module.encode, []

    def counted(store, codec, frames):
        made.extend(frames.ravel().tolist())
        return encode(store, codec, frames)

    monkeypatch.setattr(windows_module, "encode", counted)
    shown = np.unique(windows.starts[:, None] + np.arange(3))
    marked = np.isin(np.arange(len(store.gaits.numbers)), shown)
    asked = shown[np.array([[4, 0, 0], [2, 4, 1]])]
    expected = encode(store, _CODEC, asked)
    room = len(shown) * _POINTS * 2 * 4
    once, each_time = shown[[0, 1, 2, 4]], np.sort(np.tile(asked.ravel(), 3))
    for bytes_given, encoded_of in ((room, once), (room - 1, each_time)):
        made.clear()
        encoded = windows_module.EncodedFrames(store, _CODEC, marked, bytes_given)
        for _ in range(3):
            for found, right in zip(encoded.take(asked), expected, strict=True):
                np.testing.assert_array_equal(found, right)
        assert sorted(made) == encoded_of.tolist()


def test_windows_carry_the_number_of_boundary_pixels(windows):
    taken = windows.take(np.arange(6), _NO_SEEDS)
    assert taken["counts"].shape == (6, 3)
    # They are as long as the longest of them needs.
    longest = taken["counts"].max()
    assert longest < _POINTS
    assert taken["contours"].shape == (6, 3, longest, 2)
    # All that follows the last pixel is zero, and the last pixel itself is not.
    for contours, count in zip(
        taken["contours"].reshape(-1, longest, 2), taken["counts"].ravel(), strict=True
    ):
        assert 100 < count
        assert contours[count - 1].any()
        assert not contours[count:].any()


@pytest.mark.parametrize(
    "frames, stride, expected",
    [
        # Runs of the training subjects: 3, 4 | 2, 3 | 4 frames.
        (1, 1, 3 + 4 + 2 + 3 + 4),
        (2, 1, 2 + 3 + 1 + 2 + 3),
        (4, 1, 1 + 1),
        # Starts at 0, 2, ... of each run.
        (1, 2, 2 + 2 + 1 + 2 + 2),
        (2, 2, 1 + 2 + 1 + 1 + 2),
        (3, 4, 1 + 1 + 1 + 1),
    ],
)
def test_number_of_windows_by_hand(windows_of, frames, stride, expected):
    assert len(windows_of("train", frames, stride)) == expected


def test_what_a_configuration_asks_for(data, config, windows, name_of):
    made = window_data(data, config, progress=False)
    assert made.unit == ("frames", 3)
    assert made.summary == "6 windows of 3 frames from 001, 002, 003"
    assert made.description == data.description and not made.statistics
    every = made.train.take(np.arange(6), _NO_SEEDS)
    np.testing.assert_array_equal(
        every["contours"], windows.take(np.arange(6), _NO_SEEDS)["contours"]
    )
    # 004 has frames 1 to 5.
    assert len(made.held_out) == 3


def test_windows_are_taken_in_the_order_asked_for(windows):
    taken = windows.take(np.array([4, 0, 4]), _NO_SEEDS)
    all_ = windows.take(np.arange(6), _NO_SEEDS)
    np.testing.assert_array_equal(taken["contours"], all_["contours"][[4, 0, 4]])
    np.testing.assert_array_equal(taken["counts"], all_["counts"][[4, 0, 4]])


def test_groups_and_what_is_written_down(data, config):
    assert data.description == {
        "name": "casia_b",
        "version": "1.0.0",
        "manual_dir": str(config.manual_dir),
        "synthetic": False,
        "content": content(data.builder, data.directory, progress=False),
        "groups": {
            "train": ["001", "002", "003"],
            "validation": ["004"],
            "test": ["005", "006"],
        },
        "unusable_frames": {silhouette.NO_PERSON: 1 + 2 + 3},
    }


def test_scaled_groups_are_announced(config, caplog):
    warn_once.cache_clear()
    with caplog.at_level(logging.WARNING):
        open_dataset(config, progress=False)
        open_dataset(config, progress=False)
    assert caplog.text.count("the groups of few are scaled from") == 1
    assert "casia_b has 6 subjects: the groups of few are scaled from" in caplog.text


def test_the_same_seed_gives_the_same_batches(windows):
    a, b = train_batches(windows, 2, seed=3), train_batches(windows, 2, seed=3)
    for _ in range(7):
        first, second = next(a), next(b)
        assert first.keys() == second.keys() == {"contours", "counts", "noise_seed"}
        for key in first:
            np.testing.assert_array_equal(first[key], second[key])


def test_batches_of_one(windows):
    iterator = train_batches(windows, 1, seed=3)
    seen = np.concatenate([next(iterator)["contours"] for _ in range(6)])
    every = windows.take(np.arange(6), _NO_SEEDS)["contours"]
    order = lambda x: sorted(map(bytes, x))  # noqa: E731
    assert order(seen) == order(every)


def test_another_seed_gives_another_order_and_other_noise(windows, names_and_seeds):
    a, b = (names_and_seeds(train_batches(windows, 6, seed=seed), 1)[0] for seed in (0, 1))
    assert sorted(name for name, _ in a) == sorted(name for name, _ in b)
    assert [name for name, _ in a] != [name for name, _ in b]
    assert {seed for _, seed in a}.isdisjoint(seed for _, seed in b)


def test_each_epoch_shows_each_window_once_in_another_order(windows, names_and_seeds):
    drawn = sum(names_and_seeds(train_batches(windows, 3, seed=0), 8), [])
    epochs = [[name for name, _ in drawn[i : i + 6]] for i in range(0, 24, 6)]
    assert [sorted(epoch) for epoch in epochs] == 4 * [_WINDOWS]
    assert len({tuple(epoch) for epoch in epochs}) > 1
    # Noise is drawn anew whenever a window comes back.
    assert len({seed for _, seed in drawn}) == 24


def test_batches_go_on_over_the_end_of_an_epoch(windows, names_and_seeds):
    # Three batches of four are two epochs of six.
    drawn = sum(names_and_seeds(train_batches(windows, 4, seed=0), 3), [])
    assert sorted(name for name, _ in drawn) == sorted(2 * _WINDOWS)
    assert sorted(name for name, _ in drawn[:6]) == _WINDOWS


def test_a_batch_may_be_larger_than_the_data(windows):
    assert len(next(train_batches(windows, 8, seed=0))["contours"]) == 8


@pytest.mark.parametrize("processes", [2, 4])
def test_processes_together_see_what_one_sees(windows, names_and_seeds, processes):
    # Windows and their noise seeds, by global batch of four.
    alone = names_and_seeds(train_batches(windows, 4, seed=5), 6)
    shares = [
        names_and_seeds(train_batches(windows, 4 // processes, 5, process, processes), 6)
        for process in range(processes)
    ]
    together = [sum(parts, []) for parts in zip(*shares, strict=True)]
    assert [sorted(batch) for batch in together] == [sorted(batch) for batch in alone]


@pytest.mark.parametrize("done", [0, 1, 2, 5])
def test_a_restart_goes_on_with_the_same_batches(windows, done):
    iterator = train_batches(windows, 4, seed=2)
    for _ in range(done):
        next(iterator)
    state = json.loads(json.dumps(iterator.get_state()))
    expected = [next(iterator) for _ in range(4)]

    fresh = train_batches(windows, 4, seed=2)
    fresh.set_state(state)
    # Also when it has moved on already.
    for _ in range(2):
        for batch in expected:
            found = next(fresh)
            for key in batch:
                np.testing.assert_array_equal(found[key], batch[key])
        fresh.set_state(state)


def test_a_restarted_process_keeps_its_own_share(windows, names_and_seeds):
    share = names_and_seeds(train_batches(windows, 2, 1, process=1, processes=2), 5)
    iterator = train_batches(windows, 2, 1, process=1, processes=2)
    next(iterator)
    fresh = train_batches(windows, 2, 1, process=1, processes=2)
    fresh.set_state(iterator.get_state())
    assert names_and_seeds(fresh, 4) == share[1:]


def test_noise_seeds_fill_their_range(windows):
    iterator = train_batches(windows, 6, seed=0)
    seeds = np.concatenate([next(iterator)["noise_seed"] for _ in range(20)])
    assert seeds.dtype == np.uint32
    assert len(set(seeds.tolist())) == 120
    # Uniform on 0 .. 2³²: the mean of 120 has a standard deviation of 2³² / sqrt(12 · 120).
    assert abs(seeds.mean() - 2**31) < 4 * 2**32 / np.sqrt(12 * 120)


def test_the_fixed_batch_is_spread_evenly_and_always_the_same(windows, name_of):
    batch, again = fixed_batch(windows, 3, seed=0), fixed_batch(windows, 3, seed=0)
    for key in batch:
        np.testing.assert_array_equal(batch[key], again[key])
    # Of 0..5: 0, 2.5, 5.
    np.testing.assert_array_equal(
        batch["contours"], windows.take(np.array([0, 2, 5]), _NO_SEEDS)["contours"]
    )
    other = fixed_batch(windows, 3, seed=1)
    np.testing.assert_array_equal(other["contours"], batch["contours"])
    assert (other["noise_seed"] != batch["noise_seed"]).all()


def test_the_fixed_batch_of_few_windows_repeats_none(windows, name_of):
    batch = fixed_batch(windows, 50, seed=0)
    assert sorted(map(name_of, batch["contours"])) == _WINDOWS
    assert batch["noise_seed"].shape == (6,)


def _with(config, **changes):
    return ml_collections.FrozenConfigDict(config.to_dict() | changes)


def _refused(function, *args) -> str:
    with pytest.raises(InputError) as error:
        function(*args)
    return str(error.value)


def test_an_unknown_group_is_refused(windows_of):
    message = _refused(windows_of, "stgan", 3, 1)
    assert message == ("group 'stgan' is not in data.groups: use one of train, validation, test")


def test_a_group_without_windows_is_refused(windows_of):
    # 005 has frames 1, 2 and 4, 5; 006 shows nobody.
    assert len(windows_of("test", 2, 1)) == 2
    message = _refused(windows_of, "test", 3, 1)
    assert message == (
        "group 'test' (005, 006) has no 3 consecutive usable frames: "
        "check the data set, or set a smaller data.frames"
    )


@pytest.mark.parametrize(
    "changes, expected",
    [
        ({"name": "casia_z"}, "data.name 'casia_z' is not known"),
        ({"groups": "many"}, "data.groups 'many' is not known"),
        ({"manual_dir": "/"}, "was prepared from"),
    ],
)
def test_settings_that_cannot_be_used_are_refused(config, changes, expected):
    assert expected in _refused(open_dataset, _with(config, **changes), False)


def test_too_few_subjects_for_the_groups_are_refused(tmp_path):
    manual = tmp_path / "manual"
    manual.mkdir()
    for subject, number in itertools.product(("001", "002"), (1, 2)):
        cv2.imwrite(str(manual / f"{subject}-nm-01-090-{number:03d}.png"), _image(subject, number))
    config = ml_collections.FrozenConfigDict(
        {
            "name": "casia_b",
            "data_dir": str(tmp_path / "data"),
            "derived_dir": "",
            "manual_dir": str(manual),
            "subjects": 0,
            "groups": "few",
        }
    )
    message = _refused(open_dataset, config, False)
    assert message.startswith("2 subjects cannot fill the 3 groups train, validation, test")
