"""Packs of silhouette sets of a few people: what recognisers by triplets train on."""

import ml_collections
import numpy as np

from gait_jax.data.augmentation import augment
from gait_jax.data.batches import Batch, TrainingData
from gait_jax.data.dataset import GaitDataset
from gait_jax.data.gaits import Gaits
from gait_jax.data.silhouette_store import SilhouetteStore, open_silhouettes
from gait_jax.runtime.errors import InputError


class SetPacks:
    """Packs of P people, K sequences of each, T frames of each sequence; random access.

    A pack is drawn for a sequence, which is in it. Of people with fewer than K sequences some stand
    in a pack more than once, each time with frames of their own.
    """

    def __init__(
        self,
        store: SilhouetteStore,
        gaits: Gaits,
        people: int,
        sequences: int,
        frames: int,
        span: int = 0,
        augmented: ml_collections.ConfigDict | None = None,
    ):
        """Groups the sequences by person.

        Args:
          store: the aligned silhouettes of the gaits' store.
          gaits: what packs are drawn of.
          people: P, at least 2.
          sequences: K, at least 2.
          frames: T, in order of time. Sequences of fewer show some of them more than once.
          span: the frames are drawn from so many usable ones in a row, which begin anywhere; from
            the whole sequence where it is 0.
          augmented: how sequences are changed (see `augmentation.augment`); None: not at all.

        Raises:
          InputError: the span is shorter than the frames, or there are too few people.
        """
        if 0 < span < frames:
            raise InputError(
                f"data.span {span} has no {frames} frames (data.frames): set it to {frames} or "
                "more, or to 0 for whole sequences"
            )
        self.names, self._owner = np.unique(gaits.subjects, return_inverse=True)
        if len(self.names) < people:
            raise InputError(
                f"{len(self.names)} people ({', '.join(self.names)}) are too few for packs of "
                f"{people}: set a smaller data.pack.people, or add subjects"
            )
        self._of_person = [np.flatnonzero(self._owner == k) for k in range(len(self.names))]
        self._store, self._rows = store, gaits.rows
        self._people, self._each, self._frames, self._span = people, sequences, frames, span
        self._augmented = augmented

    def __len__(self) -> int:
        return len(self._rows)

    def _set(self, row: int, rng: np.random.Generator) -> np.ndarray:
        """Frames of a sequence in order of time: [T, H, W]."""
        images = self._store.of(row)
        if 0 < self._span < len(images):
            first = rng.integers(len(images) - self._span + 1)
            images = images[first : first + self._span]
        few = len(images) < self._frames
        chosen = images[np.sort(rng.choice(len(images), self._frames, replace=few))]
        return chosen if self._augmented is None else augment(chosen, self._augmented, rng)

    def _pack(self, index: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
        rng = np.random.default_rng(seed)
        first = self._owner[index]
        others = np.delete(np.arange(len(self.names)), first)
        people = np.array([first, *rng.choice(others, self._people - 1, replace=False)])
        chosen = []
        for person in people:
            own = self._of_person[person]
            chosen.append(rng.choice(own, self._each, replace=len(own) < self._each))
        if index not in chosen[0]:
            chosen[0][0] = index
        rows = self._rows[np.concatenate(chosen)]
        return np.stack([self._set(row, rng) for row in rows]), people.astype(np.int32)

    def take(self, indices: np.ndarray, seeds: np.ndarray) -> Batch:
        """Draws a pack for each of some sequences.

        Args:
          indices: [B] int.
          seeds: [B] uint32.

        Returns:
          {"silhouettes": [B, P · K, T, H, W] uint8 of 0..255, a person's sequences one after the
          other, "people": [B, P] int32, places among the names of all people}.
        """
        sets, people = zip(
            *(self._pack(i, s) for i, s in zip(indices, seeds, strict=True)), strict=True
        )
        return {"silhouettes": np.stack(sets), "people": np.stack(people)}


def set_data(
    dataset: GaitDataset,
    config: ml_collections.ConfigDict,
    shape: tuple[int, int],
    progress: bool = True,
) -> TrainingData:
    """The packs that a configuration asks for.

    Args:
      dataset: the data set.
      config: the `data` part: pack, frames, span, augmented, group, validation_group and sequences
        (numbers of those to train on; all where there is none).
      shape: rows and columns of the silhouettes.
      progress: whether to show progress bars.

    Returns:
      The packs. Statistics: "people", int32, how many there are to train on.

    Raises:
      InputError: the groups or the packs cannot be used.
    """
    store, gaits = open_silhouettes(dataset.gaits, shape, progress), Gaits.of(dataset.gaits)
    members, pack = dataset.members(config.group), config.pack
    known = gaits.of_subjects(members)
    if config.sequences:
        known = known.take(np.isin(known.numbers, config.sequences))
    shape_of_packs = pack.sequences, config.frames, config.span
    train = SetPacks(store, known, pack.people, *shape_of_packs, config.augmented)
    watched = gaits.of_subjects(dataset.members(config.validation_group))
    people = min(pack.people, len(np.unique(watched.subjects)))
    if people < 2:
        raise InputError(
            f"group {config.validation_group!r} (data.validation_group) has {people} people who "
            "walk long enough, and triplets need two: choose another group, or other data.groups"
        )
    return TrainingData(
        train,
        SetPacks(store, watched, people, *shape_of_packs),
        ("sequences", pack.people * pack.sequences),
        f"{len(train)} sequences of {', '.join(members)}",
        dataset.description,
        {"people": np.int32(len(train.names))},
    )
