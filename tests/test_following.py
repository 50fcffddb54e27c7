"""Who is where in a clip, kept in little."""

import numpy as np
import pytest
from clips import upscale, walking

from gait_jax.anonymization import following
from gait_jax.anonymization.following import Following
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
