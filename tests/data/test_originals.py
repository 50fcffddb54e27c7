import concurrent.futures
import dataclasses
import errno
import gc
import os
import pathlib
import shutil
import signal
import sys
import time

import cv2
import numpy as np
import processes
import pytest
import tensorflow_datasets as tfds
from drawn import draw_person

from gait_jax.data import derived, gait_store, mapped, originals, source
from gait_jax.data.sequence import GaitSequence
from gait_jax.gait import silhouette
from gait_jax.gait.silhouette import CleanSettings
from gait_jax.runtime.errors import InputError


def _images() -> dict[str, dict[int, np.ndarray]]:
    """Frames by number of each sequence."""
    empty = np.zeros_like(draw_person(0, 30))
    cut = np.roll(draw_person(0, 30), -30, axis=1)
    cut[:, 70:] = 0
    # A ghost far aside and, in the body, a hole small enough to be filled.
    with_ghost = draw_person(1, 40, tall=64)
    with_ghost[70:74, 120:124] = 255
    with_ghost[30:32, 40:42] = 0
    return {
        "001-nm-01-090": {n: draw_person(n, 30 + 3 * n) for n in (1, 2, 4, 7)},
        # Nobody, someone of 20 rows, someone half out of the frame: none can be used.
        "001-bg-02-000": {
            1: draw_person(1, 60, bulk=1.3),
            2: empty,
            3: np.pad(draw_person(0, 30)[10:30], ((0, 76), (0, 0))),
            4: cut,
            5: with_ghost,
        },
        "002-cl-01-180": {1: empty, 2: empty},
    }


@pytest.fixture(scope="session")
def prepared(tmp_path_factory):
    """A prepared data set without a store."""
    tfds.disable_progress_bar()
    manual = tmp_path_factory.mktemp("manual")
    for name, frames in _images().items():
        for number, image in frames.items():
            cv2.imwrite(str(manual / f"{name}-{number:03d}.png"), image)
    data_dir = tmp_path_factory.mktemp("data")
    source.open_dataset("casia_b", str(data_dir), str(manual))
    return data_dir


@pytest.fixture
def builder(prepared, tmp_path):
    """The data set in a copy of its own."""
    shutil.copytree(prepared, tmp_path / "data")
    return source.open_dataset("casia_b", str(tmp_path / "data"), "")


def _open(builder, settings=None):
    return originals.original_gaits(
        builder, settings or CleanSettings(), pathlib.Path(str(builder.data_path)), progress=False
    )


def _stores(builder) -> list[str]:
    """Folders of stores, finished or not, beside the data set."""
    folder = pathlib.Path(str(builder.data_path))
    return sorted(path.name for path in folder.iterdir() if "gaits" in path.name)


@pytest.mark.parametrize("settings", [CleanSettings(), CleanSettings(closing=0, hole=0)])
def test_the_store_holds_what_cleaning_gives(builder, settings):
    store = _open(builder, settings)
    assert len(store.sequences) == 3
    images = _images()
    for sequence in store.sequences:
        frames = images.pop(sequence.name)
        assert store.numbers[sequence.first : sequence.last].tolist() == list(frames)
        for f, image in zip(range(sequence.first, sequence.last), frames.values(), strict=True):
            mask = silhouette.clean(silhouette.binarize(image), settings)
            if silhouette.flaw(mask, settings):
                mask = np.zeros_like(mask)
            np.testing.assert_array_equal(store.mask(f), mask)
    assert not images
    # The hole in the body is filled where the settings fill holes, and the ghost is gone.
    (bag,) = (s for s in store.sequences if s.condition == "bg")
    last = store.mask(bag.last - 1)
    assert last[31, 41] == (settings.hole > 0) and not last[:, 100:].any()


def test_the_store_counts_unusable_frames_by_reason(builder):
    store = _open(builder)
    assert store.unusable == {
        silhouette.NO_PERSON: 3,
        silhouette.TOO_SMALL: 1,
        silhouette.CUT_OFF: 1,
    }
    assert store.usable().sum() == 11 - 5
    usable = {s.subject + s.condition: store.usable(s.first, s.last) for s in store.sequences}
    assert usable["001bg"].tolist() == [True, False, False, False, True]
    assert usable["002cl"].tolist() == [False, False]


def _moving(*places, tall=40):
    """Masks of a block whose left edge is at each place; None where nobody is seen."""
    masks = []
    for t, place in enumerate(places):
        mask = np.zeros((80, 120), np.uint8)
        if place is not None:
            mask[79 - tall - t : 79, place : place + 20] = 1
        masks.append(mask)
    return masks


def test_sequences_are_named_by_what_the_data_set_says():
    example = {"subject": b"ya", "condition": "nm", "sequence": 2, "view": 45}
    # To the left, though even numbers of most people walk to the right: 45 degrees itself.
    found = originals.named("casia_a", example | {"frame_numbers": [3, 4, 9]}, _moving(80, 50, 20))
    assert found == GaitSequence("ya", "nm", 2, 45, 45, 0, 3)


def test_where_a_walk_led_is_read_from_its_first_and_last_fifth():
    right, growth = originals.led(_moving(10, None, 30, 40, 70))
    # One frame of four at each end: 40 and 44 rows.
    assert right == 60 and growth == pytest.approx(np.log(44 / 40))
    assert originals.led(_moving(10, None)) == originals.led([]) == (0.0, 0.0)


def test_a_second_opening_does_not_clean_again(builder, monkeypatch):
    first = _open(builder)

    def refuse(*args):
        raise AssertionError("cleaned twice")

    monkeypatch.setattr(originals, "cleaned", refuse)
    second = _open(builder)
    assert second.sequences == first.sequences and second.key == first.key
    assert all(np.array_equal(second.mask(f), first.mask(f)) for f in range(11))
    assert len(_stores(builder)) == 1


def test_other_settings_make_another_store(builder):
    first = _open(builder)
    # Of 001 in bg-02, 64 rows and more in frame 5, nothing else is left.
    second = _open(builder, dataclasses.replace(CleanSettings(), min_height=67))
    assert (first.usable().sum(), second.usable().sum()) == (6, 1)
    stores = _stores(builder)
    assert len(stores) == 2
    assert all(name.startswith("gaits-") for name in stores)
    # The first one still serves.
    assert _open(builder).usable().sum() == 6
    assert _stores(builder) == stores


@pytest.mark.parametrize("module", [originals, gait_store])
def test_another_version_makes_another_store(builder, monkeypatch, module):
    _open(builder)
    monkeypatch.setattr(module, "VERSION", module.VERSION + 1)
    _open(builder)
    assert len(_stores(builder)) == 2


def test_a_failing_build_leaves_only_what_is_finished(builder, monkeypatch):
    monkeypatch.setattr(derived, "SEQUENCES", 1)
    monkeypatch.setattr(derived.parts, "cores", lambda: 1)
    clean, done = originals.cleaned, []

    def fail(dataset, example, settings):
        done.append(example["condition"])
        if len(done) == 2:
            raise RuntimeError("torn frame")
        return clean(dataset, example, settings)

    monkeypatch.setattr(originals, "cleaned", fail)
    with pytest.raises(RuntimeError, match="torn frame"):
        _open(builder)
    (parts,) = _stores(builder)
    assert parts.startswith(".gaits-") and parts.endswith(".parts")
    # A file left open would be reported here, as a ResourceWarning.
    gc.collect()
    assert len(_open(builder).sequences) == 3
    # Only what was missing is cleaned.
    assert done == [b"bg", b"nm", b"nm", b"cl"]
    (store,) = _stores(builder)
    assert store.startswith("gaits-")


def test_two_that_open_at_once_clean_once(builder, monkeypatch):
    clean, done = originals.cleaned, []

    def slow(dataset, example, settings):
        done.append(example["condition"])
        time.sleep(0.1)
        return clean(dataset, example, settings)

    monkeypatch.setattr(originals, "cleaned", slow)
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        stores = list(pool.map(lambda _: _open(builder), range(2)))
    assert len(done) == 3
    assert stores[0].sequences == stores[1].sequences
    assert len(_stores(builder)) == 1


_SCRIPT = """
import sys, time
from gait_jax.data import derived, originals, source
from gait_jax.gait.silhouette import CleanSettings
clean = originals.cleaned
def slow(*args):
    time.sleep(float(sys.argv[2]))
    with open(sys.argv[3], "a") as file:
        print("cleaned", file=file)
    return clean(*args)
originals.cleaned, derived.SEQUENCES = slow, 1
derived.parts.cores = lambda: 1
builder = source.open_dataset("casia_b", sys.argv[1], "")
originals.original_gaits(
    builder, CleanSettings(), source.derived_directory(builder, ""), progress=False
)
"""


def test_a_killed_build_goes_on(builder, prepared, tmp_path):
    def start(data_dir, seconds, log):
        command = [sys.executable, "-c", _SCRIPT, data_dir, seconds, tmp_path / log]
        return processes.start(command)

    folder = pathlib.Path(str(builder.data_path))
    process = start(tmp_path / "data", 0.5, "killed")
    try:
        processes.wait_for(lambda: len(list(folder.glob(".gaits-*.parts/[!.]*"))) >= 2, process)
    finally:
        processes.end(process)
    # The kill may have come a part later.
    done = list(folder.glob(".gaits-*.parts/[!.]*"))
    status, _, errors = processes.finish(start(tmp_path / "data", 0, "resumed"))
    assert status == 0, errors
    # Of three sequences, a part each, only those that were not done.
    again = (tmp_path / "resumed").read_text().splitlines() if len(done) < 3 else []
    assert len(again) == 3 - len(done)
    (name,) = _stores(builder)
    assert name.startswith("gaits-")
    shutil.copytree(prepared, tmp_path / "undisturbed")
    other = _open(source.open_dataset("casia_b", str(tmp_path / "undisturbed"), ""))
    assert other.key == name
    for file in (*gait_store._ARRAYS, "index.json"):
        assert (folder / name / file).read_bytes() == (other.directory / file).read_bytes()


def test_several_processes_clean_what_one_does(builder, monkeypatch):
    alone = _open(builder)
    shutil.move(alone.directory, alone.directory.with_name("alone"))
    monkeypatch.setattr(derived, "SEQUENCES", 1)
    monkeypatch.setattr(derived.parts, "cores", lambda: 2)
    together = _open(builder)
    for file in (*gait_store._ARRAYS, "index.json"):
        kept = alone.directory.with_name("alone") / file
        assert (together.directory / file).read_bytes() == kept.read_bytes()


def test_a_lost_worker_costs_one_line(builder, monkeypatch):
    monkeypatch.setattr(derived, "SEQUENCES", 1)
    monkeypatch.setattr(derived.parts, "cores", lambda: 2)
    monkeypatch.setattr(originals, "_make_part", _die)
    with pytest.raises(InputError, match="Start again, and it goes on"):
        _open(builder)


def _die(*args):
    os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EROFS, errno.EACCES, errno.EDQUOT])
def test_a_folder_that_cannot_be_written_costs_one_line(builder, monkeypatch, code):
    def refuse(*args):
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(mapped.shutil, "copyfileobj", refuse)
    reason = rf"cannot be written \({os.strerror(code)}\).*data\.derived_dir"
    with pytest.raises(InputError, match=reason):
        _open(builder)
    assert [name for name in _stores(builder) if not name.startswith(".")] == []


def test_who_can_read_the_data_set_can_read_its_store(builder):
    _open(builder)
    folder = pathlib.Path(str(builder.data_path))
    (store,) = folder.glob("gaits-*")
    reference = folder / "reference"
    reference.mkdir()
    assert store.stat().st_mode == reference.stat().st_mode


def test_a_store_without_one_usable_frame_opens(builder):
    store = _open(builder, dataclasses.replace(CleanSettings(), min_height=90))
    assert not store.usable().any()
    assert sum(store.unusable.values()) == 11
