"""The same walk in the same clothes on another body: only synthetic people have such twins."""

import cv2
import numpy as np

from gait_jax.data import skeletons
from gait_jax.data.sequence import GaitSequence
from gait_jax.gait.limbs import Limbs
from tfds_casia.walkers import twin
from tfds_casia.walkers.recording import WalkName


def film(
    sequence: GaitSequence, body_of: str
) -> tuple[np.ndarray, list[np.ndarray], list[np.ndarray], list[Limbs]]:
    """Films a walker's twin, without the camera's noise.

    Args:
      sequence: of the data set walkers, as it is made without a seed of its own.
      body_of: the subject whose body the twin has, brought to the height of the sequence's own.

    Returns:
      (which frames of the sequence it has: [T] rising indices, silhouettes [H, W] uint8 of 0 and 1,
      pictures [H, W, 3] uint8 red, green, blue, and the joints in these).
    """
    name = WalkName(int(sequence.subject), sequence.condition, sequence.number)
    frames, masks, pictures, joints = twin.film(0, name, sequence.view, int(body_of))
    return (
        frames,
        [mask // 255 for mask in masks],
        [cv2.cvtColor(picture, cv2.COLOR_BGR2RGB) for picture in pictures],
        [skeletons.limbs(one) for one in joints],
    )
