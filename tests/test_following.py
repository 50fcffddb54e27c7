"""Who is where in a clip, kept in little."""

import numpy as np
import pytest
from clips import upscale, walking

from gait_jax.anonymization import following
from gait_jax.anonymization.following import Following
from gait_jax.gait.limbs import Limbs
from gait_jax.runtime.errors import InputError
from gait_jax.video import people


def _glimpse(mask, corner):
    """How many pixels were shown, and where."""
    rows, columns = np.nonzero(mask)
    return int(mask.sum()), corner[0] + columns.min(), corner[1] + rows.max()


def _follow(masks):
    return Following((people.find(mask // 255) for mask in masks), _glimpse)


def test_silhouettes_come_back_as_they_were_seen():
    masks = upscale(walking(12), 2)
    with _follow(masks) as found:
        assert found.frames == 12 and not found.unlike
        sights = [*found]
        assert [len(seen) for seen in sights] == [1] * 12
        (whose,) = {id(seen[0].whose): seen[0].whose for seen in sights}.values()
        assert (whose.number, whose.first, whose.last, whose.is_person) == (1, 0, 11, True)
        for i in (11, 0, 5):
            (sight,) = sights[i]
            again = np.zeros_like(masks[i])
            again[sight.crop] = found.mask(sight)
            seen, drawn = again > 0, masks[i] > 0
            # Smoothed along the outline.
            assert np.count_nonzero(seen & drawn) / np.count_nonzero(seen | drawn) > 0.93
            pixels, left, bottom = whose.glimpses[i]
            columns = np.nonzero(again.any(axis=0))[0]
            assert pixels == again.sum() and left == columns[0]
            assert bottom == np.nonzero(again.any(axis=1))[0][-1]


def test_of_frames_without_somebody_there_is_no_glimpse():
    masks = [mask.copy() for mask in upscale(walking(10, start=24), 2)]
    masks[4][:] = 0
    with _follow(masks) as found:
        (whose,) = {id(s.whose): s.whose for seen in found for s in seen}.values()
        known = whose.all_glimpses()
        assert len(known) == 10 and [i for i, one in enumerate(known) if one is None] == [4]
        assert found.people == {1: whose} and whose.lost == {4}


def test_what_shows_up_once_is_no_person():
    masks = [np.zeros_like(mask) for mask in upscale(walking(8), 2)]
    masks[3] = upscale(walking(1, start=60), 2)[0]
    with _follow(masks) as found:
        ((sight,),) = [seen for seen in found if seen]
        assert not sight.whose.is_person


def test_joints_are_kept_where_they_were_seen():
    masks = upscale(walking(4), 2)

    def found():
        for i, mask in enumerate(masks):
            sightings = people.find(mask // 255)
            sightings[0].limbs = Limbs(np.full((15, 3), i, np.float32)) if i % 2 else None
            sightings[0].touching = i == 2
            yield sightings

    with Following(found(), _glimpse) as following:
        kept = [(sight.limbs, sight.apart) for (sight,) in following]
    assert [limbs and int(limbs.points[0, 0]) for limbs, _ in kept] == [None, 1, None, 3]
    assert [apart for _, apart in kept] == [True, True, False, True]


_CLOTHES = np.eye(4, dtype=np.float32)[:2]


def _seen_in_pictures(frames, clothes=_CLOTHES):
    """Somebody at the columns that are given, None where nobody is; their clothes are known."""
    for x in frames:
        if x is None:
            yield []
            continue
        mask = np.zeros((160, 400), np.uint8)
        mask[40:120, x : x + 24] = 1
        (one,) = people.find(mask)
        one.clothes = clothes
        yield [one]


def test_a_short_gap_is_bridged_where_pictures_were_looked_at():
    way = [100 + 4 * i for i in range(20)]
    gaps = [None if i in (6, 7, 14) else x for i, x in enumerate(way)]
    with Following(_seen_in_pictures(gaps), _glimpse) as found:
        (whose,) = found.people.values()
        assert not whose.lost and whose.seen == set(range(20))
        sights = [sight for (sight,) in found]
        for i in (6, 7, 14):
            assert sights[i].problem is None
            assert sights[i].box == pytest.approx((way[i], 40, 24, 80), abs=1)
            # As large as in the frame before; and nothing is read from it.
            assert found.mask(sights[i]).sum() == found.mask(sights[5]).sum()
            assert i not in whose.glimpses
    with Following(_seen_in_pictures(gaps, None), _glimpse) as found:
        (whose,) = found.people.values()
        assert whose.lost == {6, 7, 14}
    # Of five frames at 25 a second, and two at 8, nobody knows so well.
    long = [None if 6 <= i < 11 else x for i, x in enumerate(way)]
    with Following(_seen_in_pictures(long), _glimpse) as found:
        assert found.people[1].lost == set(range(6, 11))
    with Following(_seen_in_pictures(gaps), _glimpse, 8.0) as found:
        assert found.people[1].lost == {6, 7}


def test_the_nearest_comes_last():
    masks = [np.zeros((200, 400), np.uint8) for _ in range(5)]
    for i, mask in enumerate(masks):
        mask[60:150, 100 + i : 124 + i] = mask[40:120, 200 + i : 224 + i] = 1
    for order in (1, -1):
        with Following((people.find(mask)[::order] for mask in masks), _glimpse) as found:
            assert all([one.box[1] for one in seen] == [40, 60] for seen in found)


@pytest.mark.parametrize("same", [True, False])
def test_pieces_of_a_way_are_one_person_and_others_are_not(same):
    def found():
        yield from _seen_in_pictures([100 + 4 * i for i in range(15)] + [None] * 20)
        later = [240 + 4 * i for i in range(10)]
        yield from _seen_in_pictures(later, _CLOTHES if same else _CLOTHES[:, ::-1])

    with Following(found(), _glimpse) as found:
        sights = [seen[0].whose for seen in found if seen]
        if same:
            (whose,) = found.people.values()
            assert (whose.first, whose.last) == (0, 44) and whose.lost == set(range(15, 35))
            assert all(one is whose for one in sights) and len(whose.glimpses) == 25
            assert [i for i, one in enumerate(whose.all_glimpses()) if one is None] == [
                *range(15, 35)
            ]
        else:
            first, second = found.people.values()
            assert (first.last, second.first) == (14, 35) and not first.lost and not second.lost


def test_a_full_temporary_folder_costs_one_line(monkeypatch):
    class _Full:
        def seek(self, offset, whence=0):
            return 0

        def write(self, data):
            raise OSError(28, "No space left on device")

        def __enter__(self):
            return self

        def __exit__(self, *error):
            pass

    monkeypatch.setattr(following.tempfile, "TemporaryFile", _Full)
    with pytest.raises(
        InputError, match=r"cannot be written \(No space left on device\): .*TMPDIR"
    ):
        _follow(upscale(walking(4), 2))
