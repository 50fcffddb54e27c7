from fractions import Fraction

import numpy as np
import pytest
from clips import draw_scene, walk_in, walking, write_video

from gait_jax.video import background
from gait_jax.video.clip import Clip


@pytest.mark.parametrize("count", [1, 2, 5, 16, 50])
def test_the_median_is_the_sorted_middle(count):
    samples = np.random.default_rng(count).integers(0, 256, (count, 7, 9, 3)).astype(np.uint8)
    np.testing.assert_array_equal(background.median(samples), np.sort(samples, axis=0)[count // 2])


def test_samples_lie_evenly_over_a_clip_of_any_length(tmp_path, monkeypatch):
    frames = [np.full((16, 16, 3), 10 * i, np.uint8) for i in range(23)]
    clip = Clip.open(write_video(tmp_path / "a.avi", frames, codec="ffv1"))
    monkeypatch.setattr(background, "_FEWEST", 4)
    monkeypatch.setattr(background, "MEMORY", 0)
    counted = []
    samples, indices = background.sample(clip, counted.append)
    assert len(counted) == 23
    # At most four are kept: every 8th after the stride has doubled three times.
    np.testing.assert_allclose(samples[:, 0, 0, 0], [0, 80, 160], atol=2)
    assert indices == [0, 8, 16]


@pytest.mark.parametrize(
    ("count", "rate", "expected"),
    [
        # At 25 a second every other one is enough, at 60 every fourth, at 20 each of them.
        (50, 25, range(0, 50, 2)),
        (64, 60, range(0, 64, 4)),
        (40, 20, range(40)),
        # Few are all kept.
        (31, 25, range(31)),
    ],
)
def test_samples_are_no_nearer_in_time_than_people_stay(tmp_path, count, rate, expected):
    frames = [np.full((16, 16, 3), i, np.uint8) for i in range(count)]
    clip = Clip.open(write_video(tmp_path / "a.avi", frames, rate=Fraction(rate), codec="ffv1"))
    assert background.sample(clip)[1] == list(expected)


def test_who_walks_through_is_not_in_the_scene():
    scene = draw_scene()
    frames = np.array(walk_in(scene, walking(40, step=3), noise=3.0))
    found = background.estimate(frames)
    assert np.abs(found.picture.astype(int) - scene).max() <= 3
    assert 2.0 < np.median(found.noise) < 7.0
    assert found.doubtful.mean() < 0.01


def test_where_somebody_stands_still_the_background_is_doubtful():
    scene = draw_scene()
    masks = walking(40, start=60, step=0)
    found = background.estimate(np.array(walk_in(scene, masks)))
    swung = (np.mean(np.array(masks) > 0, axis=0) > 0.45) & (
        np.mean(np.array(masks) > 0, axis=0) < 0.55
    )
    assert found.doubtful.sum() > 10
    assert found.doubtful[:10].sum() == 0
    # What is given is not doubted, and standing people do not count as noise of the scene.
    given = background.estimate(np.array(walk_in(scene, masks)), scene)
    assert not given.doubtful.any()
    assert given.noise[swung].max() <= 2 * np.median(given.noise)


def test_who_is_known_to_stand_there_is_not_in_the_scene():
    scene = draw_scene()
    # Somebody stands in 36 frames of 40, and walks out.
    masks = np.array(walking(40, start=60, step=0))
    masks[36:] = 0
    frames, hidden = np.array(walk_in(scene, list(masks))), (masks > 0).astype(np.uint8)
    found = background.estimate(frames, hidden=hidden)
    assert np.abs(found.picture.astype(int) - scene).max() <= 12
    assert not found.unseen.any() and found.doubtful.mean() < 0.01
    plain = background.estimate(frames)
    assert np.abs(plain.picture.astype(int) - scene).max() > 40


def test_what_was_never_seen_is_filled_from_what_is_around():
    samples = np.full((5, 32, 32, 3), 90, np.uint8)
    hidden = np.zeros((5, 32, 32), np.uint8)
    samples[:, 10:20, 12:18], hidden[:, 10:20, 12:18] = 240, 1
    found = background.estimate(samples, hidden=hidden)
    np.testing.assert_array_equal(found.unseen, hidden[0])
    np.testing.assert_allclose(found.picture, 90, atol=4)
    assert not found.doubtful.any()


def test_medians_leave_out_what_is_hidden():
    samples = np.array([[[3]], [[9]], [[200]], [[5]]], np.uint8)
    hidden = np.array([[[0]], [[0]], [[1]], [[0]]], np.uint8)
    assert background.median(samples, hidden).tolist() == [[5]]
    assert background.median(samples).tolist() == [[9]]
    assert background.median(samples, np.ones_like(hidden)).tolist() == [[255]]


def test_the_light_of_all_of_a_clip_is_no_noise_of_its_scene():
    scene = draw_scene().astype(float)
    frames = [np.clip(scene * gain, 0, 255).astype(np.uint8) for gain in np.linspace(0.7, 1, 21)]
    found = background.estimate(np.array(frames))
    assert np.median(found.noise) == pytest.approx(1.5, abs=0.1)
    np.testing.assert_allclose(found.picture, scene * 0.85, atol=3)
