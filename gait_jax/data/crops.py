"""Pairs of a colour crop and an anonymised gait: what colour transfer trains on."""

import contextlib
import functools
import hashlib
import itertools
import json
import pathlib
import struct
import tokenize
from collections.abc import Callable, Sequence

import ml_collections
import numpy as np
from absl import logging

from gait_jax.data.batches import Batch, TrainingData
from gait_jax.data.dataset import GaitDataset
from gait_jax.data.derived import derive, ranges
from gait_jax.gait.crop import Crop
from gait_jax.runtime.errors import InputError
from gait_jax.runtime.files import open_regular, reason_of
from gait_jax.runtime.records import read_json, write_json
from tfds_casia.parts import Work

# Part of the key: raise it when the same frames give other crops.
_VERSION = 4

# What NumPy raises on files that are no arrays.
_READ_ERRORS = (
    OSError,
    ValueError,
    KeyError,
    EOFError,
    RuntimeError,
    MemoryError,
    OverflowError,
    SyntaxError,
    TypeError,
    struct.error,
    tokenize.TokenError,
)

# The arrays of a store, and the channels of their pixels.
_CHANNELS = {"images": (3,), "masks": (), "originals": (), "plates": (3,)}

# Anonymises a walk's silhouettes with the noise of a seed; an empty mask where it could not.
Anonymize = Callable[[Sequence[np.ndarray], int], Sequence[np.ndarray]]


class CropStore:
    """All crops of some walks with their anonymised gaits, memory-mapped.

    Attributes:
      images: [N, S, S, 3] uint8 red, green, blue.
      masks: [N, S, S] uint8 of 0 and 1, the anonymised gaits.
      originals: [N, S, S] uint8 of 0 and 1, the original ones.
      plates: [N, S, S, 3] uint8, the scenes without the person.
      subjects: [N] names.
    """

    def __init__(self, directory: pathlib.Path):
        """Opens a finished store.

        Raises:
          InputError: it is damaged.
        """
        subjects = read_json(directory / "subjects.json")
        try:
            self.images, self.masks, self.originals, self.plates = (
                _open_pictures(directory / f"{name}.npy") for name in _CHANNELS
            )
            shape = self.images.shape
            if len(shape) != 4 or shape[1] != shape[2] or shape[3] != 3:
                raise ValueError(f"pictures of shape {shape}")
            if not self.masks.shape == self.originals.shape == shape[:3]:
                raise ValueError("masks of other sizes than the pictures")
            if self.plates.shape != shape:
                raise ValueError("plates of another size than the pictures")
            if not isinstance(subjects, list) or not all(type(s) is str for s in subjects):
                raise ValueError("subjects without a name")
            if len(subjects) != len(self.images):
                raise ValueError("another number of names than of pictures")
        except _READ_ERRORS as error:
            raise InputError(
                f"{directory} is damaged ({reason_of(error)}): remove it, and it is made again"
            ) from None
        self.subjects = np.array(subjects, np.str_)


def _open_pictures(path: pathlib.Path) -> np.ndarray:
    """Maps an array of uint8 into memory."""
    open_regular(path).close()
    array = np.load(path, mmap_mode="r", allow_pickle=False)
    if array.dtype != np.uint8:
        raise ValueError(f"{path.name} of {array.dtype}")
    return array


def _make_part(
    dataset: GaitDataset,
    config: ml_collections.ConfigDict,
    anonymize: Anonymize,
    indices: Sequence[int],
    directory: pathlib.Path,
) -> None:
    """Fills a part's empty folder: the pixels of some walks' crops, and whose they are."""
    subjects = []
    with contextlib.ExitStack() as stack:
        files = [stack.enter_context((directory / name).open("wb")) for name in _CHANNELS]
        for index in indices:
            recording = dataset.recording(index)
            frames = range(0, len(recording), config.stride)
            complete = [recording.complete(i) for i in frames]
            gait = anonymize(complete, index)
            for frame, original, mask in zip(frames, complete, gait, strict=True):
                if mask.any():
                    crop = Crop.around(mask, config.margin)
                    shown = recording.frame(frame), mask, original, recording.plate
                    for file, picture in zip(files, shown, strict=True):
                        file.write(np.ascontiguousarray(crop.cut(picture, config.size)))
                    subjects.append(dataset.walks[index].subject)
    write_json(directory / "subjects.json", subjects)


def _join(size: int, frames: int, made: list[pathlib.Path], directory: pathlib.Path) -> None:
    """Fills the empty folder of a store from its parts, one after the other."""
    subjects = [read_json(part / "subjects.json") for part in made]
    ends = [0, *itertools.accumulate(len(names) for names in subjects)]
    for name, channels in _CHANNELS.items():
        shape = ends[-1], size, size, *channels
        array = np.lib.format.open_memmap(directory / f"{name}.npy", "w+", np.uint8, shape)
        for part, (first, last) in zip(made, itertools.pairwise(ends), strict=True):
            array[first:last] = np.fromfile(part / name, np.uint8).reshape(-1, *shape[1:])
    if ends[-1] < frames:
        logging.info(
            "%d of %d frames could not be anonymised: left out.", frames - ends[-1], frames
        )
    write_json(directory / "subjects.json", list(itertools.chain(*subjects)))


def _open_store(
    dataset: GaitDataset,
    config: ml_collections.ConfigDict,
    anonymize: Anonymize,
    anonymizer: str,
    progress: bool,
) -> CropStore:
    """The store of a data set, made first where that is still to be done; it stands beside it."""
    settings = [config[name] for name in ("size", "margin", "stride", "group", "validation_group")]
    key = hashlib.sha256(
        json.dumps([dataset.store.key, dataset.groups, settings, anonymizer, _VERSION]).encode()
    ).hexdigest()[:16]
    directory = dataset.directory / f"crops-{key}"
    members = {*dataset.members(config.group), *dataset.members(config.validation_group)}
    chosen = [i for i, walk in enumerate(dataset.walks) if walk.subject in members]
    lengths = (dataset.walks[i].last - dataset.walks[i].first for i in chosen)
    frames = sum(len(range(0, length, config.stride)) for length in lengths)

    def work() -> Work:
        fill = functools.partial(_make_part, dataset, config, anonymize)
        return {
            f"{first}-{last}": functools.partial(fill, chosen[first:last])
            for first, last in ranges(len(chosen))
        }

    join = functools.partial(_join, config.size, frames)
    # In this process: the anonymiser computes on its devices, with all cores.
    derive(directory, work, join, "colour crops", progress, processes=1)
    return CropStore(directory)


class Crops:
    """The crops of some subjects; random access.

    What is shown of a crop is drawn anew each time: half of them are mirrored, and with `recolour`
    channels change places and strengths, so that few people's clothes stand for many colours.
    """

    def __init__(self, store: CropStore, subjects: list[str], recolour: bool):
        """Lists the crops.

        Args:
          store: of all crops.
          subjects: whose.
          recolour: see above.
        """
        self._store, self._recolour = store, recolour
        self._indices = np.flatnonzero(np.isin(store.subjects, subjects))

    def __len__(self) -> int:
        return len(self._indices)

    def take(self, indices: np.ndarray, seeds: np.ndarray) -> Batch:
        """Draws some crops.

        Args:
          indices: [B] int.
          seeds: [B] uint32.

        Returns:
          {"images" and "plates": [B, S, S, 3] uint8 red, green, blue, with and without the person,
          "masks" and "originals": [B, S, S] uint8 of 0 and 1, the anonymised and the original
          gait}.
        """
        drawn: dict[str, list[np.ndarray]] = {name: [] for name in _CHANNELS}
        for index, seed in zip(self._indices[indices], seeds, strict=True):
            rng = np.random.default_rng(seed)
            mirrored = slice(None, None, -1 if rng.random() < 0.5 else 1)
            for name, shown in drawn.items():
                shown.append(getattr(self._store, name)[index][:, mirrored])
            if self._recolour:
                tint, order = rng.uniform(0.6, 1.2, 3), rng.permutation(3)
                for name in ("images", "plates"):
                    image = drawn[name][-1][..., order] * tint
                    drawn[name][-1] = np.minimum(image, 255).astype(np.uint8)
        return {name: np.stack(shown) for name, shown in drawn.items()}


def crop_data(
    config: ml_collections.ConfigDict,
    anonymize: Anonymize,
    anonymizer: str,
    progress: bool = True,
) -> TrainingData:
    """The crops that a configuration asks for.

    Args:
      config: its `data` part; see `GaitDataset`, and size, margin, stride, group, validation_group
        and recolour.
      anonymize: gives each frame its anonymised gait.
      anonymizer: names everything that the results of `anonymize` depend on.
      progress: whether to show progress bars.

    Raises:
      InputError: the data set or its groups cannot be used, or a group has no frame.
    """
    dataset = GaitDataset(config, progress)
    store = _open_store(dataset, config, anonymize, anonymizer, progress)

    def of_group(group: str, recolour: bool) -> Crops:
        crops = Crops(store, dataset.members(group), recolour)
        if not len(crops):
            raise InputError(
                f"group {group!r} ({', '.join(dataset.members(group))}) has no frame that could be "
                "anonymised: check the data set and anonymizer.checkpoint"
            )
        return crops

    train = of_group(config.group, config.recolour)
    return TrainingData(
        train,
        of_group(config.validation_group, False),
        ("crops", 1),
        f"{len(train)} crops of {', '.join(dataset.members(config.group))}",
        dataset.description | {"anonymizer": anonymizer},
    )
