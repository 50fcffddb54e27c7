"""A data set that was opened without colour shows its people in colour all the same."""

import dataclasses
import functools
import types

import colour_walkers
import ml_collections
import numpy as np
import pytest

import tfds_casia
from gait_jax.data.dataset import open_dataset
from gait_jax.data.recording import Recording
from gait_jax.runtime.errors import InputError


def _config(data_dir, **changes):
    fields = {
        "name": "walkers", "data_dir": str(data_dir), "derived_dir": "", "manual_dir": "",
        "subjects": 3, "groups": "few",
    }  # fmt: skip
    return ml_collections.FrozenConfigDict(fields | changes)


@pytest.fixture
def plain(data_dir, monkeypatch):
    silhouettes = dataclasses.replace(colour_walkers.PLAN, kind="silhouettes")
    colour_walkers.patch(monkeypatch, silhouettes)
    return open_dataset(_config(data_dir), progress=False)


@pytest.fixture
def coloured(data_dir, plain):
    return open_dataset(_config(data_dir, colour=True), progress=False)


def _same(one, other):
    assert len(one) == len(other) and one.shown == other.shown == list(range(len(one)))
    assert one.clothing == other.clothing != ""
    np.testing.assert_array_equal(one.background, other.background)
    for i in (0, len(one) - 1):
        for of in (Recording.frame, Recording.complete, Recording.incomplete):
            np.testing.assert_array_equal(of(one, i), of(other, i))


def test_made_people_are_filmed_anew_as_the_data_set_in_colour_has_them(plain, coloured):
    assert "colour_frames" not in plain.builder.info.features
    _same(plain.recording(1), coloured.recording(1))
    np.testing.assert_array_equal(plain.recording(2).complete(0), plain.masks(2)[0])


def test_recorded_people_are_taken_from_the_data_set_in_colour(plain, coloured, monkeypatch):
    monkeypatch.setattr(tfds_casia.Walkers, "in_colour", lambda *names: None)
    for index in (0, 2):
        _same(plain.recording(index), coloured.recording(index))
    # It lacks one: there is none of this name, neither between others nor behind them.
    for number, name in ((2, "001-nm-02-090"), (1, "009-nm-01-090")):
        sequence = dataclasses.replace(plain.gaits.sequences[0], number=number, subject=name[:3])
        lacking = dataclasses.replace(
            plain,
            gaits=types.SimpleNamespace(sequences=[sequence], numbers=plain.gaits.numbers),
        )
        with pytest.raises(InputError, match=f"walkers has no colour of {name}: put its video"):
            lacking.recording(0)


def test_only_what_is_not_filmed_anew_is_prepared_in_colour(plain, coloured):
    opened = []
    watched = [
        dataclasses.replace(
            dataset,
            description=dataset.description | {"synthetic": synthetic},
            open_in_colour=functools.partial(opened.append, dataset),
        )
        for dataset, synthetic in ((plain, True), (coloured, False), (plain, False))
    ]
    for dataset, count in zip(watched, (0, 0, 1), strict=True):
        dataset.prepare_in_colour()
        assert len(opened) == count


def test_a_data_set_without_colour_says_which_have_it(casia_a_dir, data_dir):
    dataset = open_dataset(
        _config(data_dir, name="casia_a", manual_dir=str(casia_a_dir)), progress=False
    )
    for ask in (dataset.prepare_in_colour, lambda: dataset.recording(0)):
        with pytest.raises(InputError, match=r"casia_a has no colour: choose walkers or casia_b"):
            ask()


def test_frames_that_the_camera_did_not_see_are_left_out(coloured):
    example = coloured._examples[0]
    whole = Recording(example, example["frame_numbers"])
    # Of the silhouettes' numbers the video has the second and the fourth.
    given = [example["frame_numbers"][i] for i in (1, 3)]
    some = {**example, "frame_numbers": given}
    for name in ("frames", "colour_frames", "degraded_frames"):
        some[name] = [example[name][i] for i in (1, 3)]
    found = Recording(some, example["frame_numbers"])
    assert found.shown == [1, 3] and len(found) == len(whole)
    for i in found.shown:
        np.testing.assert_array_equal(found.frame(i), whole.frame(i))
        np.testing.assert_array_equal(found.complete(i), whole.complete(i))
