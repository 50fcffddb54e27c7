"""What the trainer and the door to runs know of a method, and what methods share."""

import abc
import dataclasses
import functools
import pathlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import flax.struct
import jax
import jax.numpy as jnp
import ml_collections
import numpy as np

from gait_jax.methods import fields
from gait_jax.methods.contracts import Anonymizer, Colouriser, Embedder, Inverter, Recogniser
from gait_jax.methods.identity import identity
from gait_jax.methods.looking_on import Onlooker
from gait_jax.runtime.errors import InputError
from gait_jax.runtime.fingerprint import fingerprint

if TYPE_CHECKING:
    from gait_jax.data.batches import TrainingData
    from gait_jax.data.dataset import GaitDataset

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


@dataclasses.dataclass(frozen=True)
class Run:
    """A training run or an exported model, opened for use.

    Attributes:
      workdir: its folder.
      config: its configuration.
      method: what it is of.
      state: the newest state; an exported model's has neither `params` nor `opt`.
      step: the training step of the state.
    """

    workdir: pathlib.Path
    config: ml_collections.ConfigDict
    method: "Method"
    state: State
    step: int

    @functools.cached_property
    def key(self) -> str:
        """Names all that the results of the run depend on, besides gaits and random keys."""
        config = identity(self.config.to_dict())
        learned = {"ema": self.state.ema, "frozen": self.state.frozen}
        return fingerprint(config, learned, self.method.VERSION)

    def anonymizer(self) -> Anonymizer:
        """The run's anonymiser.

        Raises:
          InputError: its method anonymises nothing, or the state does not fit its networks.
        """
        return self._handed_out(
            self.method.anonymizer,
            "which anonymises nothing by itself: give the workdir of the run that used it",
        )

    def recogniser(self) -> Recogniser:
        """The run's recogniser, or an InputError: its method recognises nobody."""
        return self._recogniser

    # Asked of one pair of gaits after the other: it keeps what it compiled, and what it embedded.
    @functools.cached_property
    def _recogniser(self) -> Recogniser:
        return self._handed_out(self.method.recogniser, "which recognises nobody")

    def colouriser(self) -> Colouriser:
        """The run's colouriser, or an InputError: its method colours nothing."""
        return self._handed_out(self.method.colouriser, "which colours nothing")

    def inverter(self) -> Inverter:
        """The run's inverter, or an InputError: its method gives nothing back."""
        return self._handed_out(self.method.inverter, "which gives no originals back")

    def embedder(self) -> Embedder:
        """The run's embedder, or an InputError: its method embeds nothing."""
        return self._handed_out(self.method.embedder, "which embeds nothing")

    def onlooker(self) -> Onlooker:
        """The run's onlooker, or an InputError: its method looks at no clips."""
        return self._handed_out(self.method.onlooker, "which looks at no clips")

    def _handed_out(self, ask, otherwise: str):
        try:
            found = ask(self.state)
        except InputError as error:
            raise InputError(f"{self.workdir}: {error}") from None
        if found is None:
            raise InputError(f"{self.workdir} is a run of {self.config.method}, {otherwise}")
        return found


class Method(abc.ABC):
    """A published method: what it needs, how it learns, and what it is to others.

    Attributes:
      FIELDS: what the fields of its configuration may be.
      VERSION: raised when the same parameters give other results.
      NEEDS_GAITS: whether it learns from a data set's gaits; one that makes what it learns from
        gets no data set.
      AFTERWARDS: the parts of its configuration that training does not look at: an export may have
        others.
      config: the whole configuration of the run.
    """

    FIELDS: ClassVar[fields.Fields]
    VERSION: ClassVar[int] = 1
    NEEDS_GAITS: ClassVar[bool] = True
    AFTERWARDS: ClassVar[frozenset[str]] = frozenset()

    def __init__(self, config: ml_collections.ConfigDict):
        """Checks the configuration.

        Raises:
          InputError: a field is missing, or is of a type or value that cannot be used.
        """
        fields.check_fields(config, self.FIELDS)
        self.config = config

    def prerequisites(self) -> dict[str, ml_collections.ConfigDict | pathlib.Path]:
        """The runs that this one builds on, by name: to be trained, or where they stand."""
        return {}

    @abc.abstractmethod
    def init(
        self,
        prerequisites: Mapping[str, Run] | None = None,
        statistics: dict[str, np.ndarray] | None = None,
    ) -> State:
        """A fresh state, the same for the same seed.

        Args:
          prerequisites: see `prerequisites`; None leaves their parameters untrained, for a state
            that only lends its shapes.
          statistics: of the training data (see `TrainingData`); None likewise.

        Raises:
          InputError: what a prerequisite learned does not fit.
        """

    def prepare_data(
        self, dataset: "GaitDataset", prerequisites: Mapping[str, Run], progress: bool
    ) -> None:
        """Makes what is derived from the data set for training, and kept beside it; if anything.

        Args:
          dataset: the data set; None for what needs none (see `NEEDS_GAITS`).
          prerequisites: see `prerequisites`; those that are still to be trained cannot be had.
          progress: whether to show progress bars.
        """
        del dataset, prerequisites, progress

    def facts(self) -> dict[str, Any]:
        """What a report says of the method besides its name: JSON values."""
        return {}

    def anonymizer(self, state: State) -> Anonymizer | None:
        """The trained method as an anonymiser; None where it is none."""
        del state
        return None

    def recogniser(self, state: State) -> Recogniser | None:
        """The trained method as a recogniser; None where it is none."""
        del state
        return None

    def colouriser(self, state: State) -> Colouriser | None:
        """The trained method as a colouriser; None where it is none."""
        del state
        return None

    def inverter(self, state: State) -> Inverter | None:
        """The trained method as an inverter; None where it is none."""
        del state
        return None

    def embedder(self, state: State) -> Embedder | None:
        """The trained method as an embedder; None where it is none."""
        del state
        return None

    def onlooker(self, state: State) -> Onlooker | None:
        """The trained method as an onlooker; None where it is none."""
        del state
        return None


class FittedMethod(Method):
    """A method whose parameters are computed at once, not step by step."""

    @abc.abstractmethod
    def fit(self, dataset: "GaitDataset", progress: bool) -> tuple[State, dict[str, float]]:
        """Computes the final state.

        Args:
          dataset: what it learns from.
          progress: whether to show bars where data has to be prepared first.

        Returns:
          (the state after one step, as NumPy arrays; scalars that tell of it).

        Raises:
          InputError: the data does not suffice.
        """


class TrainedMethod(Method):
    """A method that learns step by step: its data, its networks, its step functions."""

    def __init__(self, config: ml_collections.ConfigDict):
        """Builds the networks.

        Raises:
          InputError: a field is missing, or is of a type or value that cannot be used.
        """
        super().__init__(config)
        # What the layers compute with.
        self.dtype = _PRECISIONS[config.precision]

    @abc.abstractmethod
    def open_data(
        self, dataset: "GaitDataset | None", prerequisites: Mapping[str, Run], progress: bool
    ) -> "TrainingData":
        """What it trains on.

        Methods import `gait_jax.data` in here alone: Grain and TFDS take longer to load than an
        exported model, which needs neither.

        Args:
          dataset: the data set; None for what needs none (see `NEEDS_GAITS`).
          prerequisites: see `prerequisites`; each is trained or opened when it is first asked for.
          progress: whether to show bars where data has to be prepared first.
        """

    def prepare_data(self, dataset, prerequisites, progress):
        self.open_data(dataset, prerequisites, progress)

    @abc.abstractmethod
    def train_step(self, state: State, batch: Batch) -> tuple[State, Metrics]:
        """One step on a device's share of the batch; averages gradients with `parallel.mean`."""

    def hopeless(self, metrics: Mapping[str, float]) -> str | None:
        """Why a run cannot come to anything any more, in words; None where it may.

        Args:
          metrics: means over the steps since it was last asked.
        """
        del metrics
        return None

    @abc.abstractmethod
    def evaluate(self, state: State, batch: Batch) -> Metrics:
        """Scalars that tell how the networks in use do on a held-out batch."""

    @abc.abstractmethod
    def samples(self, state: State, batch: Batch) -> Tree:
        """What `picture` draws of a held-out batch."""

    @abc.abstractmethod
    def picture(self, batch: Batch, samples: Tree) -> np.ndarray:
        """Draws a held-out batch and its samples, as NumPy arrays: [H, W] uint8."""


def move_average(average: Tree, params: Tree, step: jax.Array, decay: float) -> Tree:
    """Moves an exponential running mean; its first steps forget the random start sooner."""
    rate = jnp.minimum(decay, (1.0 + step) / (10.0 + step))
    return jax.tree.map(lambda a, p: rate * a + (1 - rate) * p, average, params)
