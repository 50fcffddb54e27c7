"""What a camera that moves sees of a flat place without anybody."""

import cv2
import numpy as np


def place(height, width, seed=0):
    """A textured place: [H, W, 3] float32, blue, green, red."""
    rng = np.random.default_rng(seed)
    found = np.full((height, width, 3), 120, np.float32)
    for cell in (4, 12, 40):
        grain = rng.normal(0, 16, (height // cell + 2, width // cell + 2, 3)).astype(np.float32)
        found += cv2.resize(grain, (width, height), interpolation=cv2.INTER_CUBIC)
    return found


def shift(x, y=0.0):
    """The matrix [3, 3] by which the picture of a place moves: pixels to the right and down."""
    return np.array([[1, 0, x], [0, 1, y], [0, 0, 1.0]])


def view(found, matrix, shape=(192, 280), noise=2.0, seed=0):
    """A frame [H, W, 3] uint8 of a place, whose middle is the frame's where nothing has moved."""
    middle = shift((shape[1] - found.shape[1]) / 2, (shape[0] - found.shape[0]) / 2)
    seen = cv2.warpPerspective(found, matrix @ middle, shape[::-1], flags=cv2.INTER_LINEAR)
    seen += np.random.default_rng(seed).normal(0, noise, seen.shape)
    return np.clip(np.rint(seen), 0, 255).astype(np.uint8)
