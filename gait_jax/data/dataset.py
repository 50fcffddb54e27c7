"""A data set as a run uses it: its walks, its contours, its groups of subjects."""

import pathlib
from typing import Any

import ml_collections
import numpy as np
from absl import logging

from gait_jax.data import groups, source
from gait_jax.data.contour_store import ContourStore, open_contour_store
from gait_jax.data.energies import Energies
from gait_jax.data.energy_store import EnergyStore, open_energies
from gait_jax.data.recording import Recording
from gait_jax.data.walk import Walk
from gait_jax.gait import silhouette
from gait_jax.gait.silhouette import CleanSettings
from gait_jax.runtime.errors import InputError

EVERYBODY = "all"


class GaitDataset:
    """One data set with its subjects shared out among groups.

    Attributes:
      name: of the data set.
      store: the contours of all frames.
      groups: subjects by group.
      description: what to write down of the data.
    """

    def __init__(self, config: ml_collections.ConfigDict, progress: bool = True):
        """Opens the data set, preparing and tracing it first where that is still to be done.

        Args:
          config: the `data` part of a configuration: name, data_dir, manual_dir, subjects, groups,
            and colour where colour is asked for.
          progress: whether to show progress bars.

        Raises:
          InputError: the data set, its folder or its groups cannot be used.
        """
        self.name: str = config.name
        self._progress = progress
        self._builder = source.open_dataset(
            config.name,
            config.data_dir,
            config.manual_dir,
            config.subjects,
            source.RGB if config.get("colour", False) else source.SILHOUETTES,
        )
        self.store: ContourStore = open_contour_store(self._builder, CleanSettings(), progress)
        subjects = [walk.subject for walk in self.store.walks]
        self.groups = groups.assign(config.groups, subjects)
        sizes = {name: len(members) for name, members in self.groups.items()}
        preset = dict(groups.PRESETS[config.groups])
        if sizes != preset:
            logging.warning(
                "%s has %d subjects: the groups of %s are scaled from %s to %s.",
                config.name,
                len(set(subjects)),
                config.groups,
                preset,
                sizes,
            )
        if source.is_synthetic(config.name):
            logging.warning(
                "%s is SYNTHETIC data: no real person walks in it. Results on it say nothing of "
                "how real people are protected.",
                config.name,
            )
        self.description: dict[str, Any] = source.describe(self._builder) | {
            "groups": self.groups,
            "unusable_frames": self.store.unusable,
        }
        self._examples = None

    def members(self, group: str) -> list[str]:
        """The subjects of a group; "all" is everybody in the data set.

        Raises:
          InputError: there is no such group.
        """
        if group == EVERYBODY:
            return sorted({walk.subject for walk in self.walks})
        if group not in self.groups:
            raise InputError(
                f"group {group!r} is not in data.groups: use one of {', '.join(self.groups)}"
            )
        return self.groups[group]

    @property
    def walks(self) -> list[Walk]:
        """All sequences."""
        return self.store.walks

    @property
    def directory(self) -> pathlib.Path:
        """Where the prepared data set stands, and what is derived from it."""
        return pathlib.Path(str(self._builder.data_path))

    def masks(self, index: int) -> list[np.ndarray]:
        """A sequence's frames as the data set has them: masks [H, W] uint8 of 0 and 1.

        Args:
          index: of the sequence in `walks`.
        """
        return [silhouette.decode(png) for png in self._example(index)["frames"]]

    def recording(self, index: int) -> Recording:
        """A sequence in colour; needs a data set that was opened with colour.

        Args:
          index: of the sequence in `walks`.
        """
        return Recording(self._example(index))

    def _example(self, index: int) -> dict[str, Any]:
        if self._examples is None:
            self._examples = source.Examples(self._builder)
        return self._examples[index]

    def energy_store(self, size: int) -> EnergyStore:
        """All gait energy images, memory-mapped; made once, then read.

        Args:
          size: their rows and columns.
        """
        return open_energies(self._builder, self.store, size, self._progress)

    def energies(self, size: int) -> tuple[Energies, Energies]:
        """The images of `energy_store` as (one a sequence, one a gait cycle)."""
        store = self.energy_store(size)
        return store.sequences, store.cycles
