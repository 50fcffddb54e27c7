"""Gait energy images of a whole data set, made once and kept beside it."""

import hashlib
import json
import pathlib

import numpy as np
import tensorflow_datasets as tfds
import tqdm
from absl import logging

from gait_jax.data import energies
from gait_jax.data.contour_store import ContourStore
from gait_jax.data.energies import Energies
from gait_jax.data.source import direction
from gait_jax.data.walk import Walk
from gait_jax.gait import contour, energy

# Part of the key: raise it when the same walk gives other images.
_VERSION = 1


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


def open_energies(
    builder: tfds.core.DatasetBuilder, store: ContourStore, size: int, progress: bool = True
) -> tuple[Energies, Energies]:
    """All gait energy images of a data set, made first where that is still to be done.

    They are of the cleaned silhouettes of the contour store, so that an anonymised walk, which is
    cleaned too, differs from its original by nothing else. A walk of fewer than
    `energy.MIN_FRAMES` usable frames has none.

    Args:
      builder: the prepared data set, beside which they are kept.
      store: its contours.
      size: rows and columns of the images.
      progress: whether to show a progress bar.

    Returns:
      (one image a sequence, one a gait cycle).
    """
    key = hashlib.sha256(json.dumps([store.key, size, _VERSION]).encode()).hexdigest()[:16]
    path = pathlib.Path(str(builder.data_path)) / f"energies-{key}.npz"
    if not path.exists():
        sequences, cycles, short = [], [], 0
        for walk in tqdm.tqdm(
            store.walks, desc="energy images", unit="sequence", disable=not progress
        ):
            aligned = _aligned(store, walk, size)
            if len(aligned) < energy.MIN_FRAMES:
                short += 1
                continue
            view = direction(builder.name, walk.view, walk.sequence)
            sequences.append((energy.energy_image(aligned), walk, view))
            cycles += [
                (energy.energy_image(aligned[first:last]), walk, view)
                for first, last in energy.gait_cycles(aligned)
            ]
        if short:
            logging.warning(
                "%d sequences of %s have fewer than %d usable frames: no energy image.",
                short,
                builder.name,
                energy.MIN_FRAMES,
            )
        energies.save(path, sequence=Energies.of(sequences, size), cycle=Energies.of(cycles, size))
    found = energies.load(path)
    return found["sequence"], found["cycle"]
