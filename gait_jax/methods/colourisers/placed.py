"""Colours frame by frame, from where a pixel is, people who need not stand where they stood."""

from collections.abc import Callable
from typing import Any

import numpy as np

from gait_jax.gait.laying import apart, moved
from gait_jax.methods.contracts import Colouriser, Shot

# Of a frame, the background, S_Or and S_An (see `contracts.Shot`): the result, as the frame.
Paint = Callable[[np.ndarray, np.ndarray, np.ndarray, np.ndarray], np.ndarray]


class Placed(Colouriser):
    """Takes colours from a pixel's place, or from near it.

    The original is laid under the anonymised person first: else their colours would be the wall's,
    or those of the original's rim alone, where somebody else walks beside them.
    """

    def __init__(self, paint: Paint):
        """Takes what paints a person who stands where the original stood."""
        self._paint = paint

    def __call__(self, shot: Shot, background: np.ndarray, known: Any = None) -> np.ndarray:
        del known
        right, down = apart(shot.original, shot.anonymized)
        if not (right or down):
            return self._paint(shot.picture, background, shot.original, shot.anonymized)
        laid = (
            moved(picture, right, down) for picture in (shot.picture, background, shot.original)
        )
        result, inside = background.copy(), shot.anonymized > 0
        result[inside] = self._paint(*laid, shot.anonymized)[inside]
        return result
