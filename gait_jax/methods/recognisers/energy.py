"""Gait energy images for the recognisers that look at them."""

from typing import TYPE_CHECKING

import numpy as np

from gait_jax.methods import fields

if TYPE_CHECKING:
    from gait_jax.data.gaits import Gaits


# Of the whole sequence (2019 §2.1), or of one gait cycle (2020 §II-A).
SEQUENCE, CYCLE = "sequence", "cycle"
# Of a recogniser's configuration.
ENERGY: fields.Fields = {"data.energy": fields.one_of(SEQUENCE, CYCLE)}


def energy_images(gaits: "Gaits", size: int, energy: str = SEQUENCE) -> np.ndarray:
    """The gait energy images (GEIs) of some sequences, made once and kept with their store.

    Args:
      gaits: the sequences.
      size: S, rows and columns.
      energy: "sequence", all frames, or "cycle", those of the sequence's middle gait cycle.

    Returns:
      [N, S, S] uint8 of 0..255, one a sequence.

    Raises:
      InputError: a sequence has too few frames, or what is kept is damaged.
    """
    # TFDS, which the stores bring along, takes longer to load than a model that needs none.
    from gait_jax.data.gei_store import open_geis

    store = open_geis(gaits.store, size, progress=False)
    return store.of_cycles(gaits) if energy == CYCLE else store.of(gaits)
