import jointed
import numpy as np
import pytest

from gait_jax.video import sunlight
from gait_jax.video.sunlight import Glance, Sun


def scene(shape=(300, 420)):
    noise = np.random.default_rng(0).normal(0, 3, (*shape, 3))
    return np.clip(np.array((90, 140, 110)) + noise, 0, 255).astype(np.uint8)


def filmed(sun, seed=0):
    """(picture, scene, mask) of somebody in sunlight; without `sun` below clouds."""
    drawn, small = jointed.drawn(jointed.limbs(arms=20))
    mask = np.zeros((300, 420), np.uint8)
    mask[40:280, 120:320] = small
    empty, picture = scene(), scene()
    if sun:
        ground = np.nonzero(mask.any(axis=1))[0][-1]
        sunlight.cast(picture, mask, (0, 0), ground, sun)
    noise = np.random.default_rng(seed + 1).normal(0, 2, picture.shape)
    picture = np.clip(picture + noise, 0, 255).astype(np.uint8)
    picture[40:280, 120:320][small > 0] = drawn[small > 0]
    return picture, empty, mask


@pytest.mark.parametrize("tip", [(-0.5, 0.15), (0.6, 0.1), (0.45, -0.3)])
def test_a_shadow_that_is_cast_is_found_again(tip):
    found = sunlight.glance(*filmed(Sun(np.array(tip), 0.45)))
    np.testing.assert_allclose(found.tip, tip, atol=0.25)
    assert found.dims == pytest.approx(0.45, abs=0.06)


def test_below_clouds_there_is_none():
    assert sunlight.glance(*filmed(None)).tip is None


def test_somebody_dark_is_not_their_shadow():
    picture, empty, mask = filmed(None)
    # Half as bright as the scene and of its hue, and so are some pixels that the mask lost.
    picture[mask > 0] = empty[mask > 0] // 2
    lost = mask.copy()
    lost[np.nonzero(mask.any(axis=1))[0][0] : 150] = 0
    assert sunlight.glance(picture, empty, mask).tip is None
    # What is of another hue is no shadow.
    picture, empty, mask = filmed(None)
    picture[225:245, 60:200] = (140, 80, 30)
    assert sunlight.glance(picture, empty, mask).tip is None


def test_a_head_casts_its_shadow_at_the_tip():
    # A pole of 100 pixels on row 200 below a covered sky of 200; the light takes half.
    mask = np.zeros((200, 120), np.uint8)
    mask[100:200, 50:60] = 1
    ground = np.full((300, 400, 3), 200, np.uint8)
    sunlight.cast(ground, mask, (100, 0), 200.0, Sun(np.array([1.0, 0.5]), 0.5))
    dark = 1 - ground[..., 0] / 200
    # From the foot, at column 155, to 100 pixels to the right and 50 down; nothing above it.
    assert dark[225, 205] == pytest.approx(0.5, abs=0.05)
    assert dark[246, 247] > 0.2 and dark[262, 275] < 0.05
    assert dark[:180].max() == 0 and dark[225, 100] == 0
    # A light from the side casts a shadow all the same.
    flat = np.full((300, 400, 3), 200, np.uint8)
    sunlight.cast(flat, mask, (100, 0), 200.0, Sun(np.array([1.0, 0.0]), 0.5))
    assert (1 - flat[195:210, 205, 0] / 200).max() > 0.3


def test_most_frames_decide_and_one_that_errs_does_not():
    left = [Glance(np.array([-0.8, 0.1]), 0.4)] * 6
    sun = sunlight.sun_of([*left, Glance(np.array([0.9, 0.5]), 0.8), Glance(None)])
    np.testing.assert_allclose(sun.tip, [-0.8, 0.1])
    assert sun.dims == pytest.approx(0.4)
    assert sunlight.sun_of([left[0], Glance(None), Glance(None)]) is None
    assert sunlight.sun_of([]) is None
    # What lies below the feet is no direction, and no shadow is twice as long as its person here.
    for tip in ((0.1, 0.05), (2.0, 0.4)):
        assert sunlight.sun_of([Glance(np.array(tip), 0.4)] * 5) is None


def test_a_shadow_beyond_the_picture_is_not_cast():
    mask = np.zeros((60, 40), np.uint8)
    mask[10:60, 15:25] = 1
    ground = np.full((80, 80, 3), 200, np.uint8)
    sunlight.cast(ground, mask, (70, 10), 70.0, Sun(np.array([5.0, 3.0]), 0.5))
    assert ground.shape == (80, 80, 3) and (ground[:60] == 200).all()
