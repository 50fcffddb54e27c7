"""Pairs of gait energy images, of one person or of two: what verification networks train on."""

import ml_collections
import numpy as np

from gait_jax.data.batches import Batch, TrainingData
from gait_jax.data.dataset import GaitDataset
from gait_jax.data.energies import Energies
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
        energies: Energies,
        people: int,
        images: int,
        pairs: int,
        rows: np.ndarray | None = None,
    ):
        """Groups the images by person.

        Args:
          energies: the images; they stay where they are, memory-mapped or not.
          people: how many people a pack holds, at least 2.
          images: how many images of each, at least 2.
          pairs: how many pairs a pack holds, an even number.
          rows: indices of the images to take, all by default.

        Raises:
          InputError: a number is too small, or there are too few people.
        """
        if people < 2 or images < 2 or pairs < 2 or pairs % 2:
            raise InputError(
                f"a pack of {people} people, {images} images of each and {pairs} pairs cannot be "
                "made: set pack.people and pack.images to 2 or more, pack.pairs to an even number"
            )
        self._rows = np.arange(len(energies)) if rows is None else rows
        names, self._owner = np.unique(energies.subjects[self._rows], return_inverse=True)
        self._of_person = [np.flatnonzero(self._owner == k) for k in range(len(names))]
        if len(names) < people:
            raise InputError(
                f"{len(names)} people ({', '.join(names)}) are too few for packs of {people}: "
                "set a smaller pack.people, or add subjects"
            )
        self._images, self._people, self._each, self._pairs = (
            energies.images,
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


def pair_data(config: ml_collections.ConfigDict, progress: bool = True) -> TrainingData:
    """The packs that a configuration asks for, of energy images of sequences and of gait cycles.

    Args:
      config: its `data` part; see `GaitDataset`, and size, pack, group, validation_group and
        sequences (numbers of those to train on; all where there is none).
      progress: whether to show progress bars.

    Returns:
      The packs. Statistics: "mean" [S, S] of the training images and "spread", the standard
      deviation around it, both of values in 0..1.

    Raises:
      InputError: the data set, its groups or the packs cannot be used.
    """
    dataset = GaitDataset(config, progress)
    energies, pack = dataset.energy_store(config.size).everything, config.pack
    members = dataset.members(config.group)
    known = np.isin(energies.subjects, members)
    if config.sequences:
        known &= np.isin(energies.sequences, config.sequences)
    rows = np.flatnonzero(known)
    train = PairPacks(energies, pack.people, pack.images, pack.pairs, rows)
    watched = np.flatnonzero(np.isin(energies.subjects, dataset.members(config.validation_group)))
    people = min(pack.people, len(np.unique(energies.subjects[watched])))
    return TrainingData(
        train,
        PairPacks(energies, people, pack.images, pack.pairs, watched),
        ("pairs", pack.pairs),
        f"{len(train)} energy images of {', '.join(members)}",
        dataset.description,
        statistics_of(energies.images, rows),
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
