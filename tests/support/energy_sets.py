"""Made-up people who differ in their gait energy images, for tests of recognisers."""

import itertools

import cv2
import numpy as np
from stores import make_store

from gait_jax.data.gaits import MIN_FRAMES, Gaits
from gait_jax.data.gei_store import VERSION
from gait_jax.runtime.fingerprint import fingerprint


def make_images(people=6, sequences=4, views=(0, 90), size=64, noise=6.0, seed=0):
    """People who differ by a smooth pattern of their own in every view.

    Returns:
      (images [N, size, size] uint8, [(subject, number, view)] of each).
    """
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
        labels.append((f"{k:03d}", n, v))
    return np.array(images), labels


def make_gaits(directory, size=64, **kwargs):
    """Gaits of such people: their store keeps the images, as if they were made of its silhouettes.

    Args:
      directory: the store's folder, to be made.
      size: rows and columns of the images: recognisers must ask for this size.
      **kwargs: see `make_images`.
    """
    images, labels = make_images(size=size, **kwargs)
    body = np.ones((1, 1), np.uint8)
    sequences = [(who, "nm", n, view, [body] * MIN_FRAMES) for who, n, view in labels]
    store = make_store(directory, sequences, part=len(sequences))
    keep_images(store, images)
    return Gaits.of(store)


def keep_images(store, images):
    """Puts images of all sequences, one each, to where a store keeps them; none of gait cycles."""
    key = fingerprint(store.key, images.shape[1], MIN_FRAMES, VERSION)
    folder = store.directory / f"geis-{key}"
    folder.mkdir()
    (folder / "images").write_bytes(images.tobytes())
    (folder / "rows").write_bytes(np.arange(len(images)).astype(np.int64).tobytes())
    (folder / "count").write_bytes(np.int64(len(images)).tobytes())
