"""Pairs of a colour crop and an anonymised gait: what colour transfer trains on."""

import contextlib
import functools
import itertools
import pathlib
from collections.abc import Sequence

import ml_collections
import numpy as np
from absl import logging

from gait_jax.data import mapped
from gait_jax.data.batches import Batch, TrainingData
from gait_jax.data.dataset import GaitDataset
from gait_jax.data.derived import derive, ranges
from gait_jax.data.gait_store import GaitStore
from gait_jax.data.mapped import open_mapped
from gait_jax.data.plates import worn
from gait_jax.gait.crop import Crop
from gait_jax.gait.laying import apart, moved
from gait_jax.runtime.errors import InputError
from gait_jax.runtime.files import reason_of
from gait_jax.runtime.fingerprint import fingerprint
from gait_jax.runtime.records import read_json, write_json
from tfds_casia.parts import Work

# Part of the key: raise it when the same frames give other crops.
VERSION = 8

# The arrays of a store, and the channels of their pixels.
_CHANNELS = {"images": (3,), "masks": (), "originals": (), "backgrounds": (3,)}


class CropStore:
    """All crops of some sequences with their anonymised gaits, memory-mapped.

    Attributes:
      images: [N, S, S, 3] uint8 red, green, blue.
      masks: [N, S, S] uint8 of 0 and 1, the anonymised gaits.
      originals: [N, S, S] uint8 of 0 and 1, the original ones; they and their pictures lie under
        the anonymised ones (see `gait.laying`).
      backgrounds: [N, S, S, 3] uint8, the plates of the scenes without the person.
      subjects: [N] names.
    """

    def __init__(self, directory: pathlib.Path, size: int):
        """Opens a finished store.

        Args:
          directory: its folder.
          size: S, rows and columns of its crops.

        Raises:
          InputError: it is damaged.
        """
        subjects = read_json(directory / "subjects.json")
        try:
            if not isinstance(subjects, list) or not all(type(s) is str for s in subjects):
                raise ValueError("subjects without a name")
            self.images, self.masks, self.originals, self.backgrounds = (
                open_mapped(directory / name, np.uint8, (len(subjects), size, size, *channels))
                for name, channels in _CHANNELS.items()
            )
        except (OSError, ValueError) as error:
            raise InputError(
                f"{directory} is damaged ({reason_of(error)}): remove it, and it is made again"
            ) from None
        self.subjects = np.array(subjects, np.str_)


def _make_part(
    dataset: GaitDataset,
    anonymized: GaitStore,
    config: ml_collections.ConfigDict,
    indices: Sequence[int],
    directory: pathlib.Path,
) -> None:
    """Fills a part's empty folder: the pixels of some sequences' crops, and whose they are."""
    subjects, torn = [], config.silhouettes == "incomplete"
    place = {sequence.name: i for i, sequence in enumerate(dataset.gaits.sequences)}
    with contextlib.ExitStack() as stack:
        files = [stack.enter_context((directory / name).open("wb")) for name in _CHANNELS]
        for index in indices:
            sequence = anonymized.sequences[index]
            recording = dataset.recording(place[sequence.name])
            plate = worn(recording.background, config.plate_error, sequence.name)
            for frame in range(0, len(sequence), config.stride):
                mask = anonymized.mask(sequence.first + frame)
                if not mask.any():
                    continue
                # As it was anonymised.
                original = recording.incomplete(frame) if torn else recording.complete(frame)
                shift = apart(original, mask)
                image, under, scene = (
                    moved(picture, *shift) for picture in (recording.frame(frame), original, plate)
                )
                crop = Crop.around(mask | under, config.margin)
                pictures = image, mask, under, scene
                for file, picture in zip(files, pictures, strict=True):
                    file.write(np.ascontiguousarray(crop.cut(picture, config.size)))
                subjects.append(sequence.subject)
    write_json(directory / "subjects.json", subjects)


def _join(frames: int, made: list[pathlib.Path], directory: pathlib.Path) -> None:
    """Fills the empty folder of a store from its parts, one after the other."""
    for name in _CHANNELS:
        mapped.join((part / name for part in made), directory / name)
    subjects = list(itertools.chain(*(read_json(part / "subjects.json") for part in made)))
    if len(subjects) < frames:
        logging.info(
            "%d of %d frames could not be anonymised: left out.", frames - len(subjects), frames
        )
    write_json(directory / "subjects.json", subjects)


def _open_store(
    dataset: GaitDataset, anonymized: GaitStore, config: ml_collections.ConfigDict, progress: bool
) -> CropStore:
    """The store of a data set, made first where that is still to be done."""
    settings = [config[name] for name in ("size", "margin", "stride", "silhouettes", "plate_error")]
    directory = anonymized.directory / f"crops-{fingerprint(anonymized.key, settings, VERSION)}"
    frames = sum(len(range(0, len(s), config.stride)) for s in anonymized.sequences)

    def work() -> Work:
        return {
            f"{first}-{last}": functools.partial(
                _make_part, dataset, anonymized, config, range(first, last)
            )
            for first, last in ranges(len(anonymized.sequences))
        }

    join = functools.partial(_join, frames)
    # In this process: an opened data set cannot be handed to others.
    derive(directory, work, join, "colour crops", progress, processes=1)
    return CropStore(directory, config.size)


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
          {"images" and "backgrounds": [B, S, S, 3] uint8 red, green, blue, with and without the
          person, "masks" and "originals": [B, S, S] uint8 of 0 and 1, the anonymised and the
          original gait}.
        """
        drawn: dict[str, list[np.ndarray]] = {name: [] for name in _CHANNELS}
        for index, seed in zip(self._indices[indices], seeds, strict=True):
            rng = np.random.default_rng(seed)
            mirrored = slice(None, None, -1 if rng.random() < 0.5 else 1)
            for name, shown in drawn.items():
                shown.append(getattr(self._store, name)[index][:, mirrored])
            if self._recolour:
                tint, order = rng.uniform(0.6, 1.2, 3), rng.permutation(3)
                for name in ("images", "backgrounds"):
                    image = drawn[name][-1][..., order] * tint
                    drawn[name][-1] = np.minimum(image, 255).astype(np.uint8)
        return {name: np.stack(shown) for name, shown in drawn.items()}


def crop_data(
    dataset: GaitDataset,
    anonymized: GaitStore,
    config: ml_collections.ConfigDict,
    progress: bool = True,
) -> TrainingData:
    """The crops that a configuration asks for.

    Args:
      dataset: the data set, opened with colour.
      anonymized: anonymised gaits of the groups' subjects.
      config: the `data` part: size, margin, stride, silhouettes, plate_error, group,
        validation_group and recolour.
      progress: whether to show progress bars.

    Raises:
      InputError: the groups cannot be used, or a group has no frame.
    """
    store = _open_store(dataset, anonymized, config, progress)

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
        dataset.description | {"anonymized": anonymized.key},
    )
