"""The joints of synthetic people, as `gait.limbs` names them."""

import numpy as np

from gait_jax.gait.limbs import JOINTS, Limbs
from tfds_casia.walkers.body import model

# The bones that begin there.
_BONES = {
    "shoulder": "upper_arm",
    "elbow": "forearm",
    "wrist": "hand",
    "hip": "thigh",
    "knee": "shank",
    "ankle": "foot",
    "toe": "toes",
}


def _bone(joint: str) -> int:
    side, _, name = joint.rpartition("_")
    return model().bones.index(f"{_BONES[name]}_{side}" if side else name)


_FIRST = [_bone(joint) for joint in JOINTS]


def limbs(joints: np.ndarray) -> Limbs:
    """Somebody's joints in a picture.

    Args:
      joints: of the bones in the order of `body.model().bones`, (x, y) pixels and how far away from
        the camera, [B, 3].
    """
    return Limbs(joints[_FIRST].astype(np.float32))
