"""What the trainer and the anonymiser know of a method, and what methods share."""

import abc
from typing import TYPE_CHECKING, Any, ClassVar

import flax.struct
import jax
import jax.numpy as jnp
import ml_collections
import numpy as np
import optax

from gait_jax.gait import picture
from gait_jax.gait.codec import PADDED, RESAMPLED
from gait_jax.methods import fields
from gait_jax.runtime import keys
from gait_jax.runtime.errors import InputError

if TYPE_CHECKING:
    from gait_jax.data.batches import TrainingData

Batch = dict[str, jax.Array]
Metrics = dict[str, jax.Array]
Tree = Any

_PRECISIONS = {"float32": jnp.float32, "bfloat16": jnp.bfloat16}


class State(flax.struct.PyTreeNode):
    """Everything that a method learns and needs to go on learning.

    Attributes:
      step: int32 steps done.
      params: parameters by network.
      opt: optimiser states by network, and whatever else training has to remember.
      ema: running means of the parameters of the networks that are used after training.
      frozen: what training does not change: parameters of pre-trained networks by prerequisite,
        statistics of the training data.
    """

    step: jax.Array
    params: dict[str, Tree]
    opt: dict[str, Tree]
    ema: dict[str, Tree]
    frozen: dict[str, Tree]


class Method(abc.ABC):
    """A published method: its data, its networks, its step functions, and how it is applied.

    Attributes:
      FIELDS: what the fields of its configuration may be.
      config: the whole configuration of the run.
    """

    FIELDS: ClassVar[fields.Fields]

    def __init__(self, config: ml_collections.ConfigDict):
        """Builds the networks.

        Raises:
          InputError: a field is missing, or is of a type or value that cannot be used.
        """
        fields.check_fields(config, self.FIELDS)
        self.config = config
        # What the layers compute with.
        self.dtype = _PRECISIONS[config.precision]

    @staticmethod
    def prerequisites(config: ml_collections.ConfigDict) -> dict[str, ml_collections.ConfigDict]:
        """Configurations of the runs that have to be finished before this one, by name."""
        del config
        return {}

    @abc.abstractmethod
    def open_data(self, progress: bool) -> "TrainingData":
        """What it trains on; `progress` shows bars where data has to be prepared first.

        Methods import `gait_jax.data` in here alone: Grain and TFDS take longer to load than an
        exported model, which needs neither.
        """

    @abc.abstractmethod
    def init(
        self,
        pretrained: dict[str, State] | None = None,
        statistics: dict[str, np.ndarray] | None = None,
    ) -> State:
        """A fresh state, the same for the same seed.

        Args:
          pretrained: final states of the prerequisites; None leaves their parameters untrained,
            for a state that only lends its shapes.
          statistics: of the training data (see `TrainingData`); None likewise.
        """

    @abc.abstractmethod
    def train_step(self, state: State, batch: Batch) -> tuple[State, Metrics]:
        """One step on a device's share of the batch; averages gradients with `parallel.mean`."""

    @abc.abstractmethod
    def evaluate(self, state: State, batch: Batch) -> Metrics:
        """Scalars that tell how the networks in use do on a held-out batch."""

    @abc.abstractmethod
    def samples(self, state: State, batch: Batch) -> Tree:
        """What `picture` draws of a held-out batch."""

    @abc.abstractmethod
    def picture(self, batch: Batch, samples: Tree) -> np.ndarray:
        """Draws a held-out batch and its samples, as NumPy arrays: [H, W] uint8."""


# Of every method that trains on contours.
CONTOUR_DATA: fields.Fields = {
    **fields.DATA,
    "data.layout": fields.one_of(PADDED, RESAMPLED),
    "data.points": fields.whole(8),
    "data.frames": fields.whole(),
    "data.stride": fields.whole(),
}


class ContourMethod(Method):
    """A method that trains on windows of contours.

    Batches hold "contours" [B, T, P, 2] float32 in body heights, "counts" [B, T] int32 valid points
    and "noise_seed" [B] uint32. Samples are contours by name ("noise", "anonymized"): ([B, T, P, 2]
    in body heights, counts [B, T]).
    """

    def open_data(self, progress):
        from gait_jax.data.windows import window_data

        return window_data(self.config.data, progress)

    def picture(self, batch, samples):
        return picture.compare({"original": (batch["contours"], batch["counts"])} | samples)


def move_average(average, params, step: jax.Array, decay: float):
    """Moves an exponential running mean; its first steps forget the random start sooner."""
    rate = jnp.minimum(decay, (1.0 + step) / (10.0 + step))
    return jax.tree.map(lambda a, p: rate * a + (1 - rate) * p, average, params)


def check_divides(what: str, size: int, by: str, divisor: int) -> None:
    """Raises an `InputError` unless `divisor` divides `size`; both are named as in the config."""
    if size % divisor:
        raise InputError(f"{what} {size} is not a multiple of {divisor} ({by}): change either")


def adam(config) -> optax.GradientTransformation:
    """The optimiser of a configuration: learning_rate, b1, b2."""
    return optax.adam(config.learning_rate, b1=config.b1, b2=config.b2)


def sgd(config) -> optax.GradientTransformation:
    """The optimiser of a configuration: learning_rate, momentum, weight_decay."""
    return optax.chain(
        optax.add_decayed_weights(config.weight_decay),
        optax.sgd(config.learning_rate, momentum=config.momentum),
    )


def noise_keys(batch: Batch) -> jax.Array:
    """The random keys of a batch's noise contours: [B]."""
    return keys.per_example(keys.stream(0, "noise"), batch["noise_seed"])
