"""The contour codec: silhouette ⇄ contour vector Y (2019 §3.2)."""

import dataclasses

import numpy as np

from gait_jax.gait import contour

PADDED = "padded"
RESAMPLED = "resampled"


@dataclasses.dataclass(frozen=True)
class BodyFrame:
    """Where a person stands in the picture: takes pixels to body units and back.

    Attributes:
      x: column of the body's centre of mass along the path, in pixels.
      y: row midway between the highest and the lowest boundary pixel.
      height: distance of these two rows in pixels (at least 1): the unit of length.
    """

    x: float
    y: float
    height: float

    @classmethod
    def of_path(cls, path: np.ndarray) -> "BodyFrame":
        """The frame of a path of boundary pixels [n, 2]."""
        top, bottom = int(path[:, 1].min()), int(path[:, 1].max())
        return cls(float(path[:, 0].mean()), (top + bottom) / 2, float(max(bottom - top, 1)))

    @property
    def origin(self) -> np.ndarray:
        """(x, y) in pixels, float64."""
        return np.array([self.x, self.y])


def resample(paths: np.ndarray, offsets: np.ndarray, points: int) -> np.ndarray:
    """Places a fixed number of points at equal arc length along each of many closed paths.

    A path's points do not depend, to the last bit, on the paths beside it: a training that meets
    the same frames in other batches is the same training.

    Args:
      paths: [offsets[-1] - offsets[0], 2] points of all paths, one after the other.
      offsets: [F + 1] where each path begins; path f is `paths[offsets[f]:offsets[f + 1]]` counted
        from `offsets[0]`. No path is empty.
      points: how many points each path gets.

    Returns:
      [F, points, 2] float64; point 0 of each is the path's first point.
    """
    offsets = np.asarray(offsets) - offsets[0]
    sizes = np.diff(offsets)
    # Close each path by repeating its first point.
    ends = np.cumsum(sizes + 1) - 1
    source = np.arange(len(paths) + len(sizes)) - np.repeat(np.arange(len(sizes)), sizes + 1)
    source[ends] = offsets[:-1]
    closed = np.asarray(paths, np.float64)[source]
    # From the point before; that from one path's end to the next one's start is no part of either.
    steps = np.zeros(len(closed))
    steps[1:] = np.sqrt(np.square(np.diff(closed, axis=0)).sum(1))
    steps[ends - sizes] = 0
    shares = np.arange(points) / points
    placed = np.empty((len(sizes), points, 2))
    for f, (first, last) in enumerate(zip(ends - sizes, ends + 1, strict=True)):
        # Each by itself: of a length that ran on from path to path the rounding would, too.
        arc = np.cumsum(steps[first:last])
        for k in (0, 1):
            placed[f, :, k] = np.interp(shares * arc[-1], arc, closed[first:last, k])
    return placed


@dataclasses.dataclass(frozen=True)
class ContourCodec:
    """Turns boundary paths into contour vectors of a fixed size and back.

    Two layouts:
      `padded` (2019 §3.2): the boundary pixels themselves, zeros after the last one. The count of
        points is carried beside the vector, since (0, 0) is also a place in the body. A path of
        more pixels than there is room for is thinned to fit, evenly along its length.
      `resampled`: always `points` points at equal arc length, no padding, cyclic.

    Attributes:
      layout: `padded` or `resampled`.
      points: P, the number of points of a contour vector.
    """

    layout: str = PADDED
    points: int = 2000

    def __post_init__(self):
        if self.layout not in (PADDED, RESAMPLED):
            raise ValueError(
                f"contour layout {self.layout!r} is not known: use {PADDED!r} or {RESAMPLED!r}"
            )
        if self.points < 8:
            raise ValueError(
                f"a contour vector of {self.points} points is too short: use 8 or more"
            )

    def fitting(self, longest: int) -> "ContourCodec":
        """For paths of that many pixels at most: their vectors without what is padding in all."""
        if self.layout == RESAMPLED:
            return self
        return dataclasses.replace(self, points=min(self.points, max(longest, 8)))

    def encode_path(self, path: np.ndarray, body: BodyFrame) -> tuple[np.ndarray, int]:
        """Encodes one boundary path.

        Args:
          path: [n, 2] boundary pixels (x, y), n ≥ 1.
          body: the unit and origin.

        Returns:
          ([P, 2] float32 in body heights, number of valid points 1..P).
        """
        frames = np.array([[body.x, body.y, body.height]])
        vectors, counts = self.encode_paths(path, np.array([0, len(path)]), frames)
        return vectors[0], int(counts[0])

    def encode_paths(
        self, paths: np.ndarray, offsets: np.ndarray, frames: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Encodes many boundary paths at once.

        Args:
          paths: [N, 2] boundary pixels of all paths, one after the other.
          offsets: [F + 1] where each path begins in `paths`, counted from `offsets[0]`.
          frames: [F, 3] body frames (x, y, height) in pixels.

        Returns:
          ([F, P, 2] float32 contour vectors in body heights, [F] int32 numbers of valid points).
        """
        origin, height = frames[:, None, :2], frames[:, None, 2:]
        if self.layout == RESAMPLED:
            vectors = (resample(paths, offsets, self.points) - origin) / height
            return vectors.astype(np.float32), np.full(len(frames), self.points, np.int32)
        vectors = np.zeros((len(frames), self.points, 2), np.float32)
        counts = np.minimum(np.diff(offsets), self.points).astype(np.int32)
        start = offsets[0]
        for f, count in enumerate(counts):
            path = paths[offsets[f] - start : offsets[f + 1] - start]
            if len(path) > self.points:
                path = resample(path, np.array([0, len(path)]), self.points)[0]
            vectors[f, :count] = (path - origin[f]) / height[f]
        return vectors, counts

    def encode(self, mask: np.ndarray) -> tuple[np.ndarray, int, BodyFrame]:
        """Encodes a cleaned mask [H, W] uint8: (vector [P, 2] float32, valid points, body frame).

        Raises:
          ValueError: the mask is empty.
        """
        path = contour.trace(mask)
        body = BodyFrame.of_path(path)
        vector, count = self.encode_path(path, body)
        return vector, count, body

    def decode_path(self, vector: np.ndarray, count: int, body: BodyFrame) -> np.ndarray:
        """A contour vector's valid points in pixels: [count, 2] float64."""
        return vector[:count].astype(np.float64) * body.height + body.origin

    def decode(
        self, vector: np.ndarray, count: int, body: BodyFrame, shape: tuple[int, int]
    ) -> np.ndarray:
        """Fills a contour vector.

        Args:
          vector: [P, 2] in body heights.
          count: number of valid points.
          body: the body frame that the vector was encoded with.
          shape: (H, W) of the picture.

        Returns:
          [H, W] uint8 mask, 0 or 1.
        """
        return contour.fill(self.decode_path(vector, count, body), shape)
