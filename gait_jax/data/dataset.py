"""A data set as a run uses it: its gaits, its recordings, its groups of subjects."""

import bisect
import dataclasses
import functools
import pathlib
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import ml_collections
import numpy as np
import tensorflow_datasets as tfds
from absl import logging

from gait_jax.data import groups, source
from gait_jax.data.content import content
from gait_jax.data.gait_store import GaitStore
from gait_jax.data.originals import original_gaits
from gait_jax.data.recording import Recording
from gait_jax.data.sequence import GaitSequence
from gait_jax.gait import silhouette
from gait_jax.gait.silhouette import CleanSettings
from gait_jax.runtime.errors import InputError

EVERYBODY = "all"


@dataclasses.dataclass(frozen=True)
class GaitDataset:
    """One data set with its subjects shared out among groups.

    Attributes:
      name: of the data set.
      gaits: the gaits that are trained and judged on: the recorded ones, or an anonymiser's of all
        or some of them.
      originals: the gaits as they were recorded.
      groups: subjects by group.
      description: what to write down of the data.
      directory: where what is derived from it stands.
      builder: the prepared data set, whose sequences have the order of `originals`.
      open_in_colour: opens it in colour, where it comes in that form.
    """

    name: str
    gaits: GaitStore
    originals: GaitStore
    groups: dict[str, list[str]]
    description: dict[str, Any]
    directory: pathlib.Path
    builder: tfds.core.DatasetBuilder
    open_in_colour: Callable[[], tfds.core.DatasetBuilder]

    @functools.cached_property
    def _places(self) -> dict[str, int]:
        return {sequence.name: i for i, sequence in enumerate(self.originals.sequences)}

    @functools.cached_property
    def _examples(self) -> source.Examples:
        # Not all runs look at what the gaits were made of.
        return source.Examples(self.builder)

    def members(self, group: str) -> list[str]:
        """The subjects of a group; "all" is everybody in the data set.

        Raises:
          InputError: there is no such group.
        """
        if group == EVERYBODY:
            return sorted({sequence.subject for sequence in self.originals.sequences})
        if group not in self.groups:
            raise InputError(
                f"group {group!r} is not in data.groups: use one of {', '.join(self.groups)}"
            )
        return self.groups[group]

    def indices(
        self, subjects: Collection[str], conditions: Mapping[str, Collection[int]] | None = None
    ) -> list[int]:
        """Indices of some sequences in `gaits`, rising.

        Args:
          subjects: whose.
          conditions: conditions and numbers of the sequences wanted; None for all.
        """
        return [
            index
            for index, sequence in enumerate(self.gaits.sequences)
            if sequence.subject in subjects
            and (conditions is None or sequence.number in conditions.get(sequence.condition, ()))
        ]

    def masks(self, index: int) -> list[np.ndarray]:
        """A sequence's frames as they are found: masks [H, W] uint8 of 0 and 1.

        Those of the data set itself are as it has them, not cleaned yet.

        Args:
          index: of the sequence in `gaits`.
        """
        if self.gaits is self.originals:
            return [silhouette.decode(png) for png in self._examples[index]["frames"]]
        sequence = self.gaits.sequences[index]
        return [self.gaits.mask(frame) for frame in range(sequence.first, sequence.last)]

    def incomplete_masks(self, index: int) -> list[np.ndarray]:
        """A sequence's frames as imperfect segmentation gives them, as `masks`.

        Args:
          index: of the sequence in `gaits`.

        Raises:
          InputError: the data set has none.
        """
        recording = self.recording(index)
        found = [recording.incomplete(frame) for frame in range(len(recording))]
        if any(mask is None for mask in found):
            raise InputError(
                f"{self.name} has no incomplete silhouettes beside its own: set data.silhouettes "
                "to complete, which takes them as they are"
            )
        return found

    def recording(self, index: int) -> Recording:
        """A sequence in colour.

        Of a data set that was opened without colour: filmed anew where nobody real walks in it, and
        otherwise taken from the data set in colour, which is prepared first where it is not.

        Args:
          index: of the sequence in `gaits`.

        Raises:
          InputError: the data set does not come in colour, cannot be prepared in colour, or lacks
            this sequence in colour.
        """
        sequence = self.gaits.sequences[index]
        numbers = self.gaits.numbers[sequence.first : sequence.last]
        return Recording(self._in_colour(sequence), numbers)

    def _in_colour(self, sequence: GaitSequence) -> dict[str, Any]:
        """The example of a sequence in colour."""
        if "colour_frames" in self.builder.info.features:
            return self._examples[self._places[sequence.name]]
        names = sequence.subject, sequence.condition, sequence.number, sequence.view
        if filmed := self.builder.in_colour(*names):
            return filmed
        found = self._coloured
        # They lie in the order of their names; some may be missing.
        place = bisect.bisect_left(range(len(found)), sequence.name, key=lambda i: _name(found[i]))
        if place < len(found) and _name(example := found[place]) == sequence.name:
            return example
        raise InputError(
            f"{self.name} has no colour of {sequence.name}: put its video and that of its empty "
            "scene beside the others, and prepare the data set in colour anew"
        )

    def prepare_in_colour(self) -> None:
        """Prepares all that `recording` takes, with all cores; what is filmed anew needs nothing.

        Raises:
          InputError: the data set does not come in colour, or cannot be prepared in colour.
        """
        recorded = "colour_frames" in self.builder.info.features
        if not recorded and not self.description["synthetic"]:
            self.open_in_colour()

    @functools.cached_property
    def _coloured(self) -> source.Examples:
        return source.Examples(self.open_in_colour())


def spread(indices: Sequence[int], count: int) -> list[int]:
    """Some of rising indices, evenly over all of them; all where there are no more."""
    chosen = np.linspace(0, len(indices) - 1, min(count, len(indices)), dtype=int)
    return sorted({indices[i] for i in chosen})


def _name(example: Mapping[str, Any]) -> str:
    """An example's name, as `GaitSequence.name`."""
    subject, condition = (example[part].decode() for part in ("subject", "condition"))
    return f"{subject}-{condition}-{example['sequence']:02d}-{example['view']:03d}"


@functools.cache
def warn_once(message: str) -> None:
    """Warns, unless this process has said the same: an evaluation opens its data for each run."""
    logging.warning(message)


def open_dataset(config: ml_collections.ConfigDict, progress: bool = True) -> GaitDataset:
    """Opens a data set, preparing it first where that is still to be done.

    Args:
      config: the `data` part of a configuration: name, data_dir, derived_dir, manual_dir, subjects,
        groups, and colour where colour is asked for.
      progress: whether to show progress bars.

    Raises:
      InputError: the data set, its folder or its groups cannot be used.
    """
    open_form = functools.partial(
        source.open_dataset, config.name, config.data_dir, config.manual_dir, config.subjects
    )
    builder = open_form(source.RGB if config.get("colour", False) else source.SILHOUETTES)
    directory = source.derived_directory(builder, config.derived_dir)
    store = original_gaits(builder, CleanSettings(), directory, progress)
    subjects = [sequence.subject for sequence in store.sequences]
    assigned = groups.assign(config.groups, subjects)
    sizes = {name: len(members) for name, members in assigned.items()}
    preset = dict(groups.PRESETS[config.groups])
    if sizes != preset:
        warn_once(
            f"{config.name} has {len(set(subjects))} subjects: the groups of {config.groups} are "
            f"scaled from {preset} to {sizes}."
        )
    described = source.describe(builder) | {"content": content(builder, directory, progress)}
    if described["synthetic"]:
        warn_once(
            f"{config.name} is SYNTHETIC data: no real person walks in it. Results on it say "
            "nothing of how real people are protected."
        )
    return GaitDataset(
        name=config.name,
        gaits=store,
        originals=store,
        groups=assigned,
        description=described | {"groups": assigned, "unusable_frames": store.unusable},
        directory=directory,
        builder=builder,
        open_in_colour=functools.partial(open_form, source.RGB),
    )
