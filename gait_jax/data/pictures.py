"""Pictures that somebody gave: read whole, or not at all."""

import pathlib

import cv2
import numpy as np

from gait_jax.runtime.errors import InputError
from gait_jax.runtime.files import open_regular, reason_of
from tfds_casia import png

# No picture of a camera is larger.
_MOST_BYTES = 2**28


def read_picture(path: pathlib.Path, colour: bool = False) -> np.ndarray:
    """Reads a picture; some decoders give what they could read of a torn one, the rest black.

    Args:
      path: a PNG, or any other format that OpenCV reads.
      colour: whether it is read in colour.

    Returns:
      uint8, grey [H, W] or blue, green, red [H, W, 3].

    Raises:
      InputError: it is no picture, or not the whole of one.
    """
    try:
        # Not by cv2.imread: it crashes on names that are not UTF-8.
        with open_regular(path) as file:
            data = file.read(_MOST_BYTES)
        png.check(data)
        flag = cv2.IMREAD_COLOR if colour else cv2.IMREAD_GRAYSCALE
        found = cv2.imdecode(np.frombuffer(data, np.uint8), flag) if data else None
    except (OSError, png.UnreadableFrameError, cv2.error) as error:
        reason = "it is damaged" if isinstance(error, cv2.error) else reason_of(error)
        raise InputError(f"{path} cannot be read as a picture ({reason}): replace it") from None
    if found is None or found.ndim != 2 + colour:
        raise InputError(f"{path} cannot be read as a picture: replace it")
    return found
