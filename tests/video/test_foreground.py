import cv2
import numpy as np
import pytest
from clips import draw_scene, upscale, walk_in, walking

from gait_jax.gait import silhouette
from gait_jax.video.background import estimate
from gait_jax.video.foreground import DifferenceSegmenter


def overlap(a, b):
    return np.count_nonzero(a & b) / np.count_nonzero(a | b)


@pytest.fixture(scope="module")
def scene():
    return cv2.resize(draw_scene(), None, fx=2, fy=2, interpolation=cv2.INTER_NEAREST)


@pytest.fixture(scope="module")
def masks():
    return upscale(walking(30), 2)


def test_a_walker_is_found_to_the_pixel(scene, masks):
    frames = walk_in(scene, masks, noise=3.0)
    segment = DifferenceSegmenter(estimate(np.array(frames), scene))
    for frame, mask in zip(frames, masks, strict=True):
        assert overlap(silhouette.clean(segment(frame)), silhouette.binarize(mask)) > 0.93


def test_a_soft_shadow_is_scene_and_grey_clothes_are_not(scene, masks):
    rows, columns = np.mgrid[: scene.shape[0], : scene.shape[1]]
    values = []
    for shadowed in (False, True):
        frames = []
        for i, mask in enumerate(masks):
            lit = scene.astype(float)
            if shadowed:
                x = 40 + 4 * i
                lit *= 1 - 0.4 * np.exp(-(((columns - x) / 45) ** 2 + ((rows - 144) / 9) ** 2))[
                    ..., None
                ]  # fmt: skip
            # Clothes of the wall's own colour, darker than it.
            frames += walk_in(lit.astype(np.uint8), [mask], (150, 158, 154), noise=2.0, seed=i)
        segment = DifferenceSegmenter(estimate(np.array(frames), scene))
        values.append(
            np.mean(
                [
                    overlap(silhouette.clean(segment(f)), silhouette.binarize(m))
                    for f, m in zip(frames, masks, strict=True)
                ]
            )
        )
    assert values[0] > 0.95
    assert values[1] > 0.88


def test_nothing_is_found_where_nothing_is_and_a_change_of_light_is_none(scene):
    frames = walk_in(scene, [np.zeros(scene.shape[:2], np.uint8)] * 8, noise=3.0)
    segment = DifferenceSegmenter(estimate(np.array(frames)))
    for frame in frames:
        assert not segment(frame).any()
    brighter = np.clip(frames[0] * 1.12, 0, 255).astype(np.uint8)
    assert segment(brighter).sum() == 0


def test_another_scene_is_said_to_be_one(scene):
    segment = DifferenceSegmenter(estimate(scene[None]))
    other = np.random.default_rng(0).integers(0, 256, scene.shape).astype(np.uint8)
    assert segment(other) is None
    assert not segment(scene).any()
