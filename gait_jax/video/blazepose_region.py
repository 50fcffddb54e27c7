"""The square around a person that BlazePose looks at, turned so that they stand upright in it."""

import dataclasses
import math

import cv2
import numpy as np

# A person's circle has its centre between the hips and leaves no part of the body out; the networks
# were trained on so many times the square around it.
_MARGIN = 1.25


@dataclasses.dataclass(frozen=True)
class Region:
    """A square in a picture, which may reach beyond the picture.

    Points in it are (right, down) from its upper left corner, from 0 to 1. Points in the picture
    are pixels (x, y) from its upper left corner: the first pixel's middle is (0.5, 0.5).

    Attributes:
      x: of its middle, pixels.
      y: likewise.
      size: length of its sides, pixels.
      angle: by which its upper side is turned clockwise, radians.
    """

    x: float
    y: float
    size: float
    angle: float

    @classmethod
    def around(cls, centre: np.ndarray, edge: np.ndarray) -> "Region":
        """The region of a person.

        Args:
          centre: between the hips, in the picture, [2].
          edge: of the person's circle, where their upright leaves it above the head, [2].
        """
        right, down = (float(each) for each in edge - centre)
        size = 2 * _MARGIN * math.hypot(right, down)
        return cls(float(centre[0]), float(centre[1]), size, math.atan2(right, -down))

    @property
    def turn(self) -> np.ndarray:
        """From directions in the region to those in the picture, [2, 2]."""
        cosine, sine = math.cos(self.angle), math.sin(self.angle)
        return np.array([[cosine, -sine], [sine, cosine]])

    @property
    def matrix(self) -> np.ndarray:
        """From points of the region to those of the picture: [2, 3], to be used on (x, y, 1)."""
        axes = self.size * self.turn
        return np.column_stack([axes, [self.x, self.y] - axes @ [0.5, 0.5]])

    def to_picture(self, points: np.ndarray) -> np.ndarray:
        """Where points of the region [..., 2] lie in the picture, [..., 2]."""
        matrix = self.matrix
        return points @ matrix[:, :2].T + matrix[:, 2]

    def from_picture(self, points: np.ndarray) -> np.ndarray:
        """Where points of the picture [..., 2] lie in the region, [..., 2]."""
        matrix = self.matrix
        return (points - matrix[:, 2]) @ np.linalg.inv(matrix[:, :2]).T

    def window(self, shape: tuple[int, ...]) -> tuple[slice, slice]:
        """Rows and columns of a picture of this shape [H, W, ...] that hold what it shows of it.

        Both are empty where the region lies outside.
        """
        corners = self.to_picture(np.array([[0, 0], [0, 1], [1, 0], [1, 1]]))
        first, last = np.floor(corners.min(axis=0)), np.ceil(corners.max(axis=0))
        left, top = (int(each) for each in first)
        right, bottom = (int(each) for each in last)
        height, width = shape[:2]
        rows = slice(min(max(top, 0), height), max(min(bottom, height), 0))
        columns = slice(min(max(left, 0), width), max(min(right, width), 0))
        if rows.start >= rows.stop or columns.start >= columns.stop:
            return slice(0, 0), slice(0, 0)
        return rows, columns

    def cut(self, picture: np.ndarray, side: int) -> np.ndarray:
        """The region as an upright picture.

        Args:
          picture: [H, W, 3] uint8. Beyond its borders the last pixels go on.
          side: rows and columns of the result.

        Returns:
          [side, side, 3] uint8; black where the region lies outside.
        """
        rows, columns = self.window(picture.shape)
        if rows.start == rows.stop:
            return np.zeros((side, side, *picture.shape[2:]), picture.dtype)
        part = picture[rows, columns]
        factor = int(self.size // side)
        before = np.array(part.shape[1::-1])
        if factor > 1:
            # Warping looks at four pixels only, and would skip the others.
            size = np.maximum(before // factor, 1)
            part = cv2.resize(part, size.tolist(), interpolation=cv2.INTER_AREA)
        scale = np.array(part.shape[1::-1]) / before
        matrix = self.matrix
        matrix[:, 2] -= [columns.start, rows.start]
        matrix *= scale[:, None]
        return _warp(part, _of_pixels(matrix, side), (side, side), cv2.BORDER_REPLICATE)

    def paste(self, values: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
        """Lays an upright picture of the region back into the picture.

        Args:
          values: [side, side] float32.
          shape: of the picture, [H, W, ...].

        Returns:
          [h, w] float32 for the rows and columns of `window`; 0 beyond the region.
        """
        rows, columns = self.window(shape)
        height, width = rows.stop - rows.start, columns.stop - columns.start
        if not height:
            return np.zeros((0, 0), np.float32)
        factor = int(len(values) // max(self.size, 1))
        if factor > 1:
            small = len(values) // factor
            values = cv2.resize(values, (small, small), interpolation=cv2.INTER_AREA)
        matrix = self.matrix
        matrix[:, 2] -= [columns.start, rows.start]
        inverse = cv2.invertAffineTransform(_of_pixels(matrix, len(values)))
        return _warp(values, inverse, (height, width), cv2.BORDER_CONSTANT)


def _of_pixels(matrix: np.ndarray, side: int) -> np.ndarray:
    """The same, between the indices of pixels: of a picture of the region, and of the picture."""
    scaled = matrix.copy()
    scaled[:, :2] /= side
    # OpenCV's pixels have their middles at whole numbers.
    scaled[:, 2] += scaled[:, :2] @ [0.5, 0.5] - 0.5
    return scaled


def _warp(
    picture: np.ndarray, matrix: np.ndarray, shape: tuple[int, int], border: int
) -> np.ndarray:
    """Gives each pixel of the result what the matrix says it shows."""
    return cv2.warpAffine(
        picture,
        matrix,
        shape[::-1],
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=border,
    )
