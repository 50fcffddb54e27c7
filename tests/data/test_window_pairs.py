import types

import ml_collections
import numpy as np
import pytest
from drawn import draw_walk
from stores import make_store

from gait_jax.data.contour_store import open_contours
from gait_jax.data.window_pairs import WindowPairs, pair_windows, partners
from gait_jax.gait.codec import RESAMPLED, ContourCodec
from gait_jax.runtime.errors import InputError


def _walk(bulk, empty=(), start=30):
    masks = [mask // 255 for mask in draw_walk(8, bulk=bulk, start=start)]
    return [np.zeros_like(mask) if i in empty else mask for i, mask in enumerate(masks)]


@pytest.fixture
def stores(tmp_path):
    """Three walks, and two of them, the later first, twice with other bodies."""
    originals = [
        ("a", "nm", 1, 90, _walk(0.6)),
        ("a", "nm", 2, 90, _walk(0.6, empty=(7,))),
        ("b", "nm", 1, 90, _walk(1.0)),
    ]
    draw = [("b", "nm", 1, 90, _walk(1.5, empty=(1,))), ("a", "nm", 2, 90, _walk(1.5, start=50))]
    return (
        make_store(tmp_path / "anonymized-0", draw + draw),
        make_store(tmp_path / "gaits-0", originals),
    )


def _windows(stores, subjects, numbers=()):
    contours = [open_contours(store, progress=False) for store in stores]
    return WindowPairs(*contours, 32, subjects, numbers, frames=3, stride=2)


def test_every_frame_knows_what_it_was_made_of(stores):
    found = partners(*stores)
    assert found.tolist() == [*range(16, 24), *range(8, 16)] * 2


def test_windows_hold_both_sides_of_the_same_frames(stores):
    windows = _windows(stores, ["a"])
    # Of frames 0 to 6, which are usable on both sides: from 0, 2 and 4, in both draws.
    assert len(windows) == 6
    batch = windows.take(np.array([1, 5]), np.zeros(2, np.uint32))
    codec, (anonymized, originals) = ContourCodec(RESAMPLED, 32), stores
    assert batch["contours"].shape == batch["originals"].shape == (2, 3, 32, 2)
    for row, (draw, start) in enumerate([(0, 2), (1, 4)]):
        for t in range(3):
            for side, mask in (
                ("contours", anonymized.mask(16 * draw + 8 + start + t)),
                ("originals", originals.mask(8 + start + t)),
            ):
                # In its own heights, from its own middle: what was moved aside is none the less.
                np.testing.assert_allclose(batch[side][row, t], codec.encode(mask)[0], atol=1e-6)


def test_windows_are_of_the_people_and_numbers_asked_for(stores):
    # From 2 and 4 on: the frame before is empty.
    assert len(_windows(stores, ["b"])) == 4
    assert len(_windows(stores, ["a", "b"])) == 10
    assert len(_windows(stores, ["a", "b"], (1,))) == 4
    assert len(_windows(stores, ["a"], (1,))) == 0


def test_what_cannot_be_learned_from_is_refused(stores):
    config = ml_collections.ConfigDict(
        {"points": 32, "frames": 3, "stride": 2, "sequences": (), "group": "g"}
        | {"validation_group": "g"}
    )
    dataset = types.SimpleNamespace(
        gaits=stores[0], originals=stores[1], members=lambda _: ["a"], description={}
    )
    data = pair_windows(dataset, config, progress=False)
    assert (len(data.train), len(data.held_out), data.unit) == (6, 6, ("frames", 3))
    config.sequences = (1,)
    with pytest.raises(InputError, match="no 3 consecutive frames that are usable before and"):
        pair_windows(dataset, config, progress=False)
    dataset.gaits = dataset.originals
    with pytest.raises(InputError, match="set data.anonymized_by to the workdir"):
        pair_windows(dataset, config, progress=False)
