import os

import numpy as np
import pytest
from drawn import draw_person
from stores import make_store

from gait_jax.data import contour_store, derived
from gait_jax.data.contour_store import ContourStore, open_contours
from gait_jax.gait import contour
from gait_jax.gait.codec import BodyFrame
from gait_jax.runtime.errors import InputError


def _sequences():
    """Three sequences with empty frames among them; frames of two sizes."""
    person = [draw_person(n, 30 + 3 * n) // 255 for n in range(5)]
    empty = np.zeros_like(person[0])
    near = np.pad(draw_person(1, 60, bulk=1.3) // 255, ((9, 0), (0, 20)))
    return [
        ("001", "nm", 1, 90, person),
        ("001", "bg", 2, 0, [person[1], empty, near]),
        ("002", "cl", 1, 180, [empty, empty]),
    ]


@pytest.fixture
def gaits(tmp_path):
    return make_store(tmp_path / "gaits-0", _sequences())


def _open(gaits) -> ContourStore:
    return open_contours(gaits, progress=False)


def _stores(gaits) -> list[str]:
    return sorted(path.name for path in gaits.directory.iterdir() if "contours" in path.name)


def test_the_store_holds_what_tracing_gives(gaits):
    store = _open(gaits)
    assert store.gaits is gaits and len(store.offsets) == 10 + 1
    masks = [mask for *_, masks in _sequences() for mask in masks]
    for f, mask in enumerate(masks):
        path = store.points[store.offsets[f] : store.offsets[f + 1]]
        if not mask.any():
            assert len(path) == 0
            continue
        # In pixels of the whole frame, though only the body is looked at.
        expected = contour.trace(mask)
        np.testing.assert_array_equal(path, expected)
        body = BodyFrame.of_path(expected)
        np.testing.assert_allclose(store.bodies[f], [body.x, body.y, body.height], rtol=1e-6)


def test_a_second_opening_does_not_trace_again(gaits, monkeypatch):
    first = _open(gaits)

    def refuse(*args):
        raise AssertionError("traced twice")

    monkeypatch.setattr(contour_store, "_trace", refuse)
    second = _open(gaits)
    np.testing.assert_array_equal(second.points, first.points)
    assert len(_stores(gaits)) == 1


def test_another_version_of_tracing_makes_another_store(gaits, monkeypatch):
    _open(gaits)
    monkeypatch.setattr(contour_store, "VERSION", contour_store.VERSION + 1)
    _open(gaits)
    assert len(_stores(gaits)) == 2


def _bytes(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_several_processes_trace_what_one_does(gaits, monkeypatch):
    _open(gaits)
    (name,) = _stores(gaits)
    alone = (gaits.directory / name).rename(gaits.directory / "alone")
    monkeypatch.setattr(derived, "SEQUENCES", 1)
    monkeypatch.setattr(derived.parts, "cores", lambda: 2)
    _open(gaits)
    assert _stores(gaits) == [name]
    assert _bytes(gaits.directory / name) == _bytes(alone)
    assert sorted(_bytes(alone)) == ["bodies", "offsets", "points"]


def test_tracing_goes_on_where_it_was_interrupted(gaits, monkeypatch):
    monkeypatch.setattr(derived, "SEQUENCES", 1)
    monkeypatch.setattr(derived.parts, "cores", lambda: 1)
    trace, frames = contour_store._trace, []

    def fail(store, frame):
        frames.append(frame)
        if len(frames) == 7:
            raise KeyboardInterrupt
        return trace(store, frame)

    monkeypatch.setattr(contour_store, "_trace", fail)
    with pytest.raises(KeyboardInterrupt):
        _open(gaits)
    # The second sequence, of frames 5 to 7, was under way: it is traced again, the first is not.
    assert frames == [0, 1, 2, 3, 4, 5, 6]
    frames.clear()
    frames += [None] * 7
    assert len(_open(gaits).offsets) == 11
    assert frames[7:] == [5, 6, 7, 8, 9]
    assert not _stores(gaits)[0].startswith(".")


def test_gaits_without_one_usable_frame_have_no_contours(tmp_path):
    for number, sequences in enumerate(([], _sequences()[2:])):
        store = _open(make_store(tmp_path / str(number), sequences))
        assert store.points.shape == (0, 2)
        assert store.offsets.tolist() == [0] * (1 + 2 * len(sequences))


def _array(name, dtype, place, value):
    def damage(folder):
        array = np.fromfile(folder / name, dtype)
        array[place] = value
        (folder / name).write_bytes(array.tobytes())

    return damage


def _cut(name, size):
    def damage(folder):
        os.truncate(folder / name, (folder / name).stat().st_size - size)

    return damage


@pytest.mark.parametrize(
    "damage",
    [
        *(lambda folder, n=n: (folder / n).unlink() for n in ("points", "offsets", "bodies")),
        *(_cut(*one) for one in (("points", 1), ("points", 4), ("offsets", 8), ("bodies", 12))),
        _array("offsets", np.int64, 0, 1),
        _array("offsets", np.int64, 2, 10**6),
        # Frame 6 is empty, frame 5 is not.
        _array("offsets", np.int64, 6, 0),
        _array("bodies", np.float32, 2, 0),
        _array("bodies", np.float32, 4, np.nan),
    ],
)
def test_damage_is_one_line_that_names_the_folder(gaits, damage):
    _open(gaits)
    (name,) = _stores(gaits)
    damage(gaits.directory / name)
    with pytest.raises(InputError) as error:
        _open(gaits)
    (line,) = str(error.value).splitlines()
    assert line.startswith(f"{gaits.directory / name} is damaged (")
    assert line.endswith("): remove it, and it is made again")


def test_damage_where_there_is_no_frame(tmp_path):
    gaits = make_store(tmp_path / "gaits-0", [])
    _open(gaits)
    (name,) = _stores(gaits)
    (gaits.directory / name / "offsets").write_bytes(b"")
    with pytest.raises(InputError, match="its files are of different numbers of frames"):
        _open(gaits)
