import concurrent.futures
import dataclasses
import gc
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time

import cv2
import numpy as np
import pytest
import tensorflow_datasets as tfds
from drawn import draw_person

from gait_jax.data import contour_store, derived, source
from gait_jax.data.contour_store import open_contour_store
from gait_jax.data.walk import Walk
from gait_jax.gait import contour, silhouette
from gait_jax.gait.codec import BodyFrame
from gait_jax.gait.silhouette import CleanSettings
from gait_jax.runtime.errors import InputError


def _images() -> dict[tuple[str, str, int, int], dict[int, np.ndarray]]:
    """Frames by number of each walk (subject, condition, sequence, view)."""
    empty = np.zeros_like(draw_person(0, 30))
    cut = np.roll(draw_person(0, 30), -30, axis=1)
    cut[:, 70:] = 0
    # A ghost far aside and, in the body, a hole small enough to be filled.
    with_ghost = draw_person(1, 40, tall=64)
    with_ghost[70:74, 120:124] = 255
    with_ghost[30:32, 40:42] = 0
    return {
        ("001", "nm", 1, 90): {n: draw_person(n, 30 + 3 * n) for n in (1, 2, 4, 7)},
        # Nobody, someone of 20 rows, someone half out of the frame: none can be used.
        ("001", "bg", 2, 0): {
            1: draw_person(1, 60, bulk=1.3),
            2: empty,
            3: np.pad(draw_person(0, 30)[10:30], ((0, 76), (0, 0))),
            4: cut,
            5: with_ghost,
        },
        ("002", "cl", 1, 180): {1: empty, 2: empty},
    }


@pytest.fixture(scope="session")
def prepared(tmp_path_factory):
    """A prepared data set without a store."""
    tfds.disable_progress_bar()
    manual = tmp_path_factory.mktemp("manual")
    for (subject, condition, sequence, view), frames in _images().items():
        for number, image in frames.items():
            name = f"{subject}-{condition}-{sequence:02d}-{view:03d}-{number:03d}.png"
            cv2.imwrite(str(manual / name), image)
    data_dir = tmp_path_factory.mktemp("data")
    source.open_dataset("casia_b", str(data_dir), str(manual))
    return data_dir


@pytest.fixture
def builder(prepared, tmp_path):
    """The data set in a copy of its own."""
    shutil.copytree(prepared, tmp_path / "data")
    return source.open_dataset("casia_b", str(tmp_path / "data"), "")


def _open(builder, settings=None):
    return open_contour_store(builder, settings or CleanSettings(), progress=False)


def _stores(builder) -> list[str]:
    """Folders of stores, finished or not, beside the data set."""
    folder = pathlib.Path(str(builder.data_path))
    return sorted(path.name for path in folder.iterdir() if "contours" in path.name)


@pytest.mark.parametrize("settings", [CleanSettings(), CleanSettings(closing=0, hole=0)])
def test_the_store_holds_what_tracing_gives(builder, settings):
    store = _open(builder, settings)
    assert len(store.walks) == 3
    # Walks follow each other without a gap, 4 + 5 + 2 frames.
    assert [walk.first for walk in store.walks] == [0] + [walk.last for walk in store.walks[:-1]]
    assert store.walks[-1].last == len(store.numbers) == 11
    images = _images()
    for walk in store.walks:
        frames = images.pop((walk.subject, walk.condition, walk.sequence, walk.view))
        assert store.numbers[walk.first : walk.last].tolist() == list(frames)
        for f, image in zip(range(walk.first, walk.last), frames.values(), strict=True):
            path = store.points[store.offsets[f] : store.offsets[f + 1]]
            mask = silhouette.clean(silhouette.binarize(image), settings)
            if silhouette.flaw(mask, settings):
                assert len(path) == 0
                continue
            expected = contour.trace(mask)
            np.testing.assert_array_equal(path, expected)
            body = BodyFrame.of_path(expected)
            np.testing.assert_allclose(store.bodies[f], [body.x, body.y, body.height], rtol=1e-6)
    assert not images


def test_the_store_counts_unusable_frames_by_reason(builder):
    store = _open(builder)
    assert store.unusable == {
        silhouette.NO_PERSON: 3,
        silhouette.TOO_SMALL: 1,
        silhouette.CUT_OFF: 1,
    }
    assert store.usable().sum() == 11 - 5
    by_walk = {w.subject + w.condition: store.usable()[w.first : w.last] for w in store.walks}
    assert by_walk["001bg"].tolist() == [True, False, False, False, True]
    assert by_walk["002cl"].tolist() == [False, False]


def test_a_second_opening_does_not_trace_again(builder, monkeypatch):
    first = _open(builder)

    def refuse(*args):
        raise AssertionError("traced twice")

    monkeypatch.setattr(contour_store, "_trace_walk", refuse)
    second = _open(builder)
    assert second.walks == first.walks
    assert all(isinstance(walk, Walk) for walk in second.walks)
    np.testing.assert_array_equal(second.points, first.points)
    assert len(_stores(builder)) == 1


def test_other_settings_make_another_store(builder):
    first = _open(builder)
    # Of 001 in bg-02, 64 rows and more in frame 5, nothing else is left.
    second = _open(builder, dataclasses.replace(CleanSettings(), min_height=67))
    assert (first.usable().sum(), second.usable().sum()) == (6, 1)
    stores = _stores(builder)
    assert len(stores) == 2
    assert all(name.startswith("contours-") for name in stores)
    # The first one still serves.
    np.testing.assert_array_equal(_open(builder).points, first.points)
    assert _stores(builder) == stores


def test_another_version_of_tracing_makes_another_store(builder, monkeypatch):
    _open(builder)
    monkeypatch.setattr(contour_store, "_VERSION", contour_store._VERSION + 1)
    _open(builder)
    assert len(_stores(builder)) == 2


def test_a_failing_build_leaves_only_what_is_finished(builder, monkeypatch):
    monkeypatch.setattr(derived, "SEQUENCES", 1)
    monkeypatch.setattr(derived.parts, "cores", lambda: 1)
    trace = contour_store._trace_walk
    traced = []

    def fail(example, settings):
        traced.append(example["condition"])
        if len(traced) == 2:
            raise RuntimeError("torn frame")
        return trace(example, settings)

    monkeypatch.setattr(contour_store, "_trace_walk", fail)
    with pytest.raises(RuntimeError, match="torn frame"):
        _open(builder)
    (parts,) = _stores(builder)
    assert parts.startswith(".contours-") and parts.endswith(".parts")
    # A file left open would be reported here, as a ResourceWarning.
    gc.collect()
    assert len(_open(builder).walks) == 3
    # Only what was missing is traced.
    assert traced == [b"bg", b"nm", b"nm", b"cl"]
    (store,) = _stores(builder)
    assert store.startswith("contours-")


def test_two_that_open_at_once_trace_once(builder, monkeypatch):
    trace = contour_store._trace_walk
    traced = []

    def slow(example, settings):
        traced.append(example["condition"])
        time.sleep(0.1)
        return trace(example, settings)

    monkeypatch.setattr(contour_store, "_trace_walk", slow)
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        stores = list(pool.map(lambda _: _open(builder), range(2)))
    assert len(traced) == 3
    assert stores[0].walks == stores[1].walks
    assert len(_stores(builder)) == 1


_SCRIPT = """
import sys, time
from gait_jax.data import contour_store, derived, source
from gait_jax.gait.silhouette import CleanSettings
from gait_jax.runtime.errors import InputError
trace = contour_store._trace_walk
def slow(*args):
    time.sleep(float(sys.argv[2]))
    with open(sys.argv[3], "a") as file:
        print("traced", file=file)
    return trace(*args)
contour_store._trace_walk, derived.SEQUENCES = slow, 1
derived.parts.cores = lambda: 1
builder = source.open_dataset("casia_b", sys.argv[1], "")
contour_store.open_contour_store(builder, CleanSettings(), progress=False)
"""


def test_a_killed_build_goes_on(builder, prepared, tmp_path):
    def start(data_dir, seconds, log):
        arguments = [str(data_dir), str(seconds), str(tmp_path / log)]
        return subprocess.Popen([sys.executable, "-c", _SCRIPT, *arguments])

    folder = pathlib.Path(str(builder.data_path))
    process = start(tmp_path / "data", 0.5, "killed")
    while len(done := list(folder.glob(".contours-*.parts/[!.]*"))) < 2:
        assert process.poll() is None
        time.sleep(0.01)
    process.kill()
    process.wait()
    # The kill may have come a part later.
    done = list(folder.glob(".contours-*.parts/[!.]*"))
    assert start(tmp_path / "data", 0, "resumed").wait() == 0
    # Of three sequences, a part each, only those that were not done.
    traced = (tmp_path / "resumed").read_text().splitlines() if len(done) < 3 else []
    assert len(traced) == 3 - len(done)
    (name,) = _stores(builder)
    assert name.startswith("contours-")
    shutil.copytree(prepared, tmp_path / "undisturbed")
    assert start(tmp_path / "undisturbed", 0, "undisturbed.log").wait() == 0
    other = tmp_path / "undisturbed" / folder.relative_to(tmp_path / "data") / name
    for file in ("points", "offsets", "bodies", "numbers", "index.json"):
        assert (folder / name / file).read_bytes() == (other / file).read_bytes()


def test_several_processes_trace_what_one_does(builder, monkeypatch):
    alone = _open(builder)
    shutil.move(alone.directory, alone.directory.with_name("alone"))
    monkeypatch.setattr(derived, "SEQUENCES", 1)
    monkeypatch.setattr(derived.parts, "cores", lambda: 2)
    together = _open(builder)
    assert together.walks == alone.walks and together.unusable == alone.unusable
    for name in ("points", "offsets", "bodies", "numbers"):
        np.testing.assert_array_equal(getattr(together, name), getattr(alone, name))


def test_a_lost_worker_costs_one_line(builder, monkeypatch):
    monkeypatch.setattr(derived, "SEQUENCES", 1)
    monkeypatch.setattr(derived.parts, "cores", lambda: 2)
    monkeypatch.setattr(contour_store, "_trace_part", _die)
    with pytest.raises(InputError, match="Start again, and it goes on"):
        _open(builder)


def _die(*args):
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_disk_that_fills_up_is_reported(builder, monkeypatch):
    def full(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(contour_store.shutil, "copyfileobj", full)
    with pytest.raises(OSError, match="No space left on device"):
        _open(builder)
    assert [name for name in _stores(builder) if not name.startswith(".")] == []


def test_who_can_read_the_data_set_can_read_its_store(builder):
    _open(builder)
    folder = pathlib.Path(str(builder.data_path))
    (store,) = folder.glob("contours-*")
    reference = folder / "reference"
    reference.mkdir()
    assert store.stat().st_mode == reference.stat().st_mode


def test_a_store_without_one_usable_frame_opens(builder):
    store = _open(builder, dataclasses.replace(CleanSettings(), min_height=90))
    assert store.points.shape == (0, 2)
    assert not store.usable().any()
    assert sum(store.unusable.values()) == 11
