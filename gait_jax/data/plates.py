"""Background plates that are not exact, as those of real recordings are not.

A plate is filmed at another moment than the person, or put together from frames that show them:
light and exposure have changed, the camera was touched, noise is its own.
"""

import zlib

import cv2
import numpy as np

# Shares of the error: light that changed as a whole and by colour, here and there, and noise. Their
# squares add up to 1.
_WHOLE, _PLACES, _NOISE = 0.6, 0.6, 0.53
# Grey levels of error a pixel by which the camera moved, and pixels of a patch of light.
_MOVED, _PATCH = 8.0, 40


def worn(plate: np.ndarray, error: float, name: str) -> np.ndarray:
    """A plate that is off by about so many grey levels; the same for the same name.

    Args:
      plate: exact [H, W, 3] uint8.
      error: root mean square, grey levels, besides what a camera that moved by error / 8 pixels
        adds along edges; 0 leaves the plate.
      name: of the sequence.
    """
    if not error:
        return plate
    rng = np.random.default_rng(zlib.crc32(name.encode()))
    shape, cells = plate.shape, [n // _PATCH + 2 for n in plate.shape[:2]]
    light = rng.standard_normal((*cells, 1)).astype(np.float32)
    # Smoothing between the cells takes about a third of the spread.
    places = 1.5 * cv2.resize(light, shape[1::-1], interpolation=cv2.INTER_CUBIC)
    off = _WHOLE * (0.8 * rng.standard_normal() + 0.6 * rng.standard_normal(3))
    off = off + _PLACES * places[..., None] + _NOISE * rng.standard_normal(shape)
    move = np.float32(error / _MOVED * rng.standard_normal(2))
    change = np.float32([[1, 0, move[0]], [0, 1, move[1]]])
    seen = cv2.warpAffine(plate, change, shape[1::-1], borderMode=cv2.BORDER_REPLICATE)
    return np.clip(np.rint(seen + error * off), 0, 255).astype(np.uint8)
