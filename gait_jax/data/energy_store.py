"""The gait energy images of a whole data set: made once, kept beside it, read from the disk."""

import dataclasses
import functools
import hashlib
import json
import os
import pathlib
import shutil

import numpy as np
import tensorflow_datasets as tfds
from absl import logging

from gait_jax.data.contour_store import ContourStore
from gait_jax.data.derived import derive, ranges
from gait_jax.data.energies import LABELS, Energies
from gait_jax.data.source import direction
from gait_jax.data.walk import Walk
from gait_jax.gait import contour, energy
from gait_jax.runtime.arrays import check_arrays, load_arrays, save_arrays
from gait_jax.runtime.errors import InputError
from gait_jax.runtime.files import open_regular, reason_of
from gait_jax.runtime.records import read_json, write_json
from tfds_casia.parts import Work

# Part of the key: raise it when the same walk gives other images.
_VERSION = 1

_KINDS = ("sequence", "cycle")


def _aligned(store: ContourStore, walk: Walk, size: int) -> np.ndarray:
    """A walk's usable frames, aligned: [T, size, size] uint8."""
    frames = []
    for frame in range(walk.first, walk.last):
        path = store.points[store.offsets[frame] : store.offsets[frame + 1]]
        if len(path):
            low = path.min(axis=0)
            width, height = path.max(axis=0) - low + 1
            frames.append(energy.align(contour.fill(path - low, (height, width)), size))
    return np.array(frames, np.uint8).reshape(-1, size, size)


@dataclasses.dataclass(frozen=True)
class EnergyStore:
    """All gait energy images of a data set; the images are memory-mapped.

    Attributes:
      everything: one image a sequence, then one a gait cycle.
      count: how many are of sequences.
    """

    everything: Energies
    count: int

    @property
    def sequences(self) -> Energies:
        """One image a sequence."""
        return self.everything.take(slice(self.count))

    @property
    def cycles(self) -> Energies:
        """One image a gait cycle."""
        return self.everything.take(slice(self.count, None))


def _make_part(
    contours: pathlib.Path, name: str, size: int, first: int, last: int, directory: pathlib.Path
) -> None:
    """Fills a part's empty folder with the images of some sequences and of their gait cycles."""
    store = _opened(contours)
    sequences, cycles, short = [], [], 0
    for walk in store.walks[first:last]:
        aligned = _aligned(store, walk, size)
        if len(aligned) < energy.MIN_FRAMES:
            short += 1
            continue
        view = direction(name, walk.view, walk.sequence)
        sequences.append((energy.energy_image(aligned), walk, view))
        cycles += [
            (energy.energy_image(aligned[start:end]), walk, view)
            for start, end in energy.gait_cycles(aligned)
        ]
    for kind, labelled in zip(_KINDS, (sequences, cycles), strict=True):
        arrays = Energies.of(labelled, size).arrays()
        (directory / f"{kind}_images").write_bytes(arrays.pop("images").tobytes())
        save_arrays(directory / f"{kind}_labels.safetensors", arrays)
    write_json(directory / "short.json", short)


# Each part holds a hundred sequences or less, and opening a store reads the names of all.
_opened = functools.lru_cache(maxsize=1)(ContourStore)


def _join(name: str, parts: list[pathlib.Path], directory: pathlib.Path) -> None:
    """Fills the empty folder of a store from its parts: all sequences, then all gait cycles."""
    labels: dict[str, list[np.ndarray]] = {}
    with (directory / "images").open("wb") as file:
        for kind in _KINDS:
            for part in parts:
                with (part / f"{kind}_images").open("rb") as images:
                    shutil.copyfileobj(images, file)
                for field, array in load_arrays(part / f"{kind}_labels.safetensors").items():
                    labels.setdefault(field, []).append(array)
    save_arrays(directory / "labels.safetensors", {n: np.concatenate(a) for n, a in labels.items()})
    counts = {
        "sequences": sum(len(array) for array in labels["views"][: len(parts)]),
        "short": sum(read_json(part / "short.json") for part in parts),
    }
    write_json(directory / "counts.json", counts)
    if counts["short"]:
        logging.warning(
            "%d sequences of %s have fewer than %d usable frames: no energy image.",
            counts["short"],
            name,
            energy.MIN_FRAMES,
        )


def open_energies(
    builder: tfds.core.DatasetBuilder, store: ContourStore, size: int, progress: bool = True
) -> EnergyStore:
    """All gait energy images of a data set, made first where that is still to be done.

    They are of the cleaned silhouettes of the contour store, so that an anonymised walk, which is
    cleaned too, differs from its original by nothing else. A walk of fewer than
    `energy.MIN_FRAMES` usable frames has none. They are made on all cores, and going on where that
    was interrupted; as that starts processes, a script must call this below
    `if __name__ == "__main__":`.

    Args:
      builder: the prepared data set, beside which they are kept.
      store: its contours.
      size: rows and columns of the images.
      progress: whether to show a progress bar.

    Raises:
      InputError: what is kept is damaged or cannot be locked, or one of the processes that make
        the images was ended.
    """
    key = hashlib.sha256(json.dumps([store.key, size, _VERSION]).encode()).hexdigest()[:16]
    directory = pathlib.Path(str(builder.data_path)) / f"energies-{key}"

    def work() -> Work:
        return {
            f"{first}-{last}": functools.partial(
                _make_part, store.directory, builder.name, size, first, last
            )
            for first, last in ranges(len(store.walks))
        }

    join = functools.partial(_join, builder.name)
    derive(directory, work, join, "energy images", progress)
    return open_store(directory, size)


def open_store(directory: pathlib.Path, size: int) -> EnergyStore:
    """Opens a finished store.

    Args:
      directory: its folder.
      size: rows and columns of its images.

    Raises:
      InputError: it is damaged.
    """
    labels = load_arrays(directory / "labels.safetensors")
    check_arrays(directory / "labels.safetensors", labels, LABELS)
    counts = read_json(directory / "counts.json")
    try:
        if labels.keys() != LABELS.keys() or len({len(array) for array in labels.values()}) != 1:
            raise ValueError("its labels do not fit each other")
        shape = (len(labels["views"]), size, size)
        with open_regular(directory / "images") as file:
            if os.fstat(file.fileno()).st_size != np.prod(shape):
                raise ValueError("it has not an image for each label")
            # An empty file cannot be mapped.
            images = np.memmap(file, np.uint8, "r", shape=shape) if shape[0] else np.empty(shape)
        count = counts["sequences"]
        if type(count) is not int or not 0 <= count <= shape[0]:
            raise ValueError("it says how many sequences there are, and has not as many")
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise InputError(
            f"{directory} is damaged ({reason_of(error)}): remove it, and it is made again"
        ) from None
    # As a plain view: indexing a memmap object costs more than what it reads.
    return EnergyStore(Energies(np.asarray(images, np.uint8), **labels), count)
