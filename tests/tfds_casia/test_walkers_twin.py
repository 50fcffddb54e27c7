import cv2
import numpy as np
import pytest

from tfds_casia.walkers import generation, recording, twin
from tfds_casia.walkers.generation import Plan
from tfds_casia.walkers.recording import WalkName

_NAME = WalkName(1, "nm", 1)


@pytest.fixture(scope="module")
def recorded():
    plan = Plan(subjects=1, views=(90,), kind="rgb")
    (_, example), *_ = generation.examples(plan, _NAME)
    return example


def test_ones_own_twin_is_the_recording_without_the_cameras_noise(recorded):
    frames, masks, pictures, _ = twin.film(0, _NAME, 90, body_of=1)
    assert frames.tolist() == list(range(len(recorded["frames"])))
    place = len(frames) // 2
    decode = lambda file, how: cv2.imdecode(np.frombuffer(file, np.uint8), how)  # noqa: E731
    exact = decode(recorded["frames"][place], cv2.IMREAD_GRAYSCALE)
    np.testing.assert_array_equal(masks[place], exact)
    filmed = decode(recorded["colour_frames"][place], cv2.IMREAD_COLOR)
    assert np.abs(filmed.astype(int) - pictures[place]).mean() < 5
    np.testing.assert_array_equal(pictures[place][:20], twin_background()[:20])


def twin_background():
    return generation.scene_of(0, _NAME.subject, 90).background


def test_another_body_walks_at_the_same_place_in_another_outline(recorded):
    frames, masks, pictures, _ = twin.film(0, _NAME, 90, body_of=2)
    assert len(frames) == len(masks) == len(pictures) > 0.8 * len(recorded["frames"])
    for place in range(0, len(frames), 10):
        file = recorded["frames"][frames[place]]
        exact = cv2.imdecode(np.frombuffer(file, np.uint8), cv2.IMREAD_GRAYSCALE)
        both, either = (exact & masks[place]).sum(), (exact | masks[place]).sum()
        assert 0.6 < both / either < 0.99


def test_a_twin_is_as_tall_as_the_person():
    own = recording.person(0, 1).naked
    moving, _ = twin.move(0, _NAME, body_of=2)
    same, _ = twin.move(0, _NAME, body_of=1)
    heights = [np.ptp(m.vertices[..., 2], axis=1).mean() for m in (moving, same)]
    assert heights[0] == pytest.approx(heights[1], rel=0.02)
    assert heights[1] == pytest.approx(np.ptp(own.vertices[:, 2]), rel=0.1)
    # They stand in the same place and keep the same time.
    np.testing.assert_allclose(
        moving.pelvis[:, :2], same.pelvis[np.isin(same.phase, moving.phase), :2], atol=1e-9
    )
