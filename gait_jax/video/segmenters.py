"""Ways to find people in a frame, by the name that the command line gives.

A segmenter takes frames [H, W, 3] uint8 (blue, green, red) in order and gives the people in each as
[H, W] uint8 of 0 and 1, or None where it can say nothing.
"""

import pathlib
from collections.abc import Callable, Iterator

import cv2
import numpy as np

from gait_jax.data.pictures import read_mask
from gait_jax.runtime import names
from gait_jax.runtime.errors import InputError
from gait_jax.video import blazepose_files
from gait_jax.video.background import Scene
from gait_jax.video.foreground import DifferenceSegmenter
from gait_jax.video.onnx_network import OnnxNetwork, first_line

Segmenter = Callable[[np.ndarray], np.ndarray | None]

# Rows and columns given to a network that takes pictures of any size.
_FREE_SIZE = 256


class NetworkSegmenter:
    """A person segmenter that was trained elsewhere.

    Its input is a picture in red, green and blue from 0 to 1, [1, h, w, 3] or [1, 3, h, w]; its
    first output the person, [1, h, w, C] or [1, C, h, w] of probabilities or logits, with C = 1, or
    2 with the person last.
    """

    def __init__(self, shape: list, run: Callable[[np.ndarray], np.ndarray]):
        """Wraps a loaded network.

        Args:
          shape: of its input; what is not a number may be of any size.
          run: input → first output.
        """
        self._channels_first = shape[1] == 3
        size = shape[2:4] if self._channels_first else shape[1:3]
        self._size = [x if isinstance(x, int) and x > 0 else _FREE_SIZE for x in size]
        self._run = run

    def __call__(self, image: np.ndarray) -> np.ndarray:
        """Segments a frame."""
        rows, columns = self._size
        small = cv2.resize(image, (columns, rows), interpolation=cv2.INTER_AREA)
        given = cv2.cvtColor(small, cv2.COLOR_BGR2RGB).astype(np.float32)[None] / 255
        if self._channels_first:
            given = given.transpose(0, 3, 1, 2)
        found = np.asarray(self._run(np.ascontiguousarray(given)), np.float32)[0]
        if found.ndim == 3 and found.shape[0] <= 2:
            found = found.transpose(1, 2, 0)
        found = found.reshape(*found.shape[:2], -1)
        probable = found[..., -1] > 0.5
        if found.shape[-1] == 2:
            probable = found[..., 1] > found[..., 0]
        elif found.min() < 0 or found.max() > 1:
            probable = found[..., -1] > 0
        # Enlarged as a picture of probabilities would be, so that the outline has no steps.
        height, width = image.shape[:2]
        return (cv2.resize(probable.astype(np.float32), (width, height)) > 0.5).astype(np.uint8)


def _onnx(path: pathlib.Path) -> NetworkSegmenter:
    network = OnnxNetwork(path)
    return NetworkSegmenter(network.shape, lambda x: network(x)[0])


def _tflite(path: pathlib.Path) -> NetworkSegmenter:
    from ai_edge_litert.interpreter import Interpreter  # Loaded by who asks for it only.

    try:
        network = Interpreter(model_path=str(path))
        network.allocate_tensors()
    except (ValueError, RuntimeError) as error:
        raise InputError(
            f"{path} is no LiteRT model ({first_line(error)}): give another file"
        ) from None
    first, last = network.get_input_details()[0], network.get_output_details()[0]

    def run(given: np.ndarray) -> np.ndarray:
        network.set_tensor(first["index"], given)
        network.invoke()
        return network.get_tensor(last["index"])

    return NetworkSegmenter([int(size) for size in first["shape"]], run)


# BlazePose, which is no segmenter: it finds each person apart (see `finding`).
PEOPLE = "people"
BACKGROUND = "background"
NETWORKS = {"onnx": _onnx, "tflite": _tflite}


def check(name: str) -> None:
    """Raises an `InputError` unless `name` is one that is known, with files that are there."""
    kind, colon, path = name.partition(":")
    if name == PEOPLE:
        for file in blazepose_files.HASHES:
            blazepose_files.find(file)
    if name in (PEOPLE, BACKGROUND):
        return
    if kind not in NETWORKS or not colon:
        known = ", ".join([PEOPLE, BACKGROUND, *(f"{network}:PATH" for network in NETWORKS)])
        raise InputError(f"segmenter {name!r} is not known: use one of {known}")
    if not pathlib.Path(path).is_file():
        raise InputError(f"{path} is not a file: give the model after {kind}:")


def build(name: str, scene: Scene) -> Segmenter:
    """The segmenter of a name.

    Args:
      name: `background`, `onnx:PATH` or `tflite:PATH`.
      scene: the clip's.

    Raises:
      InputError: it cannot be used.
    """
    check(name)
    if name == BACKGROUND:
        return DifferenceSegmenter(scene)
    kind, _, path = name.partition(":")
    return NETWORKS[kind](pathlib.Path(path))


class GivenMasks:
    """Silhouettes that somebody made already: a PNG for each frame, in the order of their names."""

    def __init__(self, directory: pathlib.Path, shape: tuple[int, int], frames: int):
        """Looks for the files.

        Args:
          directory: holds the PNGs, white where people are.
          shape: rows and columns of a frame.
          frames: how many frames the clip has.

        Raises:
          InputError: there are not as many as frames.
        """
        if not directory.is_dir():
            raise InputError(f"{directory} is not a folder: give one with a PNG for each frame")
        self._files = sorted(
            (p for p in directory.iterdir()
             if p.suffix.lower() == ".png" and not names.is_left_over(p.name)),
            key=lambda p: names.in_order(p.name),
        )  # fmt: skip
        self._shape = shape
        if len(self._files) != frames:
            raise InputError(
                f"{directory} holds {len(self._files)} PNGs, and the clip has {frames} frames: "
                "give one for each frame"
            )
        self._next: Iterator[pathlib.Path] = iter(self._files)

    def __call__(self, image: np.ndarray) -> np.ndarray:
        """The next frame's mask.

        Raises:
          InputError: it cannot be read, or is of another size.
        """
        del image
        path = next(self._next)
        mask = read_mask(path)
        if mask.shape != self._shape:
            raise InputError(
                f"{path} is {mask.shape[1]}×{mask.shape[0]}, and the clip "
                f"{self._shape[1]}×{self._shape[0]}: give masks of the clip's size"
            )
        return mask
