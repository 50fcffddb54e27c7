"""Pairs of gait energy images, of one person or of two: what verification networks train on."""

import ml_collections
import numpy as np

from gait_jax.data.batches import Batch, TrainingData
from gait_jax.data.dataset import GaitDataset
from gait_jax.data.gei_store import open_geis
from gait_jax.runtime.errors import InputError

# Images in memory at a time while they are looked through: of 126 x 126, some 16 MB as floats.
_CHUNK = 256


class PairPacks:
    """Packs of energy images of a few people, with pairs drawn among them; random access.

    Half of a pack's pairs are of one person. Images that stand in several pairs go through a
    network's shared layers once; two people with two images and two pairs each make nearly
    independent pairs.
    """

    def __init__(
        self,
        geis: np.ndarray,
        subjects: np.ndarray,
        people: int,
        images: int,
        pairs: int,
    ):
        """Groups the images by person.

        Args:
          geis: [M, S, S] uint8, gait energy images; they stay where they are, memory-mapped or
            not.
          subjects: [M] the name of each one's person; those without a name are not taken.
          people: how many people a pack holds, at least 2.
          images: how many images of each, at least 2.
          pairs: how many pairs a pack holds, an even number.

        Raises:
          InputError: a number is too small, or there are too few people.
        """
        if people < 2 or images < 2 or pairs < 2 or pairs % 2:
            raise InputError(
                f"a pack of {people} people, {images} images of each and {pairs} pairs cannot be "
                "made: set data.pack.people and data.pack.images to 2 or more, data.pack.pairs to "
                "an even number"
            )
        self._rows = np.flatnonzero(subjects != "")
        names, self._owner = np.unique(subjects[self._rows], return_inverse=True)
        self._of_person = [np.flatnonzero(self._owner == k) for k in range(len(names))]
        if len(names) < people:
            raise InputError(
                f"{len(names)} people ({', '.join(names)}) are too few for packs of {people}: "
                "set a smaller data.pack.people, or add subjects"
            )
        self._images, self._people, self._each, self._pairs = (
            geis,
            people,
            images,
            pairs,
        )

    def __len__(self) -> int:
        return len(self._rows)

    def _pack(self, index: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        rng = np.random.default_rng(seed)
        first = self._owner[index]
        others = np.delete(np.arange(len(self._of_person)), first)
        people = [first, *rng.choice(others, self._people - 1, replace=False)]
        chosen = []
        for person in people:
            own = self._of_person[person]
            chosen.append(rng.choice(own, self._each, replace=len(own) < self._each))
        # The image that the pack is drawn for is in it, once.
        if index not in chosen[0]:
            chosen[0][0] = index
        half = self._pairs // 2
        person = rng.integers(self._people, size=(self._pairs, 1)).repeat(2, axis=1)
        person[half:, 1] += rng.integers(1, self._people, size=half)
        image = rng.integers(self._each, size=(self._pairs, 2))
        image[:half, 1] = image[:half, 0] + rng.integers(1, self._each, size=half)
        pairs = (person % self._people) * self._each + image % self._each
        same = np.arange(self._pairs) < half
        return np.concatenate(chosen), pairs.astype(np.int32), same.astype(np.int32)

    def take(self, indices: np.ndarray, seeds: np.ndarray) -> Batch:
        """Draws a pack for each of some images.

        Args:
          indices: [B] int.
          seeds: [B] uint32.

        Returns:
          {"images": [B, N, S, S] uint8, "pairs": [B, Q, 2] int32 (indices of images within the
          pack), "same": [B, Q] int32 of 0 and 1, "seed": [B] uint32, the seeds}.
        """
        chosen, pairs, same = zip(
            *(self._pack(i, s) for i, s in zip(indices, seeds, strict=True)), strict=True
        )
        return {
            "images": self._images[self._rows[np.array(chosen)]],
            "pairs": np.array(pairs),
            "same": np.array(same),
            "seed": seeds,
        }


def pair_data(
    dataset: GaitDataset, config: ml_collections.ConfigDict, progress: bool = True
) -> TrainingData:
    """The packs that a configuration asks for, of energy images of sequences and of gait cycles.

    Args:
      dataset: the data set.
      config: the `data` part: size, pack, group, validation_group, sequences (numbers of those to
        train on; all where there is none) and standardized.
      progress: whether to show progress bars.

    Returns:
      The packs. Statistics: "mean" [S, S] of the training images and "spread", by which what is
      left is divided, both of values in 0..1: where it is standardized the standard deviation
      around the mean, else a grey level.

    Raises:
      InputError: the groups or the packs cannot be used.
    """
    store, pack = open_geis(dataset.gaits, config.size, progress), config.pack
    sequences = [dataset.gaits.sequences[row] for row in store.rows]
    subjects = np.array([sequence.subject for sequence in sequences], np.str_)
    numbers = np.array([sequence.number for sequence in sequences], np.int64)
    members = dataset.members(config.group)
    known = np.isin(subjects, members)
    if config.sequences:
        known &= np.isin(numbers, config.sequences)
    train = PairPacks(
        store.images, np.where(known, subjects, ""), pack.people, pack.images, pack.pairs
    )
    watched = np.isin(subjects, dataset.members(config.validation_group))
    people = min(pack.people, len(np.unique(subjects[watched])))
    if people < 2:
        raise InputError(
            f"group {config.validation_group!r} (data.validation_group) has {people} people with a "
            "gait energy image, and pairs need two: choose another group, or other data.groups"
        )
    statistics = statistics_of(store.images, np.flatnonzero(known))
    if not config.standardized:
        statistics["spread"] = np.float32(1 / 255)
    return TrainingData(
        train,
        PairPacks(store.images, np.where(watched, subjects, ""), people, pack.images, pack.pairs),
        ("pairs", pack.pairs),
        f"{len(train)} gait energy images of {', '.join(members)}",
        dataset.description,
        statistics,
    )


def statistics_of(images: np.ndarray, rows: np.ndarray) -> dict[str, np.ndarray]:
    """Mean and spread of images that need not fit into memory.

    Args:
      images: [N, S, S] uint8 of 0..255.
      rows: [K] indices of those to look at.

    Returns:
      "mean" [S, S] float32 and "spread", the standard deviation around it, of values in 0..1.
    """
    chunks = [rows[start : start + _CHUNK] for start in range(0, len(rows), _CHUNK)]
    total = sum(images[chunk].sum(axis=0, dtype=np.int64) for chunk in chunks)
    mean = (total / (255 * len(rows))).astype(np.float32)
    # Of what is left when the mean is taken away, the mean is zero in every pixel.
    squares = sum(
        np.square(images[chunk] / np.float32(255) - mean).sum(dtype=np.float64) for chunk in chunks
    )
    return {"mean": mean, "spread": np.float32(np.sqrt(squares / (len(rows) * mean.size)))}
