import numpy as np
import pytest
from drawn import draw_person, draw_walk
from stores import make_store

from gait_jax.data import derived, gei_store
from gait_jax.data.gaits import MIN_FRAMES, Gaits
from gait_jax.data.gei_store import GEIStore, open_geis
from gait_jax.gait import gei
from gait_jax.runtime.errors import InputError


def _walk(frames, cycle=26):
    """Legs that swing once a cycle."""
    return [draw_person(2 * np.pi * i / cycle, 30 + i) // 255 for i in range(frames)]


def _sequences():
    short = _walk(MIN_FRAMES)
    short[3] = np.zeros_like(short[3])
    gap = [mask // 255 for mask in draw_walk(MIN_FRAMES + 1, tall=64)]
    gap[2] = np.zeros_like(gap[2])
    return [
        ("001", "nm", 1, 90, _walk(60)),
        ("001", "bg", 2, 0, short),
        ("002", "nm", 1, 90, gap),
        ("003", "cl", 1, 180, _walk(12)),
    ]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return make_store(tmp_path_factory.mktemp("geis") / "gaits-0", _sequences())


@pytest.fixture
def gaits(tmp_path):
    return make_store(tmp_path / "gaits-0", _sequences())


def _open(gaits, size=32) -> GEIStore:
    return open_geis(gaits, size, progress=False)


def _folders(gaits):
    return sorted(path.name for path in gaits.directory.iterdir() if "geis" in path.name)


def test_a_gei_is_the_mean_of_the_aligned_usable_frames(made):
    store = _open(made)
    assert store.images.shape[1:] == (32, 32) and store.images.dtype == np.uint8
    # The second sequence has a usable frame too few.
    assert store.rows[: store.count].tolist() == [0, 2, 3]
    for row, image in zip(store.rows, store.images[: store.count], strict=False):
        masks = [mask for mask in _sequences()[row][-1] if mask.any()]
        expected = gei.gait_energy_image(np.stack([gei.align(mask, 32) for mask in masks]))
        np.testing.assert_array_equal(image, expected)


def test_those_of_gait_cycles_follow(made):
    store = _open(made)
    masks = _sequences()[0][-1]
    aligned = np.stack([gei.align(mask, 32) for mask in masks])
    # Cycles of 26 frames, of 60; the 8 left over are shared between start and end.
    cycles = [(4, 30), (30, 56)]
    # A walk without a cycle is one.
    assert store.rows[store.count :].tolist() == [0, 0, 2, 3]
    for image, (start, end) in zip(store.images[store.count :], cycles, strict=False):
        np.testing.assert_array_equal(image, gei.gait_energy_image(aligned[start:end]))
    np.testing.assert_array_equal(store.images[-2:], store.images[1:3])


def test_images_of_some_gaits(made):
    store, gaits = _open(made), Gaits.of(made)
    np.testing.assert_array_equal(store.of(gaits), store.images[:3])
    np.testing.assert_array_equal(
        store.of(gaits.take(np.array([2, 0, 2]))), store.images[[2, 0, 2]]
    )
    assert store.of(gaits.of_subjects([])).shape == (0, 32, 32)


def test_the_middle_cycle_of_some_gaits(made):
    store, gaits = _open(made), Gaits.of(made)
    # The second of two; of a walk without a rhythm, of all its frames.
    expected = [store.images[store.count + 1], *store.images[1:3]]
    np.testing.assert_array_equal(store.of_cycles(gaits), expected)
    turned = gaits.take(np.array([2, 0]))
    np.testing.assert_array_equal(store.of_cycles(turned), [expected[2], expected[0]])


@pytest.mark.parametrize("of", ["of", "of_cycles"])
def test_a_sequence_that_is_too_short_is_named(made, of):
    with pytest.raises(InputError) as error:
        getattr(_open(made), of)(Gaits.of(made, min_frames=1))
    assert str(error.value) == (
        f"001-bg-02-000 have fewer than {MIN_FRAMES} usable frames: leave them out"
    )


def test_they_are_made_once(gaits, monkeypatch):
    first = _open(gaits)
    monkeypatch.setattr(gei_store.gei, "align", None)
    second = _open(gaits)
    np.testing.assert_array_equal(first.images, second.images)
    assert len(_folders(gaits)) == 1


def test_images_lie_in_parts_as_in_one(gaits, monkeypatch):
    whole = _open(gaits)
    monkeypatch.setattr(derived, "SEQUENCES", 1)
    monkeypatch.setattr(derived.parts, "cores", lambda: 1)
    monkeypatch.setattr(gei_store, "VERSION", -1)
    parts = _open(gaits)
    # Another version makes another store.
    assert len(_folders(gaits)) == 2
    np.testing.assert_array_equal(parts.images, whole.images)
    np.testing.assert_array_equal(parts.rows, whole.rows)
    assert parts.count == whole.count == 3


def test_images_stay_on_the_disk(made):
    images = _open(made).images
    assert not images.flags.owndata and not images.flags.writeable


def test_other_sizes_are_other_images(made):
    assert _open(made, 16).images.shape[1:] == (16, 16)
    assert _open(made).images.shape[1:] == (32, 32)


def test_gaits_that_are_all_too_short_have_none(tmp_path):
    for number, sequences in enumerate(([], _sequences()[1:2])):
        store = _open(make_store(tmp_path / str(number), sequences), 17)
        assert store.images.shape == (0, 17, 17) and store.count == 0


def _cut(name):
    return lambda folder: (folder / name).write_bytes((folder / name).read_bytes()[:-1])


def _written(name, *values):
    return lambda folder: (folder / name).write_bytes(np.array(values, np.int64).tobytes())


@pytest.mark.parametrize(
    "damage",
    [
        *(lambda folder, n=n: (folder / n).unlink() for n in ("images", "rows", "count")),
        *map(_cut, ("images", "rows", "count")),
        _written("count", 8),
        _written("count", -1),
        _written("count", 3, 3),
        _written("rows", 0, 2, 3, 0, 0, 2),
        # There are four sequences.
        _written("rows", 0, 2, 4, 0, 0, 2, 3),
        _written("rows", 0, 2, -1, 0, 0, 2, 3),
    ],
)
def test_damage_is_one_line_that_names_the_folder(gaits, damage):
    _open(gaits)
    (name,) = _folders(gaits)
    damage(gaits.directory / name)
    with pytest.raises(InputError) as error:
        _open(gaits)
    (line,) = str(error.value).splitlines()
    assert line.startswith(f"{gaits.directory / name} is damaged (")
    assert line.endswith("): remove it, and it is made again")
