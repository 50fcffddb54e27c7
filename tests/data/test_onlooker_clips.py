import numpy as np
import pytest

from gait_jax.data import onlooker_clips
from gait_jax.data.onlooker_clips import Form, OnlookerClips
from gait_jax.gait.following import KINDS, NO_WALKS

_FORM = Form(frames=8, size=24, reach=1.25)


@pytest.fixture(scope="module")
def filmed():
    return [onlooker_clips.film(1, _FORM, index) for index in range(2)]


def test_a_walk_is_filmed_the_same_each_time_and_of_somebody_else_by_another_number(filmed):
    again = onlooker_clips.film(1, _FORM, 0)
    count = 8 + onlooker_clips._SPARE
    for name, shape in {"pictures": (24, 24, 3), "scenes": (24, 24, 3), "masks": (24, 24)}.items():
        assert filmed[0][name].shape == (count, *shape) and filmed[0][name].dtype == np.uint8
        np.testing.assert_array_equal(again[name], filmed[0][name])
    assert (filmed[0]["pictures"] != filmed[1]["pictures"]).any()


def test_the_person_stands_in_the_middle_and_the_scene_is_what_is_behind(filmed):
    for walk in filmed:
        masks = walk["masks"] > 0
        rows, columns = masks.any(axis=2).sum(axis=1), masks.any(axis=0)
        # 24 rows over 1.25 heights.
        assert (np.abs(rows - 24 / 1.25) <= 3).all()
        assert abs(np.flatnonzero(columns.any(axis=0)).mean() - 11.5) < 2
        apart = np.abs(walk["pictures"].astype(int) - walk["scenes"]).mean(axis=3)
        assert apart[masks].mean() > 3 * apart[~masks].mean()


class _Numbered(OnlookerClips):
    """Walks whose every pixel is its frame's number; people fill the middle columns."""

    def __init__(self, monkeypatch=None, walks=3):
        frames = np.arange(8 + onlooker_clips._SPARE, dtype=np.uint8)
        whole = np.broadcast_to(frames[None, :, None, None], (walks, len(frames), 6, 6))
        walk = np.arange(walks, dtype=np.uint8)[:, None, None, None] * 20
        pictures = np.repeat((whole + walk)[..., None], 3, axis=-1)
        masks = np.zeros((walks, len(frames), 6, 6), np.uint8)
        masks[..., 2:4] = 1
        super().__init__({"pictures": pictures, "scenes": pictures + 100, "masks": masks}, 8)


def _people(clip):
    """The frames that the upper and lower half of the person are of, by their numbers."""
    return clip[:, 0, 2, 0].astype(int), clip[:, -1, 2, 0].astype(int)


@pytest.mark.parametrize("seed", range(6))
def test_each_kind_is_what_it_is_called(seed):
    clips, found = _Numbered(), {}
    for kind in KINDS:
        clip = clips.clip(0, kind, np.random.default_rng(seed))
        # Beside the person is the scene, or the picture itself.
        found[kind] = *_people(clip), clip[:, 0, 0, 0].astype(int) % 100
    for upper, lower, beside in found.values():
        assert upper.shape == lower.shape == beside.shape == (8,)
    upper, lower, beside = found["walking"]
    np.testing.assert_array_equal(np.diff(upper), 1)
    np.testing.assert_array_equal(upper, lower)
    np.testing.assert_array_equal(upper, beside)
    upper, lower, beside = found["frozen"]
    assert len({*upper, *lower, *beside}) == 1
    upper, lower, beside = found["backwards"]
    np.testing.assert_array_equal(np.diff(upper), -1)
    np.testing.assert_array_equal(upper, beside)
    upper, lower, beside = found["shuffled"]
    assert sorted(upper) == list(range(min(upper), min(upper) + 8)) and (np.diff(upper) != 1).any()
    upper, lower, beside = found["sliding"]
    assert len({*upper, *lower}) == 1 and np.diff(beside).tolist() == [1] * 7
    upper, lower, beside = found["swapped"]
    np.testing.assert_array_equal(np.diff(lower), 1)
    np.testing.assert_array_equal(lower, beside)
    # Half a cycle later.
    assert upper[0] == lower[0] + 7
    upper, lower, beside = found["cut"]
    # Somebody else from a frame on, in the first one's scene.
    np.testing.assert_array_equal(np.diff(beside), 1)
    walks = upper // 20
    assert walks[0] == 0 and walks[-1] > 0 and (np.diff(walks) != 0).sum() == 1


def test_half_of_the_clips_are_walks_and_all_kinds_come():
    batch = _Numbered().take(np.zeros(300, int), np.arange(300, dtype=np.uint32))
    assert batch["clips"].shape == (300, 8, 6, 6, 3) and batch["clips"].dtype == np.uint8
    counts = np.bincount(batch["kind"], minlength=len(KINDS))
    assert 120 < counts[0] < 180 and (counts[1:] > 10).all() and len(counts) == 1 + len(NO_WALKS)
    again = _Numbered().take(np.zeros(300, int), np.arange(300, dtype=np.uint32))
    np.testing.assert_array_equal(again["clips"], batch["clips"])


def test_who_is_put_on_a_scene_tells_nothing():
    clips, rng = _Numbered(), np.random.default_rng(0)

    def put(kind, times):
        # A scene's shades are 100 more than the picture's.
        return np.mean([clips.clip(0, kind, rng)[0, 0, 0, 0] >= 100 for _ in range(times)])

    of_walks = put("walking", 600)
    assert of_walks == pytest.approx(np.mean([put(kind, 300) for kind in NO_WALKS]), abs=0.06)
