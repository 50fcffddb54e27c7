"""Examples → batches: shuffled, endless, resumable, shared out among processes."""

import dataclasses
from typing import Any, Protocol

import grain
import numpy as np

Batch = dict[str, np.ndarray]


class BatchIterator(Protocol):
    """An endless iterator over batches whose position can be kept and found again."""

    def __next__(self) -> dict[str, np.ndarray]:
        """The next batch."""

    def get_state(self) -> dict[str, Any]:
        """Its position, as JSON values."""

    def set_state(self, state: dict[str, Any]) -> None:
        """Goes to a position."""


class Examples(Protocol):
    """Training examples, random access."""

    def __len__(self) -> int:
        """How many there are."""

    def take(self, indices: np.ndarray, seeds: np.ndarray) -> Batch:
        """Some of them as a batch.

        Args:
          indices: [B] int.
          seeds: [B] uint32, drawn anew every time an example is shown: whatever is random about it
            depends on this alone, so that it is the same on every topology.
        """


@dataclasses.dataclass(frozen=True)
class TrainingData:
    """What a method trains on.

    Attributes:
      train: examples to train on.
      held_out: examples of people outside the training, for watching.
      unit: what an example is made of, in the plural, and how many an example holds.
      summary: one line for the log.
      description: what to write down of the data.
      statistics: arrays that describe all training examples together, where a method wants any.
    """

    train: Examples
    held_out: Examples
    unit: tuple[str, int]
    summary: str
    description: dict[str, Any]
    statistics: dict[str, np.ndarray] = dataclasses.field(default_factory=dict)


def train_batches(
    examples: Examples, batch: int, seed: int, process: int = 0, processes: int = 1
) -> BatchIterator:
    """An endless iterator over shuffled examples; each epoch shows every one once.

    The order depends on the seed alone. Of every run of `batch · processes` examples each process
    gets every `processes`-th, so that together they see the same global batches as one process.

    Args:
      examples: what to draw from.
      batch: examples a process takes per step.
      seed: of the order and of the examples' seeds.
      process: this process's index.
      processes: how many processes share the data.

    Returns:
      Batches as from `examples.take`.
    """

    def draw_seed(index: int, rng: np.random.Generator) -> dict[str, np.ndarray]:
        return {"index": np.int64(index), "seed": rng.integers(2**32, dtype=np.uint32)}

    def load(batch: dict[str, np.ndarray]) -> Batch:
        return examples.take(batch["index"], batch["seed"])

    # As good as endless: Grain's own endless repetition overflows in batches of one.
    epochs = 2**62 // len(examples)
    data = grain.MapDataset.range(len(examples)).seed(seed).shuffle().repeat(epochs)
    data = data.random_map(draw_seed)[process::processes].batch(batch).map(load)
    # Steps are dispatched without waiting for them, so the next batch is encoded while the device
    # computes. Reading ahead in threads only makes them wait for each other: encoding is Python.
    options = grain.ReadOptions(num_threads=0, prefetch_buffer_size=0)
    return iter(data.to_iter_dataset(options))


def fixed_batch(examples: Examples, batch: int, seed: int) -> Batch:
    """One batch spread evenly over the examples, always the same: for watching a run.

    Args:
      examples: what to draw from.
      batch: how many; fewer come back where there are fewer.
      seed: of the examples' seeds.

    Returns:
      A batch as from `examples.take`.
    """
    chosen = np.unique(np.linspace(0, len(examples) - 1, batch).astype(int))
    seeds = np.random.default_rng(seed).integers(2**32, size=len(chosen), dtype=np.uint32)
    return examples.take(chosen, seeds)
