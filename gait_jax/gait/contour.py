"""A silhouette's boundary as one closed path of pixels, and back.

A mask with several components, or with holes, has several boundaries. They are joined into one
closed path by bridges: the path walks over to the next boundary, once around it, and back the same
way. Filled with the even-odd rule such a path gives every component and every hole back; all that a
bridge adds is its own line, one pixel wide.
"""

import cv2
import numpy as np


def _nearest(a: np.ndarray, b: np.ndarray) -> tuple[int, int, int]:
    """Nearest pair of points of two paths: (squared distance, index in a, index in b)."""
    # A bridge a pixel or two longer than the shortest does no harm: thin long boundaries out rather
    # than fill a large matrix.
    step = 1 + (len(a) * len(b)) // 20_000
    u, v = a[::step], b[::step]
    dx = u[:, None, 0] - v[None, :, 0]
    dy = u[:, None, 1] - v[None, :, 1]
    squared = dx * dx + dy * dy
    flat = int(squared.argmin())
    i, j = divmod(flat, len(v))
    return int(squared[i, j]), i * step, j * step


def _line(start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """The pixels strictly between two pixels, in steps of at most one pixel: [n, 2] int32."""
    steps = int(np.abs(end - start).max())
    ratio = (np.arange(1, steps) / max(steps, 1))[:, None]
    # Rounded from its start, so that a bridge is the same wherever in the picture it lies.
    return start + np.rint(ratio * (end - start)).astype(np.int32)


def _spanning_tree(boundaries: list[np.ndarray]) -> list[list[tuple[int, int, int]]]:
    """Shortest bridges that connect all boundaries (Prim's algorithm from boundary 0).

    Returns:
      For each boundary its children as (own index, child boundary, child's index).
    """
    children: list[list[tuple[int, int, int]]] = [[] for _ in boundaries]
    best = {k: (*_nearest(boundaries[0], boundaries[k]), 0) for k in range(1, len(boundaries))}
    while best:
        child = min(best, key=lambda k: best[k][0])
        _, i, j, parent = best.pop(child)
        children[parent].append((i, child, j))
        for k in best:
            found = _nearest(boundaries[child], boundaries[k])
            if found[0] < best[k][0]:
                best[k] = (*found, child)
    return children


def _walk(boundaries: list[np.ndarray], children: list[list[tuple[int, int, int]]]) -> np.ndarray:
    """Walks around boundary 0, over each bridge and around what lies beyond it."""
    pieces: list[np.ndarray] = []
    # An explicit stack: a shattered mask may nest deeper than Python's recursion allows. Each entry
    # is either a piece of path or (boundary, first index) still to be walked.
    stack: list[np.ndarray | tuple[int, int]] = [(0, 0)]
    while stack:
        top = stack.pop()
        if isinstance(top, np.ndarray):
            pieces.append(top)
            continue
        index, first = top
        boundary = boundaries[index]
        size = len(boundary)
        around = np.roll(boundary, -first, axis=0) if first else boundary
        plan: list[np.ndarray | tuple[int, int]] = []
        at = 0
        for own, child, entry in sorted(children[index], key=lambda c: (c[0] - first) % size):
            position = (own - first) % size
            plan.append(around[at : position + 1])
            bridge = _line(boundary[own], boundaries[child][entry])
            plan += [bridge, (child, entry), boundaries[child][entry][None], bridge[::-1]]
            at = position
        plan.append(around[at:])
        stack.extend(reversed(plan))
    return np.concatenate(pieces)


def trace(mask: np.ndarray) -> np.ndarray:
    """Traces a mask's boundary as one closed path.

    The path starts at the topmost, then leftmost pixel of the mask, walks down the left side of the
    picture first (anticlockwise as seen), and is closed: its last point is joined to its first.

    Args:
      mask: [H, W] uint8, non-zero inside.

    Returns:
      [n, 2] int32 boundary pixels (x, y), consecutive ones at most one pixel apart in x and y.

    Raises:
      ValueError: the mask is empty.
    """
    x0, y0, width, height = cv2.boundingRect(mask)
    if not width:
        raise ValueError("an empty mask has no boundary")
    found, _ = cv2.findContours(
        mask[y0 : y0 + height, x0 : x0 + width],
        cv2.RETR_CCOMP,
        cv2.CHAIN_APPROX_NONE,
        offset=(x0, y0),
    )
    boundaries = [contour[:, 0] for contour in found]
    # OpenCV starts each boundary at its topmost, leftmost pixel and lists them in no useful order.
    starts = [tuple(boundary[0, ::-1]) for boundary in boundaries]
    first = min(range(len(starts)), key=lambda k: starts[k])
    boundaries[0], boundaries[first] = boundaries[first], boundaries[0]
    if len(boundaries) == 1:
        return boundaries[0]
    return _walk(boundaries, _spanning_tree(boundaries))


# Fractional bits of the vertices given to OpenCV's polygon filler.
_SHIFT = 4
# Points farther away than any picture is large are drawn at this distance: with the fractional bits
# they would not fit OpenCV's integers.
_FAR = float(1 << 20)


def fill(path: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Fills a closed path (even-odd rule), its own line included.

    Args:
      path: [n, 2] float or int points (x, y) in pixels; may leave the frame.
      shape: (H, W) of the frame.

    Returns:
      [H, W] uint8 mask, 0 or 1.
    """
    mask = np.zeros(shape, np.uint8)
    if len(path):
        inside = np.clip(np.asarray(path, np.float64), -_FAR, _FAR)
        vertices = np.rint(inside * (1 << _SHIFT)).astype(np.int32)
        cv2.fillPoly(mask, [vertices], 1, lineType=cv2.LINE_8, shift=_SHIFT)
    return mask


def length(mask: np.ndarray) -> float:
    """Length of all of a mask's boundaries, outer and inner, in pixels."""
    found, _ = cv2.findContours(mask, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    return float(sum(cv2.arcLength(contour, True) for contour in found))


# An outline's turning is measured at so many points, so that bodies of any resolution have the same
# outline; at fewer where they would be nearer to each other than so many pixels. Smoothed over
# about so many neighbours, nothing is left of the pixels' stairs.
_TURNS, _APART, _SMOOTH = 256, 2.0, 1.5


def turning(mask: np.ndarray) -> float:
    """Total turning of a mask's outline: the sum of the absolute angles by which it turns.

    Args:
      mask: [H, W] uint8, non-zero inside; its longest outer boundary counts.

    Returns:
      Radians: 2π where the outline is convex, more with each dent and lump.

    Raises:
      ValueError: the mask is empty.
    """
    found, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    if not found:
        raise ValueError("an empty mask has no boundary")
    path = max(found, key=len)[:, 0].astype(np.float64)
    closed = np.concatenate([path, path[:1]])
    along = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(closed, axis=0).T))])
    count = max(8, min(_TURNS, int(along[-1] / _APART)))
    at = np.linspace(0, along[-1], count, endpoint=False)
    points = np.stack([np.interp(at, along, closed[:, i]) for i in (0, 1)], axis=1)
    # A Gaussian around the circle.
    away = np.minimum(np.arange(count), count - np.arange(count))
    weights = np.exp(-0.5 * np.square(away / _SMOOTH))
    spectrum = np.fft.rfft(weights / weights.sum())[:, None]
    smooth = np.fft.irfft(np.fft.rfft(points, axis=0) * spectrum, n=count, axis=0)
    steps = np.roll(smooth, -1, axis=0) - smooth
    after = np.roll(steps, -1, axis=0)
    cross = steps[:, 0] * after[:, 1] - steps[:, 1] * after[:, 0]
    return float(np.abs(np.arctan2(cross, (steps * after).sum(axis=1))).sum())
