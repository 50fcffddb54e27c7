"""A person's part of a picture as a square of a fixed size, and back."""

import dataclasses

import cv2
import numpy as np


@dataclasses.dataclass(frozen=True)
class Crop:
    """A box within a picture, padded with zeros to a square (2020 §III-A).

    The square's sides are as long as the longer side of the box, for a standing person its height;
    the box lies in its middle.

    Attributes:
      left: first column of the box.
      top: its first row.
      width: its columns.
      height: its rows.
    """

    left: int
    top: int
    width: int
    height: int

    @classmethod
    def around(cls, mask: np.ndarray, margin: float) -> "Crop":
        """The box of a mask, with some background.

        Args:
          mask: [H, W] uint8, non-zero where the person is.
          margin: how far the box reaches beyond the person on each side, as a share of the person's
            height; it ends at the picture's border.

        Raises:
          ValueError: the mask is empty.
        """
        x, y, width, height = cv2.boundingRect(mask)
        if not width:
            raise ValueError("an empty mask has no box")
        spare = round(margin * height)
        left, top = max(x - spare, 0), max(y - spare, 0)
        right = min(x + width + spare, mask.shape[1])
        bottom = min(y + height + spare, mask.shape[0])
        return cls(left, top, right - left, bottom - top)

    @property
    def box(self) -> tuple[slice, slice]:
        """Rows and columns of the box in the picture."""
        return slice(self.top, self.top + self.height), slice(self.left, self.left + self.width)

    @property
    def _inside(self) -> tuple[slice, slice]:
        """Rows and columns of the box in the square."""
        side = max(self.height, self.width)
        top, left = (side - self.height) // 2, (side - self.width) // 2
        return slice(top, top + self.height), slice(left, left + self.width)

    def cut(self, picture: np.ndarray, size: int) -> np.ndarray:
        """The square of a picture.

        Args:
          picture: [H, W, ...] uint8.
          size: S.

        Returns:
          [S, S, ...] uint8. A mask of 0 and 1 stays one.
        """
        side = max(self.height, self.width)
        square = np.zeros((side, side, *picture.shape[2:]), np.uint8)
        square[self._inside] = picture[self.box]
        method = cv2.INTER_AREA if size < side else cv2.INTER_LINEAR
        return cv2.resize(square, (size, size), interpolation=method)

    def back(self, square: np.ndarray) -> np.ndarray:
        """What a square shows of the box, at the picture's own size.

        Args:
          square: [S, S, ...] float32.

        Returns:
          [height, width, ...] float32, for `picture[crop.box]`.
        """
        side = max(self.height, self.width)
        large = cv2.resize(square, (side, side), interpolation=cv2.INTER_LINEAR)
        return large[self._inside]
