import numpy as np
import pytest
from drawn import draw_walk
from stores import make_store

from gait_jax.data.gaits import Gaits
from gait_jax.data.remade import EMPTY, remade_gaits


@pytest.fixture
def gaits(tmp_path):
    def walk(n, empty=()):
        masks = [mask // 255 for mask in draw_walk(10, start=30 + n)]
        return [np.zeros_like(mask) if i in empty else mask for i, mask in enumerate(masks)]

    walks = [(f"{n:03d}", "nm", 1, 90, walk(n, (2,) if n == 1 else ())) for n in range(4)]
    return Gaits.of(make_store(tmp_path / "gaits-0", walks))


class _Narrow:
    """Cuts everybody's last rows off; of one walk, everything in its first frame."""

    def __init__(self):
        self.asked = []

    def __call__(self, walk, masks):
        self.asked.append((walk.subject, len(masks)))
        made = [mask[:60].copy() for mask in masks]
        if walk.subject == "003":
            made[0][:] = 0
        return made


def test_what_is_made_stands_frame_by_frame_where_it_was_made_of(gaits):
    remake, chosen = _Narrow(), gaits.take(np.array([1, 3]))
    made = remade_gaits(chosen, remake, "narrow", "v1", progress=False)
    # Nobody is asked about a frame without a person.
    assert remake.asked == [("001", 9), ("003", 10)]
    assert made.subjects.tolist() == ["001", "003"] and made.views.tolist() == [90, 90]
    for index, empty in enumerate((2, 0)):
        before = chosen.store.sequences[chosen.rows[index]]
        after = made.store.sequences[made.rows[index]]
        assert after.name == before.name and len(after) == len(before) == 10
        for k in range(10):
            wanted = chosen.store.mask(before.first + k)[:60] * (k != empty)
            found = made.store.mask(after.first + k)
            assert np.array_equal(found, wanted) if k != empty else not found.any()
    assert made.store.unusable == {EMPTY: 2}
    assert made.store.directory.parent == gaits.store.directory


def test_it_is_made_once_for_each_maker_and_choice(gaits):
    remake = _Narrow()
    stores = {
        (known, rows): remade_gaits(gaits.take(np.array(rows)), remake, "a", known, False).store.key
        for known in ("v1", "v2")
        for rows in ((0, 1), (0, 2))
    }
    assert len({*stores.values()}) == 4 and len(remake.asked) == 8
    remade_gaits(gaits.take(np.array([0, 1])), remake, "a", "v1", False)
    assert len(remake.asked) == 8
