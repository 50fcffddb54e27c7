"""Pictures that somebody gave: read whole, or not at all."""

import pathlib

import cv2
import numpy as np

from gait_jax.gait import silhouette
from gait_jax.runtime.errors import InputError
from gait_jax.runtime.files import open_regular, reason_of
from tfds_casia import png

# No picture of a camera is larger.
_MOST_BYTES = 2**28

# A mask of more values, or of larger ones beside white, is shaded; of fewer they are labels.
_MOST_LABELS, _LARGEST_LABEL = 64, 64


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
    return _read(path, cv2.IMREAD_COLOR if colour else cv2.IMREAD_GRAYSCALE, 2 + colour)


def read_mask(path: pathlib.Path) -> np.ndarray:
    """Reads a silhouette, in any of the forms in which programs write one.

    Light on dark, what is at least half of white is the person. Small numbers on 0, and a few
    colours on black, as of a palette, are labels: whatever has one is.

    Args:
      path: a PNG, or any other format that OpenCV reads.

    Returns:
      [H, W] uint8 of 0 and 1.

    Raises:
      InputError: it is no picture, or not the whole of one.
    """
    found = _read(path, cv2.IMREAD_ANYDEPTH | cv2.IMREAD_ANYCOLOR, None)
    if found.dtype == np.uint16:
        # OpenCV's own conversion to 8 bits would make black of labels.
        found = (found if found.max() <= _LARGEST_LABEL else found >> 8).astype(np.uint8)
    if found.dtype != np.uint8:
        raise InputError(f"{path} is no picture of 8 or 16 bits: replace it")
    if found.ndim == 3:
        if (found != found[..., :1]).any():
            colours = np.unique(found.reshape(-1, 3) @ (1, 256, 65536))
            if len(colours) <= _MOST_LABELS:
                return found.any(axis=2).astype(np.uint8)
            return silhouette.binarize(cv2.cvtColor(found, cv2.COLOR_BGR2GRAY))
        found = np.ascontiguousarray(found[..., 0])
    values = np.unique(found)
    between = values[(values > 0) & (values < 255)]
    if between.size and between[-1] <= _LARGEST_LABEL and between.size <= _MOST_LABELS // 4:
        return (found > 0).astype(np.uint8)
    return silhouette.binarize(found)


def _read(path: pathlib.Path, flag: int, dimensions: int | None) -> np.ndarray:
    try:
        # Not by cv2.imread: it crashes on names that are not UTF-8.
        with open_regular(path) as file:
            data = file.read(_MOST_BYTES)
        png.check(data)
        found = cv2.imdecode(np.frombuffer(data, np.uint8), flag) if data else None
    except (OSError, png.UnreadableFrameError, cv2.error) as error:
        reason = "it is damaged" if isinstance(error, cv2.error) else reason_of(error)
        raise InputError(f"{path} cannot be read as a picture ({reason}): replace it") from None
    if found is None or dimensions not in (None, found.ndim):
        raise InputError(f"{path} cannot be read as a picture: replace it")
    return found
