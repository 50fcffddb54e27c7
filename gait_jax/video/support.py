"""What differs from the scene helps the networks: where they are not sure they look once more.

Hard compression, or clothes like what is behind them, leave a network of somebody too little, or it
takes their trunk for all of them. Beside the scene more is seen: how tall they are, and the picture
in which they stand out from it.
"""

import dataclasses
from collections.abc import Iterable

import cv2
import numpy as np

from gait_jax.video.blazepose_landmarks import Pose
from gait_jax.video.blazepose_region import Region
from gait_jax.video.exposure import in_the_light_of

# Shares of a region's side, which is 1.25 times somebody's height or more: so far to either side of
# its middle their trunk and legs differ from the scene; rows of less than so much are specks; so
# much may be like the scene between two that are not; and further up or down nobody reaches.
_ASIDE, _FEWEST, _GAP, _TALLEST = 0.17, 0.02, 0.1, 0.8
# Side of the square around what differs, in its heights: of shoes like the ground nothing differs.
_SQUARE = 1.5
# Of what differs, so much below a body is more of it.
_BELOW = 0.15
# By how much more than they do people are made to differ, and the blur that takes away what
# compression leaves: of the region's side, and at least, pixels.
_FURTHER, _BLUR, _LEAST = 1.0, 0.007, 0.6
# What is smaller is a speck; but legs are as thin in squares of less than so many pixels.
_SPECKS, _THIN = np.ones((3, 3), np.uint8), 100


@dataclasses.dataclass(frozen=True)
class Support:
    """A frame beside its scene.

    Attributes:
      foreground: where it differs, [H, W] uint8 of 0 and 1.
      scene: without anybody, [H, W, 3] uint8 (blue, green, red).
    """

    foreground: np.ndarray
    scene: np.ndarray

    def square(self, region: Region, others: Iterable[Pose] = ()) -> Region | None:
        """Where somebody should be looked at of whom the middle is known.

        Args:
          region: around their hips, of any size near theirs.
          others: whose pixels are not theirs.

        Returns:
          Upright, around all that differs there; None where the middle does not.
        """
        reach = int(_TALLEST * region.size)
        left, top = max(int(region.x - _ASIDE * region.size), 0), max(int(region.y) - reach, 0)
        right, low = int(region.x + _ASIDE * region.size) + 1, int(region.y) + reach
        band = self.foreground[top : max(low, 0), left : max(right, 0)].copy()
        if not band.size:
            return None
        for pose in others:
            x, y = pose.corner[0] - left, pose.corner[1] - top
            rows, columns = pose.mask.shape
            into = np.s_[max(y, 0) : max(y + rows, 0), max(x, 0) : max(x + columns, 0)]
            view = band[into]
            mask = pose.silhouette[max(-y, 0) :, max(-x, 0) :]
            view[mask[: view.shape[0], : view.shape[1]] > 0] = 0
        if region.size >= _THIN:
            band = cv2.morphologyEx(band, cv2.MORPH_OPEN, _SPECKS)
        rows = np.flatnonzero(band.sum(axis=1) >= max(2, _FEWEST * region.size)) + top
        # The run of rows, with gaps, that the middle is in.
        runs = np.split(rows, np.flatnonzero(np.diff(rows) > _GAP * region.size) + 1)
        for run in runs:
            if len(run) and run[0] <= region.y <= run[-1]:
                tall = float(run[-1] + 1 - run[0])
                return Region(region.x, run[0] + tall / 2, _SQUARE * tall, 0.0)
        return None

    def clear(self, picture: np.ndarray, region: Region) -> np.ndarray:
        """A picture in which whoever is in a region stands out from the scene.

        Args:
          picture: the frame, or it without some people, [H, W, 3] uint8.
          region: what will be looked at; elsewhere nothing is changed.
        """
        view = region.window(picture.shape)
        lit = in_the_light_of(self.scene, picture)
        part = lit[view].astype(np.float32)
        part += _FURTHER * (part - self.scene[view])
        result = lit.copy()
        smooth = cv2.GaussianBlur(part, (0, 0), max(_LEAST, _BLUR * region.size))
        result[view] = np.clip(smooth, 0, 255).astype(np.uint8)
        return result


def is_cut(pose: Pose, square: Region) -> bool:
    """Whether what differs goes on below a body, as if only a part of somebody were seen."""
    tall = square.size / _SQUARE
    return square.y + tall / 2 - lowest(pose) > _BELOW * tall


def lowest(pose: Pose) -> int:
    """The row below somebody's silhouette."""
    _, y, _, tall = cv2.boundingRect(pose.silhouette)
    return pose.corner[1] + y + tall
