"""The nearest-pixel colouriser (2019 §3.5, eq 9)."""

import cv2
import numpy as np


def colourise(
    frame: np.ndarray, background: np.ndarray, original: np.ndarray, anonymized: np.ndarray
) -> np.ndarray:
    """Colours an anonymised silhouette from the frame that its original stands in.

    The four regions of eq 9: outside both silhouettes (1), and in the original only (3), the
    background; in both (2), the frame; in the anonymised only (4), the frame at the pixel of the
    original silhouette that lies nearest by Euclidean distance. Of several nearest, the one that
    SciPy's distance transform names, which depends on the silhouettes alone.

    Args:
      frame: I_Or [H, W, 3] uint8, any order of channels.
      background: I_Bg [H, W, 3] uint8, the scene without anybody.
      original: S_Or [H, W] uint8 of 0 and 1.
      anonymized: S_An [H, W] uint8 of 0 and 1.

    Returns:
      I_An [H, W, 3] uint8.

    Raises:
      ValueError: there is no original to take colours from, but an anonymised silhouette.
    """
    coloured = background.copy()
    x, y, width, height = cv2.boundingRect(original | anonymized)
    box = np.s_[y : y + height, x : x + width]
    inside, wanted = original[box], anonymized[box]
    if not wanted.any():
        return coloured
    if not inside.any():
        raise ValueError("the original silhouette is empty: it lends the anonymised no colours")
    from scipy import ndimage  # Most clips are coloured without, and do not wait for it to load.

    # cv2.distanceTransformWithLabels is four times as fast, but only close to exact: in silhouettes
    # of 460 rows, 0.7 % of the pixels get one that is not the nearest.
    rows, columns = ndimage.distance_transform_edt(
        inside == 0, return_distances=False, return_indices=True
    )
    where = wanted.astype(bool)
    # A pixel of the original is its own nearest: regions 2 and 4 are one look-up.
    coloured[box][where] = frame[box][rows[where], columns[where]]
    return coloured
