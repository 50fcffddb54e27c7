"""A silhouette in a small picture of a fixed size, and back, by a height that is given."""

import dataclasses

import cv2
import numpy as np

# Of a picture's rows: how many a whole person takes, and where their feet stand. There is room
# above and below for what a torn silhouette lacks.
_BODY, _FEET = 0.8, 0.92
# Standard deviation of a picture's pixels, in pixels.
_BLUR = 0.4


@dataclasses.dataclass(frozen=True)
class Framing:
    """Where a person's small picture lies in the mask.

    Attributes:
      height: of the whole person, in the mask's pixels.
      bottom: the edge below the whole person's lowest row.
      middle: the column with half of what is seen on either side.
    """

    height: float
    bottom: float
    middle: float

    @classmethod
    def of(
        cls, mask: np.ndarray, height: float | None = None, bottom: float | None = None
    ) -> "Framing":
        """The framing of a silhouette.

        Args:
          mask: [H, W] uint8 of 0 and 1, not empty.
          height: of the whole person, where it is known; the silhouette's own if None.
          bottom: the edge below their lowest row, likewise.

        Raises:
          ValueError: the mask is empty.
        """
        x, y, width, own = cv2.boundingRect(mask)
        if not width:
            raise ValueError("an empty mask shows nobody")
        mass = mask[:, x : x + width].sum(axis=0, dtype=np.int64).cumsum()
        middle = x + int(np.searchsorted(mass, mass[-1] / 2)) + 0.5
        return cls(
            float(own if height is None else height),
            float(y + own if bottom is None else bottom),
            middle,
        )

    def _change(self, rows: int, columns: int) -> np.ndarray:
        """From places in the mask to places in the picture; middles of pixels are whole numbers."""
        scale = _BODY * rows / self.height
        across = columns / 2 - 0.5 - scale * (self.middle - 0.5)
        down = _FEET * rows - 0.5 - scale * (self.bottom - 0.5)
        return np.array([[scale, 0, across], [0, scale, down]])

    def cut(self, mask: np.ndarray, rows: int, columns: int) -> np.ndarray:
        """The picture: [rows, columns] uint8 of 0..255, grey along the outline.

        Args:
          mask: [H, W] uint8 of 0 and 1.
          rows: of the picture.
          columns: of the picture.
        """
        change = self._change(rows, columns)
        # Blurred as far as it is made smaller, so that no pixel is passed over; to all sides alike.
        spread, far = mask * np.float32(255), _BLUR / change[0, 0]
        if change[0, 0] < 1:
            spread = cv2.GaussianBlur(spread, (0, 0), far, borderType=cv2.BORDER_CONSTANT)
        small = cv2.warpAffine(spread, change, (columns, rows), flags=cv2.INTER_LINEAR)
        return np.rint(small).astype(np.uint8)

    def back(self, picture: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
        """The mask of what a picture shows: [H, W] uint8 of 0 and 1.

        Args:
          picture: [rows, columns] float32, above 0 where somebody is.
          shape: H and W; what lies beyond is cut off.
        """
        # Far from the outline the numbers say nothing of where it is.
        flat = np.clip(picture, -4, 4).astype(np.float32)
        large = cv2.warpAffine(
            flat,
            self._change(*picture.shape),
            shape[::-1],
            flags=cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP,
            borderValue=-4,
        )
        return (large > 0).astype(np.uint8)
