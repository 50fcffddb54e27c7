"""The pair networks LB and MT of Wu et al. (2017), trained to tell people apart by their gait."""

import math
from typing import TYPE_CHECKING

import jax
import numpy as np
import optax
from flax import linen as nn
from jax import numpy as jnp

from gait_jax.gait import picture
from gait_jax.methods import fields
from gait_jax.methods.base import Batch, Metrics, State, TrainedMethod, move_average
from gait_jax.methods.optimizers import sgd_or_adam
from gait_jax.methods.recognisers.energy import ENERGY, SEQUENCE, energy_images
from gait_jax.models.verification import LocalBottom, MiddleTop
from gait_jax.runtime import keys, parallel

if TYPE_CHECKING:
    from gait_jax.data.gaits import Gaits

_NETWORKS = {"lb": LocalBottom, "mt": MiddleTop}
# What a network that cannot tell anything scores on as many pairs of one person as of two.
_CHANCE = math.log(2)
_SHOWN = 24


class Wu2017(TrainedMethod):
    """Trains LB or MT on packs of pairs.

    Batches hold "images" [B, N, S, S] uint8, "pairs" [B, Q, 2] int32, "same" [B, Q] int32 of 0 and
    1, and "seed" [B] uint32.

    A network that does not leave chance behind is started anew: after every `plateau.steps` steps
    whose mean loss is still above `plateau.loss`, with other initial parameters and the optimiser's
    schedule from its beginning. The counters are part of the state, so that a resumed run does the
    same.
    """

    VERSION = 2
    FIELDS = {
        **fields.TRAINING,
        **fields.DATA,
        "network": fields.one_of(*_NETWORKS),
        "data.sequences": fields.wholes(fewest=0, longest=1000),
        # Below that, nothing is left after the last layer.
        "data.size": fields.whole(50, 4096),
        **ENERGY,
        "data.pack.people": fields.whole(2),
        "data.pack.images": fields.whole(2),
        "data.pack.pairs": fields.whole(2),
        "data.standardized": fields.flag,
        "dropout": fields.number(0, 1 - 1e-9),
        "initial_spread": fields.number(),
        **fields.below("optimizer", fields.SGD_OR_ADAM),
        "start_from_differences": fields.flag,
        "plateau.steps": fields.whole(1, 2**31 - 1),
        "plateau.loss": fields.number(),
        "plateau.decay": fields.SHARE,
    }

    def __init__(self, config):
        super().__init__(config)
        self.network = _NETWORKS[config.network](config.dropout, self.dtype, config.initial_spread)
        self.optimizer = sgd_or_adam(config, "optimizer")

    def open_data(self, dataset, prerequisites, progress):
        from gait_jax.data.pairs import pair_data

        return pair_data(dataset, self.config.data, progress)

    def _fresh(self, start: jax.Array):
        """Initial parameters of the `start`-th try."""
        key = jax.random.fold_in(keys.stream(self.config.seed, "wu2017"), start)
        image = jnp.zeros((1, self.config.data.size, self.config.data.size))
        variables = self.network.init(key, image, jnp.zeros((1, 2), jnp.int32))
        if self.config.start_from_differences:
            halves = variables["params"][self.network.joined]
            halves["right"]["kernel"] = -halves["left"]["kernel"]
        return variables

    def init(self, prerequisites=None, statistics=None) -> State:
        del prerequisites
        size = self.config.data.size
        if statistics is None:
            statistics = {"mean": np.zeros((size, size), np.float32), "spread": np.float32(1)}
        params = self._fresh(jnp.zeros((), jnp.int32))
        return State(
            step=jnp.zeros((), jnp.int32),
            params={"network": params},
            opt={
                "network": self.optimizer.init(params),
                "plateau": {
                    "mean_loss": jnp.full((), _CHANCE),
                    "since_start": jnp.zeros((), jnp.int32),
                    "restarts": jnp.zeros((), jnp.int32),
                },
            },
            ema={"network": params},
            frozen={"statistics": statistics},
        )

    def _logits(self, state: State, params, batch: Batch, dropout: jax.Array | None) -> jax.Array:
        """[B, Q, 2]; a pack's dropout depends on its own key, wherever it is computed."""
        images = normalized(batch["images"], state.frozen["statistics"])
        if dropout is None:
            return jax.vmap(lambda i, p: self.network.apply(params, i, p))(images, batch["pairs"])
        return jax.vmap(
            lambda i, p, key: self.network.apply(params, i, p, True, rngs={"dropout": key})
        )(images, batch["pairs"], dropout)

    def _loss(self, logits: jax.Array, batch: Batch) -> Metrics:
        right = logits.argmax(-1) == batch["same"]
        loss = optax.softmax_cross_entropy_with_integer_labels(logits, batch["same"])
        return {"loss": loss.mean(), "accuracy": right.mean()}

    def train_step(self, state: State, batch: Batch) -> tuple[State, Metrics]:
        config = self.config
        key = keys.stream(config.seed, "wu2017_dropout")

        def loss(params, part):
            dropout = keys.per_example(key, part["seed"])
            metrics = self._loss(self._logits(state, params, part, dropout), part)
            return metrics["loss"], metrics

        params = state.params["network"]
        grads, metrics = parallel.accumulate(
            lambda part: jax.grad(loss, has_aux=True)(params, part), batch, config.accumulate
        )
        metrics = parallel.mean(metrics)
        updates, opt = self.optimizer.update(parallel.mean(grads), state.opt["network"], params)
        params = optax.apply_updates(params, updates)
        plateau = state.opt["plateau"]
        since, restarts = plateau["since_start"], plateau["restarts"]
        ema = move_average(state.ema["network"], params, since, config.ema_decay)
        mean_loss = move_average(plateau["mean_loss"], metrics["loss"], since, config.plateau.decay)
        since += 1
        stuck = (since % config.plateau.steps == 0) & (mean_loss > config.plateau.loss)

        def anew():
            fresh = self._fresh(restarts + 1)
            chance = jnp.full((), _CHANCE)
            return fresh, self.optimizer.init(fresh), fresh, chance, since * 0, restarts + 1

        params, opt, ema, mean_loss, since, restarts = jax.lax.cond(
            stuck, anew, lambda: (params, opt, ema, mean_loss, since, restarts)
        )
        return state.replace(
            step=state.step + 1,
            params={"network": params},
            opt={
                "network": opt,
                "plateau": {"mean_loss": mean_loss, "since_start": since, "restarts": restarts},
            },
            ema={"network": ema},
        ), metrics | {"restarts": restarts.astype(jnp.float32)}

    def evaluate(self, state: State, batch: Batch) -> Metrics:
        return self._loss(self._logits(state, state.ema["network"], batch, None), batch)

    def samples(self, state: State, batch: Batch) -> jax.Array:
        """P(same person) of the first pack's pairs, [Q]."""
        first = {name: value[:1] for name, value in batch.items()}
        return jax.nn.softmax(self._logits(state, state.ema["network"], first, None)[0])[:, 1]

    def picture(self, batch: Batch, samples: np.ndarray) -> np.ndarray:
        chosen = np.unique(np.linspace(0, len(samples) - 1, _SHOWN).astype(int))
        tiles = [
            (batch["images"][0][batch["pairs"][0][i]], f"{'same' if s else 'other'} {p:.2f}")
            for i, s, p in zip(chosen, batch["same"][0][chosen], samples[chosen], strict=True)
        ]
        return picture.pairs(tiles)

    def recogniser(self, state: State) -> "PairRecogniser":
        data, statistics = self.config.data, state.frozen["statistics"]
        return PairRecogniser(
            self.network, state.ema["network"], statistics, data.size, data.energy
        )


# Images go through the network this many at once: one compiled shape.
_CHUNK = 64


def normalized(images, statistics) -> jax.Array:
    """Gait energy images as the networks see them: what is not common to all people.

    Args:
      images: [..., S, S] uint8 of 0..255.
      statistics: of the training images in 0..1: "mean" [S, S] and "spread" (see `pair_data`).

    Returns:
      [..., S, S] float32 of mean 0 over the training images: of variance 1, or grey levels.
    """
    return (jnp.asarray(images, jnp.float32) / 255 - statistics["mean"]) / statistics["spread"]


class PairRecogniser:
    """A trained pair network: the surer "same person", the nearer."""

    def __init__(self, network: nn.Module, params, statistics, size: int, energy: str = SEQUENCE):
        """Takes a network of `models.verification`, its parameters and its training's statistics.

        Args:
          network: LB or MT.
          params: trained.
          statistics: see `normalized`.
          size: rows and columns of the gait energy images that it takes.
          energy: what they are of (see `energy_images`).
        """
        self._size, self._energy = size, energy
        self._statistics = statistics
        self._params = params
        self._embed = jax.jit(lambda p, images: network.apply(p, images, method="embed"))

        def odds(p, left, right):
            logits = network.apply(p, left, right, method="compare")
            return logits[:, 0] - logits[:, 1]

        def row(p, probe, gallery):
            # A probe meets a whole gallery, once as each pair's left image and once as its right
            # one: the network sees no order in training, and two opinions are better than one.
            left, right = (jnp.broadcast_to(half, gallery[0].shape) for half in probe)
            return (odds(p, left, gallery[1]) + odds(p, gallery[0], right)) / 2

        self._rows = jax.jit(
            lambda p, probes, gallery: jax.lax.map(lambda probe: row(p, probe, gallery), probes)
        )

    def _halves(self, gaits: "Gaits") -> list[tuple[jax.Array, jax.Array]]:
        """Chunks of images as pairs' left and right halves, the last one filled up."""
        everything, chunks = energy_images(gaits, self._size, self._energy), []
        for start in range(0, len(everything), _CHUNK):
            images = everything[start : start + _CHUNK]
            images = np.pad(images, ((0, _CHUNK - len(images)), (0, 0), (0, 0)))
            chunks.append(self._embed(self._params, normalized(images, self._statistics)))
        return chunks

    def distances(self, probes: "Gaits", gallery: "Gaits") -> np.ndarray:
        """How unlike each probe is to each gait of a gallery (see `contracts.Recogniser`).

        Returns:
          [P, G] float32 log-odds of "other person" against "same person", the mean of both orders
          of the pair.
        """
        enrolled = self._halves(gallery)
        blocks = [
            [np.asarray(self._rows(self._params, seen, known)) for known in enrolled]
            for seen in self._halves(probes)
        ]
        return np.block(blocks)[: len(probes), : len(gallery)]
