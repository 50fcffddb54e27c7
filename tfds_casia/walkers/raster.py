"""From projected triangles to pixels, exactly and in whole numbers.

Corners lie on a grid of `SUBPIXELS` steps a pixel, and a pixel belongs to a triangle if its centre
does. Nothing is rounded after that, so every machine finds the same pixels.
"""

import dataclasses

import numpy as np

SUBPIXELS = 16
_HALF = SUBPIXELS // 2


@dataclasses.dataclass(frozen=True)
class Topology:
    """The faces of a mesh and the edges between them.

    Attributes:
        faces: [F, 3].
        edges: the two corners of each edge, in the direction in which its first face runs, [E, 2].
        sides: the edge's first face and its second, which runs the other way, [E, 2]; F where
            there is no second.
    """

    faces: np.ndarray
    edges: np.ndarray
    sides: np.ndarray

    @classmethod
    def of(cls, faces: np.ndarray) -> "Topology":
        """Finds the edges of a mesh, F faces [F, 3]."""
        count = len(faces)
        ends = np.stack([faces, np.roll(faces, -1, axis=1)], axis=-1).reshape(-1, 2)
        face = np.repeat(np.arange(count), 3)
        back = ends[:, 0] > ends[:, 1]
        name = ends.min(axis=1) * (ends.max() + 1) + ends.max(axis=1)
        # The faces on one side of an edge come first, then those on its other side; the first of
        # either meet, then the second of either, and so on.
        order = np.lexsort((back, name))
        name, back, face, ends = name[order], back[order], face[order], ends[order]
        starts = np.concatenate([[True], (np.diff(name) != 0) | (np.diff(back) != 0)])
        group = np.cumsum(starts) - 1
        rank = np.arange(len(name)) - np.nonzero(starts)[0][group]
        order = np.lexsort((back, rank, name))
        name, back, face, ends, rank = (part[order] for part in (name, back, face, ends, rank))
        meets = np.concatenate([(np.diff(name) == 0) & (np.diff(rank) == 0), [False]])
        second = np.where(meets, np.roll(face, -1), count)
        met = np.concatenate([[False], meets[:-1]])
        return cls(faces, ends[~met], np.stack([face, second], axis=1)[~met])


@dataclasses.dataclass(frozen=True)
class Window:
    """A rectangle of the picture per frame, all of one size, that holds everything drawn.

    Attributes:
        top: first row of each frame's rectangle, [T].
        left: first column, [T].
        height: rows.
        width: columns.
    """

    top: np.ndarray
    left: np.ndarray
    height: int
    width: int

    @classmethod
    def around(cls, points: np.ndarray) -> "Window":
        """Fits the window to points [T, V, 2] (x, y) in sub-pixels."""
        # Along rows of one coordinate, which takes a tenth of the time.
        planes = np.ascontiguousarray(points.transpose(2, 0, 1))
        low = planes.min(axis=2) // SUBPIXELS
        high = -(-planes.max(axis=2) // SUBPIXELS)
        width, height = (high - low).max(axis=1) + 1
        return cls(low[1], low[0], int(height), int(width))

    def paste(self, pictures: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
        """Returns whole pictures [T, H, W, ...], zero outside of the windows.

        Args:
            pictures: what the windows hold, [T, height, width, ...].
            shape: H and W.
        """
        whole = np.zeros((len(pictures), *shape, *pictures.shape[3:]), pictures.dtype)
        for picture, full, top, left in zip(pictures, whole, self.top, self.left, strict=True):
            rows = slice(max(-top, 0), min(self.height, shape[0] - top))
            columns = slice(max(-left, 0), min(self.width, shape[1] - left))
            if rows.start >= rows.stop or columns.start >= columns.stop:
                continue  # all of it lies outside of the picture
            full[rows.start + top : rows.stop + top, columns.start + left : columns.stop + left] = (
                picture[rows, columns]
            )
        return whole


def _planes(points: np.ndarray, window: Window) -> np.ndarray:
    """Corners [T, V, 2] from the window's upper left pixel on, [2, V, T].

    Frames of a corner lie together, so that faces and edges are gathered by whole rows; in few bits
    wherever products of two distances fit.
    """
    origin = np.stack([window.left, window.top], axis=1) * SUBPIXELS
    fits = max(window.height, window.width) * SUBPIXELS < 30_000
    moved = (points - origin[:, None]).astype(np.int32 if fits else np.int64)
    return np.ascontiguousarray(moved.transpose(2, 1, 0))


def _facing(planes: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """Tells which faces turn their outside to the camera.

    Args:
        planes: corners (x, y) in sub-pixels, y downwards, integers [2, V, T].
        faces: [F, 3].

    Returns:
        [F, T], bool; faces without area are not.
    """
    (xa, ya), (xb, yb), (xc, yc) = (planes.take(corner, axis=1) for corner in faces.T)
    return (xb - xa) * (yc - ya) < (xc - xa) * (yb - ya)


def _repeat(counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """For counts [N]: which of the N each of their sum belongs to, and its place there from 0."""
    owner = np.repeat(np.arange(len(counts)), counts)
    first = np.cumsum(counts) - counts
    return owner, np.arange(len(owner)) - first[owner]


def _crossing(x0: np.ndarray, y0: np.ndarray, x1: np.ndarray, y1: np.ndarray, row: np.ndarray):
    """First column whose centre is not left of the line at the row's centre; y0 < y1."""
    height, row = y1 - y0, row.astype(y0.dtype)
    position = (x0 - _HALF) * height + (row * SUBPIXELS + _HALF - y0) * (x1 - x0)
    return -(-position // (SUBPIXELS * height))


def silhouettes(points: np.ndarray, topology: Topology, window: Window) -> np.ndarray:
    """Draws the outline's inside: all pixels covered by at least one face that is turned to us.

    The number of such faces over a pixel changes only at edges where a turned face meets one that
    is turned away, so only those are traced: each adds or takes one for all pixels right of it.

    Args:
        points: corners (x, y) in sub-pixels, integers [T, V, 2].
        topology: the mesh's.
        window: holds all points.

    Returns:
        uint8 [T, height, width], 0 or 255.
    """
    planes = _planes(points, window)
    turned = _facing(planes, topology.faces)
    turned = np.concatenate([turned, np.zeros((1, len(points)), bool)])
    first_side = turned[topology.sides[:, 0]]
    edge, frame = np.nonzero(first_side != turned[topology.sides[:, 1]])
    flat = planes.reshape(2, -1)
    start, end = (
        flat.take(corner * len(points) + frame, axis=1) for corner in topology.edges[edge].T
    )
    # A face that is turned to us runs counter-clockwise: its edges go down on its left.
    down = end[1] > start[1]
    sign = np.where(first_side[edge, frame] == down, 1, -1)
    start, end = np.where(down, start, end), np.where(down, end, start)
    first = -((_HALF - start[1]) // SUBPIXELS)
    count = np.maximum(-((_HALF - end[1]) // SUBPIXELS) - first, 0)
    owner, place = _repeat(count)
    row = first[owner] + place
    column = _crossing(*(v[owner] for v in (*start, *end)), row)
    # What ends at the window's right side ends in a column more.
    size = (len(points), window.height, window.width + 1)
    index = (frame[owner] * size[1] + row) * size[2] + column
    layers = np.bincount(index, weights=sign[owner], minlength=int(np.prod(size)))
    # A pixel has few layers, and bytes add up quickly.
    layers = layers.astype(np.int8).reshape(size)
    covered = np.cumsum(layers, axis=2, dtype=np.int8)[..., :-1] > 0
    return covered.view(np.uint8) * np.uint8(255)


def _downwards(*corners: tuple[np.ndarray, np.ndarray]) -> list[tuple[np.ndarray, np.ndarray]]:
    """Three corners (x [N], y [N]) of triangles, the upper ones first."""
    found = list(corners)
    for upper, lower in ((0, 1), (1, 2), (0, 1)):
        (x0, y0), (x1, y1) = found[upper], found[lower]
        apart = y0 > y1
        found[upper] = np.where(apart, x1, x0), np.minimum(y0, y1)
        found[lower] = np.where(apart, x0, x1), np.maximum(y0, y1)
    return found


def nearest_faces(
    points: np.ndarray, depths: np.ndarray, faces: np.ndarray, window: Window
) -> np.ndarray:
    """Finds the face seen at each pixel.

    Faces are painted from far to near by the depth of their centres: exact enough where they are
    small, as in these meshes.

    Args:
        points: corners (x, y) in sub-pixels, integers [T, V, 2].
        depths: distance of the corners from the camera, [T, V].
        faces: [F, 3].
        window: holds all points.

    Returns:
        int32 [T, height, width], the face's number; -1 where there is none.
    """
    planes = _planes(points, window)
    face, frame = np.nonzero(_facing(planes, faces))
    corners = faces[face].T * len(points) + frame
    x, y = (plane.take(corners) for plane in planes.reshape(2, -1))
    (x0, y0), (x1, y1), (x2, y2) = _downwards(*zip(x, y, strict=True))
    first = -((_HALF - y0) // SUBPIXELS)
    count = np.maximum(-((_HALF - y2) // SUBPIXELS) - first, 0)
    a, b, c = depths.T.ravel().take(corners)
    # Rounded, so that equally far faces keep one order on every machine; those that cover no row
    # are not painted.
    order = np.argsort(np.where(count > 0, -np.round((a + b + c) * 1e6), np.inf), kind="stable")
    order = order[: np.count_nonzero(count)]
    owner, place = _repeat(count[order])
    owner = order[owner]
    row = first[owner] + place
    top, middle, bottom = ((u[owner], v[owner]) for u, v in ((x0, y0), (x1, y1), (x2, y2)))
    long_side = _crossing(*top, *bottom, row)
    upper = row * SUBPIXELS + _HALF < middle[1]
    short_start = np.where(upper, top, middle)
    short_end = np.where(upper, middle, bottom)
    short_side = _crossing(*short_start, *short_end, row)
    left, right = np.minimum(long_side, short_side), np.maximum(long_side, short_side)
    span, place = _repeat(right - left)
    owner = owner[span]
    index = (frame[owner] * window.height + row[span]) * window.width + left[span] + place
    seen = np.full(len(points) * window.height * window.width, -1, np.int32)
    # Where an index comes again, the last value stays, here the nearest face.
    seen[index] = face[owner]
    return seen.reshape(len(points), window.height, window.width)
