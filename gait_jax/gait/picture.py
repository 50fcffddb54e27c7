"""Pictures of contours to look at."""

import cv2
import numpy as np

from gait_jax.gait import contour
from gait_jax.gait.codec import BodyFrame

_HEIGHT, _WIDTH, _BODY = 112, 88, 96.0
_SEQUENCES, _FRAMES, _PAIRS = 4, 12, 6


def draw(vectors: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Draws a sequence of contour vectors side by side.

    Args:
      vectors: [T, P, 2] in body heights.
      counts: [T] valid points.

    Returns:
      [112, 88 T] uint8, 0 or 255.
    """
    body = BodyFrame(_WIDTH / 2, _HEIGHT / 2, _BODY)
    origin = np.array([body.x, body.y])
    masks = [
        contour.fill(vector[:count].astype(np.float64) * body.height + origin, (_HEIGHT, _WIDTH))
        for vector, count in zip(vectors, counts, strict=True)
    ]
    return np.hstack(masks) * 255


def crop(mask: np.ndarray, box: tuple[int, int, int, int]) -> np.ndarray:
    """Draws what lies in a box of a mask as large as the other pictures' people.

    Args:
      mask: [H, W] uint8 of 0 and 1.
      box: (x, y, width, height) in pixels.

    Returns:
      [112, 88] uint8, 0 or 255.
    """
    x, y, width, height = box
    scale = _BODY / max(height, 1)
    shift = [
        [scale, 0, _WIDTH / 2 - scale * (x + width / 2)],
        [0, scale, _HEIGHT / 2 - scale * (y + height / 2)],
    ]
    return cv2.warpAffine(mask * 255, np.array(shift), (_WIDTH, _HEIGHT), flags=cv2.INTER_NEAREST)


def compare(drawn: dict[str, tuple[np.ndarray, np.ndarray]]) -> np.ndarray:
    """Draws up to four sequences below each other; of single frames, one row of many.

    Args:
      drawn: "original" and, where there are any, "noise" and "anonymized": contours
        [B, T, P, 2] in body heights and their counts [B, T].

    Returns:
      [H, W] uint8: rows of what is given, and of the XOR of anonymised and original.
    """
    single = drawn["original"][0].shape[1] == 1
    if single:
        drawn = {n: (v.swapaxes(0, 1), c.swapaxes(0, 1)) for n, (v, c) in drawn.items()}
    rows = {}
    for i in range(min(_SEQUENCES, len(drawn["original"][0]))):
        label = "" if single else f" {i}"
        for name in ("original", "noise", "anonymized"):
            if name in drawn:
                vectors, counts = (x[i, :_FRAMES] for x in drawn[name])
                rows[name + label] = draw(vectors, counts)
        if "anonymized" in drawn:
            rows["XOR" + label] = rows["anonymized" + label] ^ rows["original" + label]
    return sheet(rows)


def sheet(rows: dict[str, np.ndarray]) -> np.ndarray:
    """Stacks labelled rows of pictures.

    Args:
      rows: label → [112, W] uint8; narrower rows are filled up with grey.

    Returns:
      [H, W'] uint8.
    """
    margin = 84
    width = max(row.shape[1] for row in rows.values())
    lines = []
    for label, row in rows.items():
        line = np.full((_HEIGHT + 2, margin + width), 96, np.uint8)
        line[1:-1, margin : margin + row.shape[1]] = row
        cv2.putText(
            line, label, (4, _HEIGHT // 2), cv2.FONT_HERSHEY_SIMPLEX, 0.38, 255, 1, cv2.LINE_AA
        )
        lines.append(line)
    return np.vstack(lines)


def pairs(tiles: list[tuple[np.ndarray, str]]) -> np.ndarray:
    """Labelled pairs of images, six to a row.

    Args:
      tiles: (two images [2, S, S] uint8, label) each.

    Returns:
      [H, W] uint8.
    """
    size = tiles[0][0].shape[1]
    drawn = []
    for images, label in tiles:
        tile = np.full((size + 16, 2 * size + 6), 96, np.uint8)
        tile[:size, : 2 * size] = np.hstack(images)
        cv2.putText(
            tile, label, (2, size + 12), cv2.FONT_HERSHEY_SIMPLEX, 0.38, 255, 1, cv2.LINE_AA
        )
        drawn.append(tile)
    drawn += [np.full_like(drawn[0], 96)] * (-len(drawn) % _PAIRS)
    return np.vstack([np.hstack(drawn[i : i + _PAIRS]) for i in range(0, len(drawn), _PAIRS)])


def png(image: np.ndarray) -> bytes:
    """A picture as a PNG file's contents.

    Args:
      image: [H, W] or blue, green, red [H, W, 3], uint8.
    """
    return cv2.imencode(".png", image)[1].tobytes()
