"""A sequence in colour: what the camera saw, beside the silhouettes."""

from collections.abc import Iterable
from typing import Any

import cv2
import numpy as np

from gait_jax.gait import silhouette


def _picture(file: bytes) -> np.ndarray:
    image = cv2.imdecode(np.frombuffer(file, np.uint8), cv2.IMREAD_COLOR)
    return cv2.cvtColor(image, cv2.COLOR_BGR2RGB)


class Recording:
    """One sequence of a data set in colour; pictures are decoded when they are asked for.

    Attributes:
      background: the scene without the person, red, green, blue [H, W, 3] uint8.
      clothing: `plain`, `textural`, or empty where the data set does not say.
      shown: which of the sequence's frames the camera saw: rising indices.
    """

    def __init__(self, example: dict[str, Any], numbers: Iterable[int]):
        """Takes an example of a data set whose pictures are files (see `source.Examples`).

        Args:
          example: with colour.
          numbers: of the sequence's frames, which the example may lack some of.
        """
        self._example = example
        place = {number: i for i, number in enumerate(example["frame_numbers"])}
        self._places = [place.get(int(number)) for number in numbers]
        self.shown = [i for i, found in enumerate(self._places) if found is not None]
        self.background = _picture(example["background"])
        clothing = example.get("clothing", b"")
        self.clothing = clothing.decode() if isinstance(clothing, bytes) else str(clothing)

    def __len__(self) -> int:
        return len(self._places)

    def frame(self, index: int) -> np.ndarray:
        """The scene, red, green, blue [H, W, 3] uint8."""
        return _picture(self._example["colour_frames"][self._places[index]])

    def complete(self, index: int) -> np.ndarray:
        """The silhouette that the data set gives: [H, W] uint8 of 0 and 1."""
        return silhouette.decode(self._example["frames"][self._places[index]])

    def incomplete(self, index: int) -> np.ndarray | None:
        """The silhouette as imperfect segmentation gives it, likewise; None where there is none."""
        files = self._example.get("degraded_frames")
        return None if files is None else silhouette.decode(files[self._places[index]])
