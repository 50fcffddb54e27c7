"""Nearest-pixel colouring (2019 §3.5, eq 9)."""

import numpy as np
from scipy import ndimage


def colourise(
    frame: np.ndarray, plate: np.ndarray, original: np.ndarray, anonymised: np.ndarray
) -> np.ndarray:
    """Colours an anonymised silhouette with the original's nearest pixels.

    Args:
      frame: I_Or [H, W, 3] uint8.
      plate: I_Bg [H, W, 3] uint8, the scene without the person.
      original: S_Or [H, W] uint8 of 0 and 1.
      anonymised: S_An [H, W] uint8 of 0 and 1.

    Returns:
      I_An [H, W, 3] uint8. Without an original pixel there is nobody to show: the plate.
    """
    result = plate.copy()
    if original.any():
        rows, columns = ndimage.distance_transform_edt(
            original == 0, return_distances=False, return_indices=True
        )
        inside = anonymised > 0
        result[inside] = frame[rows[inside], columns[inside]]
    return result
