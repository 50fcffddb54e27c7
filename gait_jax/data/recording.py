"""A sequence in colour: what the camera saw, beside the silhouettes."""

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
    """

    def __init__(self, example: dict[str, Any]):
        """Takes an example of a data set whose pictures are files (see `source.Examples`)."""
        self._example = example
        self.background = _picture(example["background"])
        clothing = example.get("clothing", b"")
        self.clothing = clothing.decode() if isinstance(clothing, bytes) else str(clothing)

    def __len__(self) -> int:
        return len(self._example["colour_frames"])

    def frame(self, index: int) -> np.ndarray:
        """The scene, red, green, blue [H, W, 3] uint8."""
        return _picture(self._example["colour_frames"][index])

    def complete(self, index: int) -> np.ndarray:
        """The silhouette that the data set gives: [H, W] uint8 of 0 and 1."""
        return silhouette.decode(self._example["frames"][index])

    def incomplete(self, index: int) -> np.ndarray | None:
        """The silhouette as imperfect segmentation gives it, likewise; None where there is none."""
        files = self._example.get("degraded_frames")
        return None if files is None else silhouette.decode(files[index])
