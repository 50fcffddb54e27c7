"""Detectors of objects that somebody else trained, in the forms in which people export them.

A picture is shrunk or enlarged to the network's size, its proportions kept, amid grey of 114
(letterboxed), red, green and blue from 0 to 1 (from 0 to 255 where the input is uint8), [1, 3, H,
W] or [3, H, W]. Known outputs, with boxes in the network's pixels:

  [1, N, 5 + C], N > 5 + C     YOLOv3, v5 and v7: middle (x, y), size, objectness, classes
  [1, 4 + C, N], N > 4 + C     YOLOv8 and 11: middle (x, y), size, classes
  [1, N, 6], N up to 1000      YOLOv10 and others without suppression: corners, score, class
  [1, N, 4], [1, C, N], ...    YOLOv3 of the ONNX model zoo: corners (y, x), classes; its second
                               input is the picture's height and width
  [N, 4], [N] whole, [N]       torchvision: corners, class, score, in any order

People are class 0 of the first four (COCO's 80 classes), and 1 of torchvision's (91 with the
background) unless another one is named. No threshold is set, and nothing suppressed: the highest
score counts of all boxes that hold half of the person's box.
"""

from collections.abc import Sequence

import cv2
import numpy as np

from gait_jax.runtime.errors import InputError
from gait_jax.video.onnx_network import OnnxNetwork

_GREY = 114
# Beyond, six numbers a box are those of a YOLOv5 of one class.
_MOST_KEPT = 1000
# Share of the person's box that a box has to hold.
_HELD = 0.5
_FIRST, _AFTER_BACKGROUND = 0, 1
# Of boxes, from their middle and size.
_CORNERS = np.array([[1, 0, 1, 0], [0, 1, 0, 1], [-0.5, 0, 0.5, 0], [0, -0.5, 0, 0.5]])


class OnnxDetector:
    """A network that finds objects, asked about one person (see `person_score.PersonScore`)."""

    def __init__(self, network: OnnxNetwork, side: int, person: int):
        """Takes a loaded network.

        Args:
          network: it.
          side: of its pictures where it takes any size.
          person: its class of people; -1 for the usual one.

        Raises:
          InputError: its input is no picture.
        """
        shape = network.shape
        if len(shape) not in (3, 4) or (isinstance(shape[-3], int) and shape[-3] != 3):
            raise InputError(
                f"{network.name} takes inputs {shape}, no pictures [1, 3, H, W] or [3, H, W]: "
                "give a detector"
            )
        self._network, self._person, self._batched = network, person, len(shape) == 4
        self._size = [x if isinstance(x, int) and x > 0 else side for x in shape[-2:]]

    def __call__(self, picture: np.ndarray, mask: np.ndarray) -> float:
        """See `person_score.PersonScore`."""
        given, scale, shift = letterboxed(picture, self._size)
        if not self._network.wants_bytes:
            given = given.astype(np.float32) / 255
        given = np.ascontiguousarray(given.transpose(2, 0, 1))
        outputs = self._network(given[None] if self._batched else given, self._size)
        boxes, scores = people(outputs, self._person, self._network.name)
        x, y, width, height = cv2.boundingRect(mask.astype(np.uint8))
        corner = np.array([x, y]) * scale + shift
        own = np.concatenate([corner, corner + np.array([width, height]) * scale])
        return float(max(scores[held(boxes, own) >= _HELD], default=0.0))


def letterboxed(picture: np.ndarray, size: Sequence[int]) -> tuple[np.ndarray, float, np.ndarray]:
    """A picture as such networks want it.

    Args:
      picture: [h, w, 3] uint8 (blue, green, red).
      size: rows H and columns W.

    Returns:
      The picture amid grey [H, W, 3] uint8 (red, green, blue), the network's pixels for one of the
      picture's, and where the picture begins in them, (x, y).
    """
    rows, columns = picture.shape[:2]
    scale = min(size[0] / rows, size[1] / columns)
    wide, tall = max(round(columns * scale), 1), max(round(rows * scale), 1)
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    small = cv2.resize(picture, (wide, tall), interpolation=method)
    left, top = (size[1] - wide) // 2, (size[0] - tall) // 2
    whole = np.full((*size, 3), _GREY, np.uint8)
    whole[top : top + tall, left : left + wide] = small[..., ::-1]
    return whole, scale, np.array([left, top], float)


def people(outputs: Sequence[np.ndarray], person: int, name: str) -> tuple[np.ndarray, np.ndarray]:
    """What a network takes for people, how surely ever.

    Args:
      outputs: of the network.
      person: its class of people; -1 for the usual one of these outputs.
      name: of the network, for what is said of it.

    Returns:
      Boxes left, top, right, bottom in the network's pixels [N, 4], and P(person) [N].

    Raises:
      InputError: the outputs are of no form that is known, have no such class, or are no
        probabilities.
    """
    shapes = [list(one.shape) for one in outputs]
    boxes, scores = _read(outputs, person, name, shapes)
    if len(scores) and not (scores.min() >= 0 and scores.max() <= 1 + 1e-3):
        raise InputError(
            f"{name} gives scores from {scores.min():.3g} to {scores.max():.3g}, no probabilities: "
            "export it with its last layer"
        )
    return boxes, np.minimum(scores, 1)


def _read(
    outputs: Sequence[np.ndarray], person: int, name: str, shapes: list[list[int]]
) -> tuple[np.ndarray, np.ndarray]:
    if len(shapes) == 3 and sorted(map(len, shapes)) == [1, 1, 2]:
        found = {one.ndim if one.dtype.kind == "f" else "class": one for one in outputs}
        if found.keys() == {1, 2, "class"} and found[2].shape[1] == 4:
            wanted = _AFTER_BACKGROUND if person < 0 else person
            mine = found["class"] == wanted
            return found[2][mine], found[1][mine]
    if shapes and len(shapes[0]) == 3 and shapes[0][0] == 1:
        first, wanted = outputs[0][0], _FIRST if person < 0 else person
        count, each = first.shape
        if each == 4 and len(shapes) > 1 and len(shapes[1]) == 3 and shapes[1][2] == count:
            return first[:, [1, 0, 3, 2]], _class(outputs[1][0].T, wanted, name)
        if each == 6 and count <= _MOST_KEPT:
            mine = first[:, 5] == wanted
            return first[mine, :4], first[mine, 4]
        if count > each > 5:
            return first[:, :4] @ _CORNERS, first[:, 4] * _class(first[:, 5:], wanted, name)
        if each > count > 4:
            return first[:4].T @ _CORNERS, _class(first[4:].T, wanted, name)
    raise InputError(
        f"{name} gives outputs {', '.join(map(str, shapes)) or 'none'}, which are not known: "
        "export it as YOLO's or torchvision's detectors are exported (docs/scores.md)"
    )


def _class(classes: np.ndarray, wanted: int, name: str) -> np.ndarray:
    if wanted >= classes.shape[1]:
        raise InputError(
            f"{name} has {classes.shape[1]} classes, none of number {wanted}: set another person"
        )
    return classes[:, wanted]


def held(boxes: np.ndarray, own: np.ndarray) -> np.ndarray:
    """The shares of a box that lie in others: [N, 4] and [4], left, top, right, bottom → [N]."""
    corners = np.maximum(boxes[:, :2], own[:2]), np.minimum(boxes[:, 2:], own[2:])
    return (corners[1] - corners[0]).clip(0).prod(axis=1) / (own[2:] - own[:2]).prod()
