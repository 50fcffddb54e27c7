"""Made clips: is what they say of themselves what they show?"""

import numpy as np
import pytest

from gait_jax.data import no_walks, reader_clips
from gait_jax.data.filmed_clips import film, packed
from gait_jax.data.reader_clips import ReaderClips, stretched
from gait_jax.data.scenes import RATE
from gait_jax.gait.glimpses import COLUMNS, MOTION, NEITHER, ROWS, STANDING, WALKING

_FRAMES = 30


@pytest.fixture(scope="module")
def clips():
    return [film(0, index, _FRAMES) for index in range(60)]


def test_the_same_numbers_give_the_same_clip(clips):
    again = film(0, 3, _FRAMES)
    for a, b in zip(again.masks, clips[3].masks, strict=True):
        np.testing.assert_array_equal(a, b)
    np.testing.assert_array_equal(again.azimuth, clips[3].azimuth)
    other = film(1, 3, _FRAMES)
    assert other.masks[0].shape != again.masks[0].shape or (other.masks[0] != again.masks[0]).any()


def test_there_is_some_of_everything(clips):
    kinds = np.concatenate([clip.kind for clip in clips])
    for kind, least in ((WALKING, 0.4), (STANDING, 0.02), (NEITHER, 0.1)):
        assert np.mean(kinds == kind) > least
    views = np.concatenate([clip.azimuth for clip in clips])
    assert (-180 <= views).all() and (views < 180).all()
    assert len({*(views // 60)}) == 6
    heights = np.concatenate([clip.elevation for clip in clips])
    assert heights.min() >= 0 and heights.max() > 25


def test_who_walks_across_the_picture_goes_as_far_as_is_said(clips):
    checked = 0
    for clip in clips:
        walks = packed(clip)
        known = np.flatnonzero((clip.kind == WALKING) & (walks["seen"] > 0))
        aside = np.sin(np.radians(clip.azimuth))
        if len(known) < 20 or np.abs(aside).min() < 0.8 or clip.elevation.max() > 20:
            continue
        boxes = walks["boxes"][known]
        moved = np.polyfit(known, boxes[:, 0], 1)[0] * RATE / np.median(boxes[:, 3])
        # 90 degrees sees the left side: they go to the left.
        wanted = -np.mean(clip.speed[known] * aside[known])
        # Walking people are a little less tall than upright ones.
        assert moved == pytest.approx(wanted, rel=0.15)
        checked += 1
    assert checked >= 3


def test_who_comes_becomes_larger_and_who_leaves_smaller(clips):
    checked = 0
    for clip in clips:
        walks = packed(clip)
        known = np.flatnonzero((clip.kind == WALKING) & (walks["seen"] > 0))
        # From above, who comes is seen more and more from above.
        if len(known) < 20 or clip.elevation.max() > 12 or clip.speed.min() < 0.4:
            continue
        if np.abs(np.cos(np.radians(clip.azimuth))).min() < 0.8:
            continue
        growth = np.polyfit(known, np.log(walks["boxes"][known, 3]), 1)[0]
        assert np.sign(growth) == np.sign(np.cos(np.radians(clip.azimuth[0])))
        checked += 1
    assert checked >= 3


@pytest.mark.parametrize("what", ["frozen", "half", "two", "pram", "thing", "running", "sitting"])
def test_what_is_no_walk_is_drawn_and_is_one_thing(what, monkeypatch):
    rng = np.random.default_rng(7)

    class _Chosen:
        """Draws as its generator does, but that kind."""

        def __getattr__(self, name):
            return getattr(rng, name)

        def choice(self, among, *args, **options):
            named = isinstance(among, tuple) and "frozen" in among
            return what if named else rng.choice(among, *args, **options)

    scene, masks, corners = no_walks.no_walk(_Chosen(), 8)
    assert masks.shape[0] == len(corners) == len(scene.speed) == 8
    assert masks.any(axis=(1, 2)).all() and set(np.unique(masks)) == {0, 1}
    if what == "frozen":
        assert scene.speed.any() or (masks == masks[:1]).mean() > 0.9
    if what == "sitting":
        assert (masks == masks[:1]).mean() > 0.9 and not scene.speed.any()


def test_crops_are_stretched_about_their_middle():
    crops = np.zeros((2, ROWS, COLUMNS), np.uint8)
    crops[0, 5, 10:14] = 200
    crops[1, 6, 0] = 100
    wide = stretched(crops, 2.0)
    # 3.5 columns to each side of 11.5, half of which shows at the ends.
    assert wide[0, 5].tolist() == [0] * 7 + [50, 150] + [200] * 6 + [150, 50] + [0] * 7
    assert not wide[1].any()
    narrow = stretched(crops, 0.5)
    assert narrow[0, 5].tolist() == [0] * 11 + [200] * 2 + [0] * 11
    np.testing.assert_array_equal(stretched(crops, 1.0), crops)


def test_batches_are_shown_in_other_ways_and_keep_their_truth(clips, monkeypatch):
    monkeypatch.setattr(reader_clips, "_WIDER", 0)
    arrays = {}
    made = [packed(clip) for clip in clips[:6]]
    for name in made[0]:
        arrays[name] = np.stack([clip[name] for clip in made])
    plain = ReaderClips(arrays, changed=False).take(np.arange(6), np.arange(6, dtype=np.uint32))
    assert plain["crops"].shape == (6, _FRAMES, ROWS, COLUMNS)
    assert plain["motion"].shape == (6, _FRAMES, MOTION)
    seeds = np.arange(60, dtype=np.uint32)
    shown = ReaderClips(arrays, changed=True).take(np.arange(60) % 6, seeds)
    mirrored = 0
    for k in range(60):
        known = shown["seen"][k] > 0
        if (shown["azimuth"][k] == -plain["azimuth"][k % 6]).all():
            mirrored += 1
            slow = (np.diff(shown["crops"][k].astype(int), axis=0) == 0).all(axis=(1, 2)).sum() > 8
            if not slow and known.all():
                np.testing.assert_array_equal(shown["crops"][k], plain["crops"][k % 6][..., ::-1])
                np.testing.assert_allclose(
                    shown["motion"][k][:, 0], -plain["motion"][k % 6][:, 0], atol=1e-4
                )
        else:
            np.testing.assert_array_equal(shown["azimuth"][k], plain["azimuth"][k % 6])
        np.testing.assert_array_equal(shown["phase"][k], plain["phase"][k % 6])
    assert 15 < mirrored < 45
