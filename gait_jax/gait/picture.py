"""Pictures of contours to look at."""

import cv2
import numpy as np

from gait_jax.gait import contour
from gait_jax.gait.codec import BodyFrame

_HEIGHT, _WIDTH, _BODY = 112, 88, 96.0


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


def save_png(path, image: np.ndarray) -> None:
    """Writes a PNG under a temporary name, then renames it.

    Args:
      path: pathlib.Path of the file.
      image: [H, W] or [H, W, 3] uint8.
    """
    partial = path.with_name(f".{path.name}.partial")
    partial.write_bytes(cv2.imencode(".png", image)[1].tobytes())
    partial.replace(path)
