"""How a picture lies on another one of the same scene: by corners that are found again in it.

Pictures are looked at small, and without their light: what is left of them does not change with a
cloud or the camera's exposure. People move on their own: every part of the picture has the same
say, and most of them show the scene.
"""

import dataclasses
import functools

import cv2
import numpy as np

# The longest side of a picture as it is looked at, and grey levels that keep a dark one's noise
# small.
_SIDE, _DARK = 320, 32
# By what a logarithm is multiplied; a picture of its light is smaller by so much.
_CONTRAST, _COARSE = 100, 10
# Columns and rows of cells that have the same say, and corners in each at most.
_COLUMNS, _ROWS, _EACH = 6, 4, 8
# Pixels between two corners, how good the worst is beside the best, its least contrast, and how
# much of it lies across its edge: a place along an edge cannot be told.
_APART, _QUALITY, _LEAST, _ROUND = 5, 1e-3, 3.0, 0.08
# Cells in which there is something to be found again, and columns and rows of them: more than one
# person covers. Cells in which it has been found.
_FEWEST, _WIDE, _HIGH, _FOUND = 8, 4, 2, 3.0
# Share of all cells' say that must agree on how the picture lies; how much better another answer
# than the one expected must be.
_AGREE, _BETTER = 0.4, 0.7
# Pixels by which a corner may miss, there and back; by which it belongs to the scene; and that
# count as a half.
_RETURNS, _INSIDE, _HALF = 0.5, 1.0, 0.3
# How much corners must speak for more than a turn, a shift and a zoom: squares of a - e, b + d, g
# and h (see `_fitted`).
_STIFF = 0.2
_BENDS = np.diag([1.0, 1, 0, 1, 1, 0, 1, 1])
_BENDS[[0, 4], [4, 0]], _BENDS[[1, 3], [3, 1]] = -1, 1
_BENDS *= _STIFF**2
# Contrast by which a pixel changes, and the share of pixels of which more do in another scene.
_UNLIKE, _CHANGED = 5.0, 0.35
_SEARCH = {"winSize": (15, 15), "maxLevel": 3, "criteria": (3, 12, 0.03)}
# Where so much of a picture lies as expected, within a part of a pixel, less is enough to see it.
_GLANCE = {"winSize": (11, 11), "maxLevel": 0, "criteria": (3, 8, 0.03)}
_EXPECTED, _MANY = 0.5, 0.5


def scaling(shape: tuple[int, int]) -> np.ndarray:
    """From a frame's pixels to those of what is looked at, [3, 3]; shape: rows and columns."""
    rows, columns = _size(shape)
    across, down = columns / shape[1], rows / shape[0]
    # Middles of pixels have whole coordinates.
    return np.array([[across, 0, (across - 1) / 2], [0, down, (down - 1) / 2], [0, 0, 1]])


def _size(shape: tuple[int, int]) -> tuple[int, int]:
    scale = min(1.0, _SIDE / max(shape))
    return max(1, round(scale * shape[0])), max(1, round(scale * shape[1]))


@functools.cache
def _logarithm() -> np.ndarray:
    return (_CONTRAST * np.log(np.arange(256) + _DARK)).astype(np.float32)


@dataclasses.dataclass(frozen=True)
class Picture:
    """What is looked at of a frame: small, grey, and logarithms, whose differences are contrasts.

    Attributes:
      lit: as it is, [h, w] float32; what shows little beside what shows much is not lost in it.
      even: without its light, [h, w] uint8.
    """

    lit: np.ndarray
    even: np.ndarray

    def alike(self, other: "Picture") -> bool:
        """Whether most of both is alike, however little can be found again in it."""
        fine = (cv2.subtract(one.lit, cv2.blur(one.lit, (15, 15))) for one in (self, other))
        changed = cv2.absdiff(*fine) > _UNLIKE
        return np.count_nonzero(changed) < _CHANGED * changed.size


def prepared(image: np.ndarray) -> Picture:
    """What is looked at of a frame, [H, W, 3] uint8."""
    rows, columns = _size(image.shape[:2])
    grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    grey = cv2.resize(grey, (columns, rows), interpolation=cv2.INTER_AREA)
    lit = cv2.GaussianBlur(cv2.LUT(grey, _logarithm()), (0, 0), 0.8)
    few = (max(1, columns // _COARSE), max(1, rows // _COARSE))
    light = cv2.GaussianBlur(cv2.resize(lit, few, interpolation=cv2.INTER_AREA), (3, 3), 1.0)
    light = cv2.resize(light, (columns, rows), interpolation=cv2.INTER_CUBIC)
    return Picture(lit, cv2.add(cv2.subtract(lit, light), 128, dtype=cv2.CV_8U))


def moved(matrix: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Where a matrix [3, 3] brings points [N, 2]."""
    laid = points @ matrix[:, :2].T + matrix[:, 2]
    return laid[:, :2] / laid[:, 2:]


@dataclasses.dataclass(frozen=True)
class Anchor:
    """A picture in which others are found again.

    Attributes:
      picture: itself.
      points: corners [N, 2] float32, (x, y).
      say: how much each counts, [N]; those of a cell together 1.
    """

    picture: Picture
    points: np.ndarray
    say: np.ndarray

    @classmethod
    def of(cls, picture: Picture) -> "Anchor | None":
        """The anchor that a picture makes; None where it shows too little."""
        # Without its light, what stands before a plain wall has a rim of corners on the wall.
        values = picture.lit
        corners = cv2.goodFeaturesToTrack(values, 1500, _QUALITY, _APART, blockSize=5)
        if corners is None:
            return None
        corners = corners.reshape(-1, 2)
        spread = cv2.blur(np.square(values), (9, 9)) - np.square(cv2.blur(values, (9, 9)))
        x, y = corners.astype(int).T
        most, least = np.moveaxis(cv2.cornerEigenValsAndVecs(values, 9, 3)[y, x, :2], 1, 0)
        corners = corners[(spread[y, x] > _LEAST**2) & (least > _ROUND * most)]
        cells = _cells(corners, values.shape)
        # The best come first.
        kept = [np.flatnonzero(cells == cell)[:_EACH] for cell in range(_COLUMNS * _ROWS)]
        kept = [numbers for numbers in kept if len(numbers)]
        if len(kept) < _FEWEST or not _wide(cells):
            return None
        say = np.concatenate([np.full(len(numbers), 1 / len(numbers)) for numbers in kept])
        return cls(picture, corners[np.concatenate(kept)], say)

    def locate(self, picture: Picture, guess: np.ndarray) -> np.ndarray | None:
        """How another picture lies on this one.

        Args:
          picture: the other.
          guess: about how, [3, 3]: from this one's pixels to the other's.

        Returns:
          Likewise, to a small part of a pixel; None where too little of it is found again.
        """
        rows, columns = shape = picture.even.shape
        expected = moved(guess, self.points)
        inside = ((expected >= 0) & (expected < (columns, rows))).all(axis=1)
        points, say = self.points[inside], self.say[inside]
        if say.sum() < _FOUND:
            return None
        expected = expected[inside].astype(np.float32)
        found, there = _sought(self.picture, picture, points, expected, _GLANCE)
        there &= np.linalg.norm(found - expected, axis=1) < _EXPECTED
        if say[there].sum() >= _MANY * say.sum() and _wide(_cells(points[there], shape)):
            return _agreed(points[there], found[there], say[there], guess)
        found, there = _sought(self.picture, picture, points, expected, _SEARCH)
        # From beside where they should come back to, so that they have to find it.
        again, back = _sought(picture, self.picture, found, points + 1, _SEARCH)
        sure = there & back & (np.linalg.norm(again - points, axis=1) < _RETURNS)
        points, expected, found, say = (x[sure] for x in (points, expected, found, say))
        if say.sum() < _FOUND:
            return None
        cells = _cells(points, shape)
        return _agreed(points, found, say, _begun(expected, found, say, cells) @ guess)


def _cells(points: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """The numbers of the cells of points, [N]."""
    across, down = (points * (_COLUMNS, _ROWS) / shape[::-1]).astype(int).T
    return across + _COLUMNS * down


def _wide(cells: np.ndarray) -> bool:
    """Whether cells are more than one person covers."""
    return len(set(cells % _COLUMNS)) >= _WIDE and len(set(cells // _COLUMNS)) >= _HIGH


def _sought(
    picture: Picture, other: Picture, points: np.ndarray, about: np.ndarray, how: dict
) -> tuple[np.ndarray, np.ndarray]:
    """Where corners of a picture are in another one, [N, 2], and whether they are, bool [N]."""
    found, there, _ = cv2.calcOpticalFlowPyrLK(
        picture.even, other.even, points, about.copy(), flags=cv2.OPTFLOW_USE_INITIAL_FLOW, **how
    )
    return found, there.ravel() > 0


def _begun(
    expected: np.ndarray, found: np.ndarray, say: np.ndarray, cells: np.ndarray
) -> np.ndarray:
    """About how corners lie beside where they were expected, [3, 3]."""
    near = np.linalg.norm(found - expected, axis=1) < _INSIDE
    if say[near].sum() >= _BETTER * say.sum():
        return np.eye(3)
    step, agree = cv2.estimateAffinePartial2D(
        expected, found, ransacReprojThreshold=_INSIDE, maxIters=500, confidence=0.995
    )
    # Whoever walks before a plain wall does not take the camera along.
    if step is None or not _wide(cells[agree := agree.ravel() > 0]):
        return np.eye(3)
    if _BETTER * say[agree].sum() <= say[near].sum():
        return np.eye(3)
    return np.vstack([step, [0, 0, 1]])


def _agreed(
    points: np.ndarray, found: np.ndarray, say: np.ndarray, lies: np.ndarray
) -> np.ndarray | None:
    """What corners agree on, who begin with about how they lie; None where they do not."""
    for reach in (2 * _INSIDE, _INSIDE, _INSIDE):
        off = np.linalg.norm(moved(lies, points) - found, axis=1)
        near = off < reach
        if near.sum() < 4 or say[near].sum() < max(_FOUND, _AGREE * say.sum()):
            return None
        weight = say[near] / (1 + np.square(off[near] / _HALF))
        lies = _fitted(points[near], found[near], weight)
    return lies


def _fitted(points: np.ndarray, found: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """The plane's motion that brings points to where they were found, as stiff as may be.

    A camera that turns moves a picture as a plane would move; corners that cover little of the
    picture do not tell by how much its far end does.

    Args:
      points: [N, 2].
      found: [N, 2].
      weight: [N].
    """
    middle, scale = points.mean(axis=0), np.abs(points - points.mean(axis=0)).max() + 1
    (u, v), (s, t) = ((points - middle) / scale).T, ((found - middle) / scale).T
    one, zero = np.ones_like(u), np.zeros_like(u)
    # s (1 + g u + h v) = (1 + a) u + b v + c, and likewise t with d, e, f.
    rows = np.concatenate(
        [
            np.stack([u, v, one, zero, zero, zero, -u * s, -v * s]),
            np.stack([zero, zero, zero, u, v, one, -u * t, -v * t]),
        ],
        axis=1,
    )
    weighed = rows * np.concatenate([weight, weight]) / weight.max()
    wanted = weighed @ np.concatenate([s - u, t - v])
    a, b, c, d, e, f, g, h = np.linalg.solve(weighed @ rows.T + _BENDS, wanted)
    lies = np.array([[1 + a, b, c], [d, 1 + e, f], [g, h, 1]])
    to = np.array(
        [[1 / scale, 0, -middle[0] / scale], [0, 1 / scale, -middle[1] / scale], [0, 0, 1]]
    )
    lies = np.linalg.inv(to) @ lies @ to
    return lies / lies[2, 2]
