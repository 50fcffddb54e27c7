"""What the trainer and the anonymiser know of a method."""

import abc
from typing import Any

import flax.struct
import jax
import ml_collections

Batch = dict[str, jax.Array]
Metrics = dict[str, jax.Array]
Tree = Any


class State(flax.struct.PyTreeNode):
    """Everything that a method learns and needs to go on learning.

    Attributes:
      step: int32 steps done.
      params: parameters by network.
      opt: optimiser states by network.
      ema: running means of the parameters of the networks that are used after training.
      frozen: parameters of pre-trained networks by prerequisite.
    """

    step: jax.Array
    params: dict[str, Tree]
    opt: dict[str, Tree]
    ema: dict[str, Tree]
    frozen: dict[str, Tree]


class Method(abc.ABC):
    """A published method: its networks, its step functions, and how it is applied.

    Batches hold "contours" [B, T, P, 2] float32 in body heights, "counts" [B, T] int32 valid points
    and "noise_seed" [B] uint32.
    """

    def __init__(self, config: ml_collections.ConfigDict):
        """Builds the networks; `config` is the whole configuration of the run."""
        self.config = config

    @staticmethod
    def prerequisites(config: ml_collections.ConfigDict) -> dict[str, ml_collections.ConfigDict]:
        """Configurations of the runs that have to be finished before this one, by name."""
        del config
        return {}

    @abc.abstractmethod
    def init(self, pretrained: dict[str, State] | None = None) -> State:
        """A fresh state, the same for the same seed.

        Args:
          pretrained: final states of the prerequisites; None leaves their parameters untrained,
            for a state that only lends its shapes.
        """

    @abc.abstractmethod
    def train_step(self, state: State, batch: Batch) -> tuple[State, Metrics]:
        """One step on a device's share of the batch; averages gradients with `parallel.mean`."""

    @abc.abstractmethod
    def evaluate(self, state: State, batch: Batch) -> Metrics:
        """Scalars that tell how the networks in use do on a held-out batch."""

    @abc.abstractmethod
    def samples(self, state: State, batch: Batch) -> dict[str, tuple[jax.Array, jax.Array]]:
        """Contours to draw: "noise", "anonymized" → ([B, T, P, 2], counts [B, T])."""
