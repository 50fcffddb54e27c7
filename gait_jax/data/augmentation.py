"""Other looks of a sequence's aligned silhouettes: mirrored, turned, seen a little aslant."""

import cv2
import ml_collections
import numpy as np

# Degrees to either side.
_TURN = 10.0
# Of rows and columns: how far a corner moves at most.
_ASLANT = 0.15


def augment(
    images: np.ndarray, config: ml_collections.ConfigDict, rng: np.random.Generator
) -> np.ndarray:
    """Changes a sequence's silhouettes, all of them alike.

    Recognisers of today train on such changes (GaitBase: Fan et al. 2023, with shares of 0.2).

    Args:
      images: [T, H, W] uint8 of 0..255.
      config: shares of sequences, 0 to 1: `flip` are mirrored, `rotate` turned by up to 10 degrees,
        `perspective` have each corner moved outwards by up to 15 % of the height or the width.
      rng: of this sequence.

    Returns:
      [T, H, W] uint8 of 0..255.
    """
    rows, columns = images.shape[1:]
    # All numbers are drawn, whatever the shares: what one changes leaves the others alone.
    chances, angle = rng.random(3), rng.uniform(-_TURN, _TURN)
    moves = rng.uniform(0, _ASLANT, (4, 2)).astype(np.float32)
    if chances[0] < config.flip:
        images = images[..., ::-1]
    change = np.eye(3)
    if chances[1] < config.rotate:
        middle = (columns / 2 - 0.5, rows / 2 - 0.5)
        change[:2] = cv2.getRotationMatrix2D(middle, angle, 1.0)
    if chances[2] < config.perspective:
        corners = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], np.float32)
        size = np.array([columns - 1, rows - 1], np.float32)
        outwards = corners + moves * np.where(corners, 1, -1).astype(np.float32)
        change = cv2.getPerspectiveTransform(outwards * size, corners * size) @ change
    if np.array_equal(change, np.eye(3)):
        return np.ascontiguousarray(images)
    images = np.ascontiguousarray(images)
    return np.stack([cv2.warpPerspective(image, change, (columns, rows)) for image in images])
