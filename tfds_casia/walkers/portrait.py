"""One picture of a stand-in that tells them from others: everybody is seen in the same way."""

import numpy as np

from tfds_casia.walkers import rhythm
from tfds_casia.walkers.standin import Standin

# Degrees: three quarters from the front, so that how broad and how deep somebody is both show; from
# the side no shoulders would be seen, and from the front no belly.
_AZIMUTH = 45.0
# Cycles: the right heel strikes, so that legs, arms and the hem of a skirt are apart. Another phase
# for each would say nothing of who they are.
_PHASE = 0.0
# Pixels that they would measure upright.
_HEIGHT = 200.0


def portrait(someone: Standin) -> np.ndarray:
    """Takes somebody's picture, in the middle of a stride at their usual pace.

    Returns:
        The silhouette, [h, w] uint8 of 0 and 255.
    """
    usual = someone.pace.preference
    steps = rhythm.own(np.full(1, usual.frequency * usual.stride), usual, _PHASE)
    seen = someone.see(steps, np.full(1, _AZIMUTH), np.zeros(1), np.full(1, _HEIGHT))
    return seen.masks[0]
