"""Stores of gaits: the silhouettes of many sequences, memory-mapped.

The currency of this project: original gaits and anonymised ones lie in stores of the same kind, and
whatever is made of gaits (contour vectors, gait energy images, exports) is made of a store.
"""

import collections
import contextlib
import dataclasses
import itertools
import json
import pathlib
from collections.abc import Iterable, Sequence
from typing import Any

import cv2
import numpy as np

from gait_jax.data import mapped
from gait_jax.data.mapped import open_mapped
from gait_jax.data.sequence import GaitSequence
from gait_jax.runtime.errors import InputError
from gait_jax.runtime.files import parse_json, read_regular, reason_of

# Part of every store's key: raise it when the same masks give other files.
VERSION = 1

_ARRAYS = {
    "bits": (np.uint8, (-1,)),
    "offsets": (np.int64, (-1,)),
    "boxes": (np.int32, (-1, 4)),
    "sizes": (np.int32, (-1, 2)),
    "numbers": (np.int32, (-1,)),
}
_KINDS = {"subject": str, "condition": str, "number": int, "view": int, "direction": int,
          "first": int, "last": int}  # fmt: skip
# Pixels of a frame.
_LARGEST = 1 << 28


@dataclasses.dataclass(frozen=True)
class Recorded:
    """A sequence that is to be written into a store.

    Attributes:
      sequence: its names; `first` and `last` are not looked at.
      masks: [H, W] uint8 of 0 and 1 in order of time, empty where there is no usable person.
      numbers: [T] the frames' numbers.
      problems: why frames are empty, by their index.
      measures: what else is known of the sequence, numbers by name.
    """

    sequence: GaitSequence
    masks: Sequence[np.ndarray]
    numbers: Sequence[int]
    problems: dict[int, str]
    measures: dict[str, float]


class GaitStore:
    """All silhouettes of some sequences, each cut to its body and packed to a bit a pixel.

    Attributes:
      directory: where it stands; what is derived from it stands within.
      key: names everything that its contents depend on.
      sequences: the sequences, whose frames follow each other.
      numbers: [F] int32 frame numbers.
      unusable: how many frames are empty, by reason.
      measures: what else is known of each sequence, numbers by name.
    """

    def __init__(self, directory: pathlib.Path):
        """Opens a finished store.

        Raises:
          InputError: it is damaged.
        """
        self.directory = directory
        self.key = directory.name
        try:
            index = _read_index(directory)
            self.sequences = [_sequence(**fields) for fields in index["sequences"]]
            self.unusable = {str(reason): int(n) for reason, n in index["unusable"].items()}
            self.measures = [
                {str(name): float(value) for name, value in measures.items()}
                for measures in index["measures"]
            ]
            arrays = {name: open_mapped(directory / name, *kind) for name, kind in _ARRAYS.items()}
            self._bits, self._offsets = arrays["bits"], arrays["offsets"]
            self._boxes, self._sizes = arrays["boxes"], arrays["sizes"]
            self.numbers = arrays["numbers"]
            self._check()
        except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
            raise InputError(
                f"{directory} is damaged ({reason_of(error)}): remove it, and it is made again"
            ) from None

    def _check(self) -> None:
        """Raises a `ValueError` where the parts do not fit each other: frames would be mixed up."""
        frames, lengths = len(self.numbers), np.diff(self._offsets)
        if not len(self._boxes) == len(self._sizes) == frames == len(self._offsets) - 1:
            raise ValueError("its files are of different numbers of frames")
        if self._offsets[0] or self._offsets[-1] != len(self._bits):
            raise ValueError("frames begin where there are no pixels")
        x, y, width, height = self._boxes.T.astype(np.int64)
        rows, columns = self._sizes.T.astype(np.int64)
        inside = (x >= 0) & (y >= 0) & (x + width <= columns) & (y + height <= rows)
        if not (inside & (width >= 0) & (height >= 0)).all():
            raise ValueError("bodies that lie outside their frames")
        if (rows * columns > _LARGEST).any():
            raise ValueError("frames larger than any camera's")
        if (lengths != -(-width * height // 8)).any():
            raise ValueError("bodies of other sizes than their pixels")
        bounds = [0, *(sequence.last for sequence in self.sequences)]
        if [sequence.first for sequence in self.sequences] != bounds[:-1] or bounds[-1] != frames:
            raise ValueError("sequences that do not follow each other")
        if any(first > last for first, last in itertools.pairwise(bounds)):
            raise ValueError("a sequence that ends before it begins")
        if len(self.measures) != len(self.sequences):
            raise ValueError("measures of another number of sequences")

    def usable(self, first: int = 0, last: int | None = None) -> np.ndarray:
        """Which frames show a person: [F] bool, or those from `first` to `last` (exclusive)."""
        last = len(self.numbers) if last is None else last
        return np.diff(self._offsets[first : last + 1]) > 0

    def body(self, frame: int) -> np.ndarray:
        """A frame's silhouette, cut to its body: [h, w] uint8 of 0 and 1; 0×0 where empty."""
        _, _, width, height = self._boxes[frame]
        bits = self._bits[self._offsets[frame] : self._offsets[frame + 1]]
        return np.unpackbits(bits, count=width * height).reshape(height, width)

    def mask(self, frame: int) -> np.ndarray:
        """A frame's silhouette in its place: [H, W] uint8 of 0 and 1."""
        mask = np.zeros(self._sizes[frame], np.uint8)
        x, y, width, height = self._boxes[frame]
        mask[y : y + height, x : x + width] = self.body(frame)
        return mask

    def corner(self, frame: int) -> tuple[int, int]:
        """Where the body's upper left pixel lies in a frame: (column, row)."""
        x, y, _, _ = self._boxes[frame]
        return int(x), int(y)


def _sequence(**fields: Any) -> GaitSequence:
    """A sequence, if all of its fields are there and of their types."""
    sequence = GaitSequence(**fields)
    for name, kind in _KINDS.items():
        if type(getattr(sequence, name)) is not kind:
            raise TypeError(f"a sequence whose {name} is {getattr(sequence, name)!r}")
    return sequence


def write_part(directory: pathlib.Path, recorded: Iterable[Recorded]) -> None:
    """Fills a part's empty folder: a store of some sequences, with lengths instead of offsets."""
    sequences, measures = [], []
    unusable: collections.Counter[str] = collections.Counter()
    with contextlib.ExitStack() as stack:
        files = {name: stack.enter_context((directory / name).open("wb")) for name in _ARRAYS}

        def write(name: str, values: Any) -> None:
            files[name].write(np.asarray(values, _ARRAYS[name][0]).tobytes())

        for one in recorded:
            boxes = [cv2.boundingRect(mask) for mask in one.masks]
            bits = [
                np.packbits(mask[y : y + height, x : x + width])
                for mask, (x, y, width, height) in zip(one.masks, boxes, strict=True)
            ]
            for packed in bits:
                write("bits", packed)
            write("offsets", [len(packed) for packed in bits])
            write("boxes", boxes)
            write("sizes", [mask.shape for mask in one.masks])
            write("numbers", one.numbers)
            names = dataclasses.asdict(one.sequence)
            sequences.append(names | {"first": 0, "last": len(one.masks)})
            measures.append(one.measures)
            unusable.update(one.problems.values())
    _write_index(directory, sequences, unusable, measures)


def join_parts(parts: list[pathlib.Path], directory: pathlib.Path) -> None:
    """Fills the empty folder of a store from its parts, one after the other."""
    sequences: list[dict[str, Any]] = []
    measures: list[dict[str, float]] = []
    unusable: collections.Counter[str] = collections.Counter()
    for name in _ARRAYS.keys() - {"offsets"}:
        mapped.join((part / name for part in parts), directory / name)
    mapped.join_lengths((part / "offsets" for part in parts), directory / "offsets")
    frames = 0
    for part in parts:
        index = _read_index(part)
        for fields in index["sequences"]:
            first, frames = frames, frames + fields["last"]
            sequences.append(fields | {"first": first, "last": frames})
        unusable.update(index["unusable"])
        measures += index["measures"]
    _write_index(directory, sequences, unusable, measures)


def _write_index(
    directory: pathlib.Path,
    sequences: list[dict[str, Any]],
    unusable: collections.Counter[str],
    measures: list[dict[str, float]],
) -> None:
    index = {"sequences": sequences, "unusable": dict(unusable), "measures": measures}
    (directory / "index.json").write_text(json.dumps(index), encoding="utf-8")


def _read_index(directory: pathlib.Path) -> dict[str, Any]:
    return parse_json(read_regular(directory / "index.json"))
