"""Colours an anonymised person who need not stand where the original stood."""

import numpy as np

from gait_jax.gait.laying import apart, moved
from gait_jax.methods.contracts import Colouriser


def coloured(
    colourise: Colouriser,
    frame: np.ndarray,
    background: np.ndarray,
    original: np.ndarray,
    anonymized: np.ndarray,
) -> np.ndarray:
    """Colours an anonymised silhouette; the original is laid under it first.

    Colourisers take a pixel's colour from its place or from near it: from the wall, or from the
    original's rim alone, where somebody else walks beside them.

    Args:
      colourise: what colours.
      frame: the original [H, W, 3] uint8, channels as `colourise` wants them.
      background: the scene without the person, likewise.
      original: S_Or [H, W] uint8 of 0 and 1.
      anonymized: S_An, likewise.

    Returns:
      [H, W, 3] uint8: the anonymised person on the background.
    """
    right, down = apart(original, anonymized)
    if not (right or down):
        return colourise(frame, background, original, anonymized)
    laid = (moved(picture, right, down) for picture in (frame, background, original))
    result, inside = background.copy(), anonymized > 0
    result[inside] = colourise(*laid, anonymized)[inside]
    return result
