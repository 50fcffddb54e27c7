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
    monkeypatch.setattr(background, "_MEMORY", 0)
    counted = []
    samples = background.sample(clip, counted.append)
    assert len(counted) == 23
    # At most four are kept: every 8th after the stride has doubled three times.
    np.testing.assert_allclose(samples[:, 0, 0, 0], [0, 80, 160], atol=2)


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
