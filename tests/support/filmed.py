"""Walkers filmed for tests: people whom a network that knows people takes for some."""

import numpy as np

from tfds_casia.walkers import rhythm, standin


def filmed_walk(frames, tall=110, shape=(192, 280), speed=1.2, seed=5):
    """Somebody who crosses the picture to the right: masks [H, W] uint8 of 0 and 255."""
    someone = standin.draw(seed)
    steps = rhythm.own(np.full(frames, speed), someone.pace.preference, 0.3)
    place = np.full((frames, 2), 0.9 * shape[0])
    place[:, 0] = 60 + speed * tall / someone.stature / 25 * np.arange(frames)
    side, level = np.full(frames, -90.0), np.full(frames, 5.0)
    sight = someone.film(someone.pose(steps), side, level, np.full(frames, float(tall)), place)
    masks = []
    for drawn, top, left in zip(sight.masks, sight.window.top, sight.window.left, strict=True):
        mask = np.zeros(shape, np.uint8)
        mask[top : top + len(drawn), left : left + drawn.shape[1]] = drawn
        masks.append(mask)
    return masks
