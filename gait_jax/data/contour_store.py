"""Boundary paths of a whole data set, traced once and kept memory-mapped beside it."""

import collections
import contextlib
import dataclasses
import functools
import hashlib
import itertools
import json
import os
import pathlib
import shutil
from typing import Any

import numpy as np
import tensorflow_datasets as tfds
from absl import logging

from gait_jax.data.derived import derive, ranges
from gait_jax.data.source import Examples
from gait_jax.data.walk import Walk
from gait_jax.gait import contour, silhouette
from gait_jax.gait.codec import BodyFrame
from gait_jax.runtime.errors import InputError
from gait_jax.runtime.files import open_regular, parse_json, read_regular, reason_of
from tfds_casia.parts import Work

# Part of the key: raise it when tracing or cleaning gives other results for the same settings.
_VERSION = 2

_ARRAYS = {"points": np.int16, "offsets": np.int64, "bodies": np.float32, "numbers": np.int32}


def _walk(**fields: Any) -> Walk:
    """A walk, if all of its fields are there and of their types."""
    walk = Walk(**fields)
    for name, kind in (("subject", str), ("condition", str), ("sequence", int), ("view", int),
                       ("first", int), ("last", int)):  # fmt: skip
        if type(getattr(walk, name)) is not kind:
            raise TypeError(f"a walk whose {name} is {getattr(walk, name)!r}")
    return walk


class ContourStore:
    """All frames' boundary paths, memory-mapped.

    Attributes:
      points: [N, 2] int16 boundary pixels of all frames, one frame after the other.
      offsets: [F + 1] where each frame's path begins; a frame without a usable person has none.
      bodies: [F, 3] float32 body frames (x, y, height) in pixels.
      numbers: [F] int32 frame numbers.
      directory: where it stands.
      key: names the data set's version and the settings it was traced with.
      walks: the sequences.
      unusable: how many frames have no path, by reason.
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
            self.walks = [_walk(**walk) for walk in index["walks"]]
            self.unusable: dict[str, int] = {str(k): int(n) for k, n in index["unusable"].items()}
            shapes = {"points": (-1, 2), "offsets": (-1,), "bodies": (-1, 3), "numbers": (-1,)}
            for name, dtype in _ARRAYS.items():
                with open_regular(directory / name) as file:
                    # An empty file cannot be mapped; a store without a usable frame has no points.
                    size = os.fstat(file.fileno()).st_size
                    array = np.memmap(file, dtype, "r") if size else np.empty(0, dtype)
                # As a plain view: indexing a memmap object costs more than what it reads.
                setattr(self, name, np.asarray(array).reshape(shapes[name]))
            self._check()
        except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
            raise InputError(
                f"{directory} is damaged ({reason_of(error)}): remove it, and it is made again"
            ) from None

    def _check(self) -> None:
        """Raises a `ValueError` where the parts do not fit each other: frames would be mixed up."""
        frames, lengths = len(self.numbers), np.diff(self.offsets)
        if not len(self.bodies) == frames == len(lengths):
            raise ValueError("its files are of different numbers of frames")
        if self.offsets[0] or self.offsets[-1] != len(self.points) or (lengths < 0).any():
            raise ValueError("frames begin where there are no points")
        if not np.isfinite(self.bodies).all() or not (self.bodies[:, 2] > 0).all():
            raise ValueError("bodies without a height")
        bounds = [0, *(walk.last for walk in self.walks)]
        if [walk.first for walk in self.walks] != bounds[:-1] or bounds[-1] != frames:
            raise ValueError("walks that do not follow each other")
        if any(first > last for first, last in itertools.pairwise(bounds)):
            raise ValueError("a walk that ends before it begins")

    def usable(self) -> np.ndarray:
        """[F] bool: which frames have a path."""
        return np.diff(self.offsets) > 0


def _trace_walk(example: dict[str, Any], settings: silhouette.CleanSettings):
    """Traces a sequence: (paths, bodies, flaws) by frame, an empty path where there is a flaw."""
    paths, bodies, flaws = [], [], []
    for png in example["frames"]:
        mask = silhouette.clean(silhouette.decode(png), settings)
        flaw = silhouette.flaw(mask, settings)
        path = np.zeros((0, 2), np.int16) if flaw else contour.trace(mask).astype(np.int16)
        body = BodyFrame(0, 0, 1) if flaw else BodyFrame.of_path(path)
        paths.append(path)
        bodies.append((body.x, body.y, body.height))
        flaws.append(flaw)
    return paths, bodies, flaws


def _text(value: bytes | str) -> str:
    return value.decode() if isinstance(value, bytes) else value


def _trace_part(
    builder: tfds.core.DatasetBuilder,
    settings: silhouette.CleanSettings,
    first: int,
    last: int,
    directory: pathlib.Path,
) -> None:
    """Fills a part's empty folder: a store of some sequences, with lengths instead of offsets."""
    source = Examples(builder)
    walks: list[dict[str, Any]] = []
    unusable: collections.Counter[str] = collections.Counter()
    with contextlib.ExitStack() as stack:
        files = {name: stack.enter_context((directory / name).open("wb")) for name in _ARRAYS}
        for example in (source[index] for index in range(first, last)):
            paths, bodies, flaws = _trace_walk(example, settings)
            files["points"].write(np.concatenate(paths).tobytes())
            files["offsets"].write(np.array([len(path) for path in paths], np.int64).tobytes())
            files["bodies"].write(np.asarray(bodies, np.float32).tobytes())
            files["numbers"].write(np.asarray(example["frame_numbers"], np.int32).tobytes())
            walks.append(
                {
                    "subject": _text(example["subject"]),
                    "condition": _text(example["condition"]),
                    "sequence": int(example["sequence"]),
                    "view": int(example["view"]),
                    "frames": len(paths),
                }
            )
            unusable.update(flaw for flaw in flaws if flaw)
    _write_index(directory, walks, unusable)


def _write_index(
    directory: pathlib.Path, walks: list[dict[str, Any]], unusable: dict[str, int]
) -> None:
    (directory / "index.json").write_text(
        json.dumps({"walks": walks, "unusable": dict(unusable)}), encoding="utf-8"
    )


def _read_index(directory: pathlib.Path) -> dict[str, Any]:
    return parse_json(read_regular(directory / "index.json"))


def _join(parts: list[pathlib.Path], directory: pathlib.Path) -> None:
    """Fills the empty folder of a store from its parts, one after the other."""
    walks: list[dict[str, Any]] = []
    unusable: collections.Counter[str] = collections.Counter()
    frames = points = 0
    with contextlib.ExitStack() as stack:
        files = {name: stack.enter_context((directory / name).open("wb")) for name in _ARRAYS}
        files["offsets"].write(np.int64(0).tobytes())
        for part in parts:
            for name in ("points", "bodies", "numbers"):
                with (part / name).open("rb") as file:
                    shutil.copyfileobj(file, files[name])
            ends = points + np.cumsum(np.fromfile(part / "offsets", np.int64))
            files["offsets"].write(ends.tobytes())
            points = int(ends[-1])
            index = _read_index(part)
            for walk in index["walks"]:
                first, frames = frames, frames + walk.pop("frames")
                walks.append(walk | {"first": first, "last": frames})
            unusable.update(index["unusable"])
    _write_index(directory, walks, unusable)


def _work(builder: tfds.core.DatasetBuilder, settings: silhouette.CleanSettings) -> Work:
    count = builder.info.splits["all"].num_examples
    return {
        f"{first}-{last}": functools.partial(_trace_part, builder, settings, first, last)
        for first, last in ranges(count)
    }


def open_contour_store(
    builder: tfds.core.DatasetBuilder,
    settings: silhouette.CleanSettings,
    progress: bool = True,
) -> ContourStore:
    """Opens the contour store of a data set, tracing it first where that is still to be done.

    The store stands beside the prepared data set, in a folder named by a hash of the data set's
    version and the settings: another version or setting makes another store. It is traced on all
    cores, and going on where it was interrupted; as that starts processes, a script must call this
    below `if __name__ == "__main__":`.

    Args:
      builder: a prepared data set.
      settings: how masks are cleaned.
      progress: whether to show a progress bar.

    Returns:
      The store.

    Raises:
      InputError: the store cannot be locked, or one of the tracing processes was ended.
    """
    key = hashlib.sha256(
        json.dumps([builder.info.full_name, dataclasses.asdict(settings), _VERSION]).encode()
    ).hexdigest()[:16]
    directory = pathlib.Path(str(builder.data_path)) / f"contours-{key}"
    derive(directory, functools.partial(_work, builder, settings), _join, "contours", progress)
    store = ContourStore(directory)
    if store.unusable:
        logging.info("Frames without a usable person: %s.", store.unusable)
    return store
