"""Energy images of made-up people, for tests of recognisers."""

import itertools

import cv2
import numpy as np
from gait_jax.data.energies import Energies


def make_energies(people=6, sequences=4, views=(0, 90), size=64, noise=6.0, seed=0):
    """People who differ by a smooth pattern of their own in every view; [N, size, size]."""
    rng = np.random.default_rng(seed)
    # A person's identity is what all views show in their own way.
    identity = rng.normal(size=(people, 5))
    shown = {v: rng.normal(size=(5, 8 * 8)) for v in views}
    images, labels = [], []
    for k, n, v in itertools.product(range(people), range(1, sequences + 1), views):
        own = identity[k] + 0.05 * rng.normal(size=5)
        pattern = cv2.resize((own @ shown[v]).reshape(8, 8), (size, size))
        image = 128 + 14 * pattern + noise * rng.normal(size=(size, size))
        images.append(np.clip(image, 0, 255).astype(np.uint8))
        labels.append((f"{k:03d}", "nm", n, v))
    subjects, conditions, numbers, directions = zip(*labels, strict=True)
    return Energies(
        np.array(images),
        np.array(subjects),
        np.array(conditions),
        np.array(numbers, np.int32),
        np.array(directions, np.int32),
    )
