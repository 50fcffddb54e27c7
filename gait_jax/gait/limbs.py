"""Where people's joints and feet are in a picture."""

import dataclasses

import numpy as np

SIDES = ("left", "right")
# Left and right are the person's own.
JOINTS = (
    "head",
    *(
        f"{side}_{joint}"
        for side in SIDES
        for joint in ("shoulder", "elbow", "wrist", "hip", "knee", "ankle", "toe")
    ),
)


@dataclasses.dataclass(frozen=True)
class Limbs:
    """Where somebody's joints are in a picture.

    Attributes:
      points: (x, y) in pixels of it, whose first one's middle is (0.5, 0.5), and how far away
        from the camera each is, in any unit and from anywhere; float32 [J, 3] in the order of
        `JOINTS`.
    """

    points: np.ndarray

    def moved(self, right: float, down: float) -> "Limbs":
        """The same limbs elsewhere in the picture."""
        return Limbs(self.points + np.array([right, down, 0], np.float32))

    def joint(self, name: str) -> np.ndarray:
        """One of `JOINTS`: float32 [3]."""
        return self.points[JOINTS.index(name)]


@dataclasses.dataclass(frozen=True)
class Feet:
    """Where somebody's feet are over the ground, left and right.

    Attributes:
      corners: of the ground below each, (x, y) pixels, [2, 4, 2].
      lifts: how far each is over it, in statures, [2].
      stature: pixels.
    """

    corners: np.ndarray
    lifts: np.ndarray
    stature: float

    def moved(self, right: float, down: float) -> "Feet":
        """The same feet elsewhere in the picture."""
        return dataclasses.replace(self, corners=self.corners + np.array([right, down]))
