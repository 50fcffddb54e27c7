"""The gaits of a data set as they were recorded: cleaned once, kept beside it."""

import dataclasses
import functools
import pathlib
from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
import tensorflow_datasets as tfds
from absl import logging

from gait_jax.data import gait_store, source
from gait_jax.data.derived import derive, ranges
from gait_jax.data.gait_store import GaitStore, Recorded
from gait_jax.data.sequence import GaitSequence
from gait_jax.gait import silhouette
from gait_jax.gait.silhouette import CleanSettings
from gait_jax.runtime.fingerprint import fingerprint
from tfds_casia.parts import Work

# Part of the key: raise it when cleaning gives other results for the same settings.
VERSION = 1


def _text(value: bytes | str) -> str:
    return value.decode() if isinstance(value, bytes) else value


def named(dataset: str, example: dict[str, Any], masks: Sequence[np.ndarray]) -> GaitSequence:
    """A sequence by what the data set says of it and how it moves, from frame 0.

    Args:
      dataset: name of the data set.
      example: of the data set.
      masks: its frames, cleaned, empty where nobody is seen.
    """
    view, number = int(example["view"]), int(example["sequence"])
    return GaitSequence(
        _text(example["subject"]),
        _text(example["condition"]),
        number,
        view,
        source.direction(dataset, view, number, led(masks)),
        0,
        len(example["frame_numbers"]),
    )


def led(masks: Sequence[np.ndarray]) -> tuple[float, float]:
    """Where a walk led: (pixels to the right, growth as a logarithm), both 0 for less than two.

    Args:
      masks: frames in order of time, empty where nobody is seen.
    """
    boxes = np.array([cv2.boundingRect(mask) for mask in masks if mask.any()], float)
    if len(boxes) < 2:
        return 0.0, 0.0
    # A torn or cut frame at one end decides nothing.
    some = max(1, len(boxes) // 5)
    along = np.stack([boxes[:, 0] + boxes[:, 2] / 2, np.log(boxes[:, 3])], axis=1)
    right, growth = np.median(along[-some:], axis=0) - np.median(along[:some], axis=0)
    return float(right), float(growth)


def cleaned(dataset: str, example: dict[str, Any], settings: CleanSettings) -> Recorded:
    """A recorded sequence, cleaned; frames that show no whole person are empty."""
    masks, problems = [], {}
    for index, png in enumerate(example["frames"]):
        mask = silhouette.clean(silhouette.decode(png), settings)
        if flaw := silhouette.flaw(mask, settings):
            mask[:] = 0
            problems[index] = flaw
        masks.append(mask)
    numbers = [int(number) for number in example["frame_numbers"]]
    return Recorded(named(dataset, example, masks), masks, numbers, problems, {})


def _make_part(
    builder: tfds.core.DatasetBuilder,
    settings: CleanSettings,
    first: int,
    last: int,
    directory: pathlib.Path,
) -> None:
    examples = source.Examples(builder)
    gait_store.write_part(
        directory, (cleaned(builder.name, examples[i], settings) for i in range(first, last))
    )


def original_gaits(
    builder: tfds.core.DatasetBuilder,
    settings: CleanSettings,
    directory: pathlib.Path,
    progress: bool = True,
) -> GaitStore:
    """The store of a data set's gaits, made first where that is still to be done.

    It stands in a folder named by the data set's version and the settings: another version or
    setting makes another store. It is made on all cores, and going on
    where that was interrupted; as that starts processes, a script must call this below
    `if __name__ == "__main__":`.

    Args:
      builder: a prepared data set.
      settings: how masks are cleaned.
      directory: where it stands, as do other stores that are derived from the data set.
      progress: whether to show a progress bar.

    Raises:
      InputError: the store cannot be locked or written, or one of the processes was ended.
    """
    key = fingerprint(
        builder.info.full_name, dataclasses.asdict(settings), [VERSION, gait_store.VERSION]
    )
    folder = directory / f"gaits-{key}"

    def work() -> Work:
        return {
            f"{first}-{last}": functools.partial(_make_part, builder, settings, first, last)
            for first, last in ranges(builder.info.splits["all"].num_examples)
        }

    derive(folder, work, gait_store.join_parts, "gaits", progress)
    store = GaitStore(folder)
    if store.unusable:
        logging.info("Frames without a usable person: %s.", store.unusable)
    return store
