"""Stand-ins without a trained reader: one that is told what to say takes its place."""

import ml_collections
import numpy as np

from gait_jax.gait.glimpses import KINDS, NEITHER, WALKING
from gait_jax.methods.anonymizers.standing_in import StandInAnonymizer
from gait_jax.models.gait_reader import Reading

CODE = {"view": 18.0, "elevation": 15.0, "size": 0.0, "pace": 0.0, "freedom": 0.4}
CODE |= {"course": 0.0, "rhythm": "own"}


def told(azimuth=90.0, kind=WALKING, speed=0.8, neither_from=None):
    """A reader that says the same of all frames; from one on, perhaps, that it is no walk."""

    def apply(walk):
        shape = walk["seen"].shape
        turned = np.radians(azimuth)
        logits = np.zeros((*shape, KINDS))
        logits[..., kind] = 9
        if neither_from is not None:
            logits[:, neither_from:, NEITHER] = 18
        return Reading(
            np.tile([1.0, 0.0], (*shape, 1)),
            np.tile([np.cos(turned), np.sin(turned)], (*shape, 1)),
            np.full(shape, 5.0),
            np.full(shape, speed),
            logits,
        )

    return apply


def stand_in(reach=12, **changes):
    """A stand-in whose reader is told `changes`."""
    return StandInAnonymizer(told(**changes), reach, ml_collections.ConfigDict(CODE))


def bar_walk(frames=40, tall=100, step=3, shape=(200, 320)):
    """A bar that goes to the left: masks [H, W] uint8 of 0 and 1."""
    masks = []
    for t in range(frames):
        mask = np.zeros(shape, np.uint8)
        x = 240 - step * t
        mask[170 - tall : 170, x : x + 24] = 1
        masks.append(mask)
    return masks
