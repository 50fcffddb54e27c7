"""How surely a detector takes somebody for a person: P(person), 0 to 1, whatever it is."""

import pathlib
from typing import Protocol

import cv2
import numpy as np

from gait_jax.runtime.errors import InputError
from gait_jax.video import onnx_network
from gait_jax.video.blazepose_detector import Detector, Tile
from gait_jax.video.onnx_detector import OnnxDetector
from gait_jax.video.onnx_network import OnnxNetwork

BLAZEPOSE = "blazepose"
_ONNX = "onnx:"
# Side of the square that BlazePose's detector sees, in heights of the body: people fill a quarter
# to three quarters of it.
_TILE = 1.7
# Scores below are nobody's.
_LEAST = 0.05


class PersonScore(Protocol):
    """A detector that is asked about one person in a picture."""

    def __call__(self, picture: np.ndarray, mask: np.ndarray) -> float:
        """The highest P(person) of what it finds where the person is; 0 where it finds nothing.

        Args:
          picture: [H, W, 3] uint8 (blue, green, red).
          mask: where they are, [H, W] bool or uint8, not empty.

        Raises:
          InputError: the detector cannot be used.
        """


class BlazePosePerson:
    """The detector that finds the people of clips. Not for two threads at once.

    It looks into a square around the person. Found there is whoever's hips lie in their box.
    """

    def __init__(self):
        """Loads it; `InputError` where its file is missing."""
        self._detector = Detector()

    def __call__(self, picture: np.ndarray, mask: np.ndarray) -> float:
        """See `PersonScore`."""
        x, y, width, height = cv2.boundingRect(mask.astype(np.uint8))
        scores = [
            one.score
            for one in self._detector.detect_tiles(picture, [tile(mask)], _LEAST)
            if x <= one.hips[0] <= x + width and y <= one.hips[1] <= y + height
        ]
        return max(scores, default=0.0)


def tile(mask: np.ndarray) -> Tile:
    """The square around somebody in which the detector looks, cut to the picture."""
    x, y, width, height = cv2.boundingRect(mask.astype(np.uint8))
    reach = int(_TILE * max(height, width) / 2) + 1
    x, y = x + width // 2, y + height // 2
    rows, columns = mask.shape
    return max(x - reach, 0), max(y - reach, 0), min(x + reach, columns), min(y + reach, rows)


def build(name: str, side: int, person: int) -> PersonScore:
    """The detector of a name.

    Args:
      name: `blazepose`, or `onnx:PATH` (see `onnx_detector`).
      side: of the pictures for an ONNX network that takes any size, pixels.
      person: its class of people; -1 for the usual one of what it gives.

    Raises:
      InputError: it is not known, or cannot be used.
    """
    identity(name)
    if name == BLAZEPOSE:
        return BlazePosePerson()
    return OnnxDetector(OnnxNetwork(pathlib.Path(name.removeprefix(_ONNX))), side, person)


def name_of(name: str) -> str:
    """A detector's name without its folder."""
    return pathlib.PurePath(name.removeprefix(_ONNX)).name


def identity(name: str) -> str:
    """Names all that a detector is.

    Raises:
      InputError: it is not known, or its file cannot be read.
    """
    if name == BLAZEPOSE:
        return name
    if not name.startswith(_ONNX):
        raise InputError(f"detector {name!r} is not known: use {BLAZEPOSE} or {_ONNX}PATH")
    return onnx_network.digest(pathlib.Path(name.removeprefix(_ONNX)))


def describe(name: str) -> str:
    """What a detector is, in a line for a table's note."""
    if name == BLAZEPOSE:
        return (
            "BlazePose's detector (MediaPipe 0.10.21), which its makers trained on pictures of "
            "people; looks into a square of 1.7 heights around the person"
        )
    return f"{name_of(name)}, an ONNX network that was given; looks at whole frames"
