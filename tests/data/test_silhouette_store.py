import numpy as np
import pytest
from drawn import draw_person
from stores import make_store

from gait_jax.data.silhouette_store import open_silhouettes
from gait_jax.gait import gei
from gait_jax.runtime.errors import InputError

_SHAPE = (16, 11)


def _masks(frames, missing=()):
    masks = [draw_person(0.5 * i, 30 + i) // 255 for i in range(frames)]
    return [mask * (i not in missing) for i, mask in enumerate(masks)]


_SEQUENCES = [
    ("001", "nm", 1, 90, _masks(4)),
    ("001", "bg", 2, 0, _masks(3, missing=(0, 1, 2))),
    ("002", "nm", 1, 90, _masks(5, missing=(2,))),
]


@pytest.fixture
def gaits(tmp_path):
    return make_store(tmp_path / "gaits-0", _SEQUENCES)


def test_usable_frames_are_aligned_and_kept(gaits):
    store = open_silhouettes(gaits, _SHAPE, progress=False)
    assert store.offsets.tolist() == [0, 4, 4, 8]
    for row, (*_, masks) in enumerate(_SEQUENCES):
        expected = [gei.align(mask, *_SHAPE) for mask in masks if mask.any()]
        found = store.of(row)
        assert found.shape == (len(expected), *_SHAPE) and found.dtype == np.uint8
        for image, other in zip(found, expected, strict=True):
            np.testing.assert_array_equal(image, other)


def test_they_are_made_once_for_each_shape(gaits):
    open_silhouettes(gaits, _SHAPE, progress=False)
    (folder,) = gaits.directory.glob("aligned-*")
    made = (folder / "images").stat().st_mtime_ns
    open_silhouettes(gaits, _SHAPE, progress=False)
    assert (folder / "images").stat().st_mtime_ns == made
    open_silhouettes(gaits, (32, 22), progress=False)
    assert len([*gaits.directory.glob("aligned-*")]) == 2


@pytest.mark.parametrize("file", ["images", "offsets"])
def test_a_damaged_store_is_refused(gaits, file):
    open_silhouettes(gaits, _SHAPE, progress=False)
    (folder,) = gaits.directory.glob("aligned-*")
    content = (folder / file).read_bytes()
    (folder / file).write_bytes(content[:-8])
    with pytest.raises(InputError, match=f"{folder.name} is damaged .*: remove it"):
        open_silhouettes(gaits, _SHAPE, progress=False)


def test_sequences_that_overlap_are_refused(gaits):
    open_silhouettes(gaits, _SHAPE, progress=False)
    (folder,) = gaits.directory.glob("aligned-*")
    (folder / "offsets").write_bytes(np.array([0, 9, 4, 8], np.int64).tobytes())
    with pytest.raises(InputError, match="sequences that do not follow each other"):
        open_silhouettes(gaits, _SHAPE, progress=False)
