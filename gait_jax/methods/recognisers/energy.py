"""Gait energy images for the recognisers that look at them."""

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from gait_jax.data.gaits import Gaits


def energy_images(gaits: "Gaits", size: int) -> np.ndarray:
    """The gait energy images (GEIs) of some sequences, made once and kept with their store.

    Args:
      gaits: the sequences.
      size: S, rows and columns.

    Returns:
      [N, S, S] uint8 of 0..255, one a sequence.

    Raises:
      InputError: a sequence has too few frames, or what is kept is damaged.
    """
    # TFDS, which the stores bring along, takes longer to load than a model that needs none.
    from gait_jax.data.gei_store import open_geis

    return open_geis(gaits.store, size, progress=False).of(gaits)
