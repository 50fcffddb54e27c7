"""What recognisers by silhouettes and triplets have in common: all but the network."""

import abc

import jax
import ml_collections
import numpy as np
import optax
from flax import linen as nn
from jax import numpy as jnp

from gait_jax import losses
from gait_jax.gait import picture
from gait_jax.methods import fields
from gait_jax.methods.base import Batch, Metrics, Run, State, TrainedMethod, Tree, move_average
from gait_jax.methods.optimizers import sgd_or_adam
from gait_jax.methods.recognisers.aligned import SetRecogniser, shape_of
from gait_jax.models.silhouettes import PartNeck
from gait_jax.runtime import homes, keys, parallel
from gait_jax.runtime.errors import InputError

_SHOWN = 24
_PRETRAINED = "pretrained"


class SilhouetteSets(TrainedMethod):
    """Trains a network on packs of silhouette sets by triplets and, where asked for, by names.

    Batches hold "silhouettes" [B, P · K, T, H, W] uint8 and "people" [B, P] int32 (see
    `data.silhouette_sets`). Triplets are those within a pack; batch norm averages over all packs of
    a batch, on all devices (with `accumulate`, over those of a part).
    """

    FIELDS = {
        **fields.TRAINING,
        **fields.DATA,
        "data.sequences": fields.wholes(fewest=0, longest=1000),
        "data.size": fields.Check(
            "a multiple of 16 from 16 to 1024",
            lambda value: type(value) is int and 16 <= value <= 1024 and value % 16 == 0,
        ),
        "data.frames": fields.whole(),
        "data.span": fields.whole(0),
        "data.pack.people": fields.whole(2),
        "data.pack.sequences": fields.whole(2),
        "data.augmented.flip": fields.SHARE,
        "data.augmented.rotate": fields.SHARE,
        "data.augmented.perspective": fields.SHARE,
        "pretrained": fields.folder,
        "pretraining": fields.Check(
            "a configuration of the same method, or empty",
            lambda value: isinstance(value, (dict, ml_collections.ConfigDict)),
        ),
        "network.parts": fields.wholes(),
        "network.embedding": fields.whole(),
        "margin": fields.number(),
        "collapsed": fields.number(),
        "classifier.weight": fields.number(),
        "classifier.scale": fields.number(),
        "classifier.smoothing": fields.SHARE,
        "classifier.people": fields.whole(),
        **fields.below("optimizer", fields.SGD_OR_ADAM),
    }

    def __init__(self, config):
        super().__init__(config)
        self.network = self.build_network()
        self.neck = PartNeck(config.classifier.people, parallel.AXIS)
        self.optimizer = sgd_or_adam(config, "optimizer")

    @abc.abstractmethod
    def build_network(self) -> nn.Module:
        """The network: (silhouettes [N, T, H, W] in 0..1, lengths [N], train) → [N, P, D].

        Raises:
          InputError: its parts do not fit the silhouettes.
        """

    def check_parts(self, rows: int) -> None:
        """Refuses strips that do not divide the rows that a network leaves of a silhouette."""
        for number in self.config.network.parts:
            if rows % number:
                raise InputError(
                    f"network.parts {number} does not divide the {rows} rows that the network "
                    f"leaves of data.size {self.config.data.size}: change either"
                )

    def open_data(self, dataset, prerequisites, progress):
        from gait_jax.data.silhouette_sets import set_data

        data = set_data(dataset, self.config.data, shape_of(self.config.data.size), progress)
        people, room = int(data.statistics["people"]), self.config.classifier.people
        if self.config.classifier.weight and people > room:
            raise InputError(
                f"classifier.people {room} has no room for the {people} people of group "
                f"{self.config.data.group!r}: set it to {people} or more"
            )
        return data

    def prerequisites(self):
        if given := self.config.pretrained:
            return {_PRETRAINED: homes.expanded(given)}
        if not self.config.pretraining:
            return {}
        before = ml_collections.ConfigDict(self.config.pretraining.to_dict())
        before.seed = self.config.seed
        for name in ("data_dir", "derived_dir"):
            before.data[name] = self.config.data[name]
        # A field that cannot be used says so now.
        return {_PRETRAINED: type(self)(before).config}

    def init(self, prerequisites=None, statistics=None) -> State:
        rows, columns = shape_of(self.config.data.size)
        images, lengths = jnp.zeros((2, 1, rows, columns)), jnp.ones(2, jnp.int32)
        key = keys.stream(self.config.seed, self.config.method)
        # Layer by layer it would take ten times as long.
        known = jax.jit(self.network.init, static_argnames="train")(
            key, images, lengths, train=False
        )
        params = {"network": known["params"]}
        averages = {"network": known.get("batch_stats", {})}
        if prerequisites:
            _take_over(prerequisites[_PRETRAINED], params, averages)
        if self.config.classifier.weight:
            points = jax.eval_shape(
                lambda k: self.network.apply(k, images, lengths, train=False), known
            )
            key = keys.stream(self.config.seed, f"{self.config.method} neck")
            neck = self.neck.init(key, jnp.zeros(points.shape), train=False)
            params["neck"], averages["neck"] = neck["params"], neck["batch_stats"]
        people = np.int32(self.config.classifier.people)
        return State(
            step=jnp.zeros((), jnp.int32),
            params=params,
            opt={"optimizer": self.optimizer.init(params), "averages": averages},
            ema={"network": _variables(params, averages, "network")},
            frozen={"statistics": statistics or {"people": people}},
        )

    def _points(self, variables: Tree, batch: Batch, train: bool) -> tuple[jax.Array, Tree]:
        """([B, P · K, parts, D] points, batch norm's new averages)."""
        sets = batch["silhouettes"]
        images = sets.reshape(-1, *sets.shape[2:]).astype(jnp.float32) / 255
        lengths = jnp.full(len(images), images.shape[1])
        points, changed = self.network.apply(
            variables, images, lengths, train=train, mutable=["batch_stats"]
        )
        return points.reshape(*sets.shape[:2], *points.shape[1:]), changed.get("batch_stats", {})

    def _triplets(self, points: jax.Array, batch: Batch) -> Metrics:
        people = batch["people"].shape[1]
        found = jax.vmap(lambda pack: losses.triplets(pack, people, self.config.margin))(points)
        return jax.tree.map(jnp.mean, found)

    def _loss(self, params: Tree, state: State, batch: Batch) -> tuple[jax.Array, tuple]:
        config, averages = self.config.classifier, {}
        points, averages["network"] = self._points(
            _variables(params, state.opt["averages"], "network"), batch, train=True
        )
        metrics = self._triplets(points, batch)
        loss = metrics["triplet"]
        if config.weight:
            cosines, changed = self.neck.apply(
                _variables(params, state.opt["averages"], "neck"),
                points.reshape(-1, *points.shape[2:]),
                train=True,
                mutable=["batch_stats"],
            )
            averages["neck"] = changed["batch_stats"]
            each = points.shape[1] // batch["people"].shape[1]
            people = jnp.repeat(batch["people"].reshape(-1), each)
            count = state.frozen["statistics"]["people"]
            entropy = losses.smoothed_cross_entropy(
                config.scale * cosines, people, count, config.smoothing
            )
            loss += config.weight * entropy
            metrics["cross_entropy"] = entropy
        return loss, (averages, {"loss": loss} | metrics)

    def train_step(self, state: State, batch: Batch) -> tuple[State, Metrics]:
        params = state.params
        grads, (averages, metrics) = parallel.accumulate(
            lambda part: jax.grad(self._loss, has_aux=True)(params, state, part),
            batch,
            self.config.accumulate,
        )
        updates, opt = self.optimizer.update(parallel.mean(grads), state.opt["optimizer"], params)
        params = optax.apply_updates(params, updates)
        used = _variables(params, averages, "network")
        return state.replace(
            step=state.step + 1,
            params=params,
            opt={"optimizer": opt, "averages": averages},
            ema=move_average(state.ema, {"network": used}, state.step, self.config.ema_decay),
        ), parallel.mean(metrics)

    def hopeless(self, metrics):
        least = self.config.collapsed * self.config.margin
        if metrics["distance"] >= least:
            return None
        return (
            f"the embedding has collapsed: sequences are {metrics['distance']:.2g} from each other "
            f"on average, less than {least:.2g} (collapsed · margin), and no triplet can tell them "
            "apart. Set classifier.weight above 0, or train on more people"
        )

    def evaluate(self, state: State, batch: Batch) -> Metrics:
        points, _ = self._points(state.ema["network"], batch, train=False)
        people = batch["people"].shape[1]
        right = jax.vmap(lambda pack: _nearest(pack, people)[1])(points)
        return self._triplets(points, batch) | {"rank1": right.mean()}

    def samples(self, state: State, batch: Batch) -> Tree:
        """For each sequence of the first pack the nearest other one, and whether it is right."""
        first = {name: value[:1] for name, value in batch.items()}
        points, _ = self._points(state.ema["network"], first, train=False)
        return _nearest(points[0], batch["people"].shape[1])

    def picture(self, batch: Batch, samples: Tree) -> np.ndarray:
        means = batch["silhouettes"][0].mean(1).astype(np.uint8)
        side = (means.shape[1] - means.shape[2]) // 2
        means = np.pad(means, ((0, 0), (0, 0), (side, means.shape[1] - means.shape[2] - side)))
        nearest, right = samples
        chosen = np.unique(np.linspace(0, len(means) - 1, _SHOWN).astype(int))
        return picture.pairs(
            [(means[[i, nearest[i]]], "same" if right[i] else "other") for i in chosen]
        )

    def recogniser(self, state: State) -> SetRecogniser:
        return SetRecogniser(self.network, state.ema["network"], self.config.data.size)


def _take_over(run: Run, params: Tree, averages: Tree) -> None:
    """Begins with the network that another run has trained, in place of a drawn one."""
    known = run.state.ema.get("network", {})
    found = {"params": known.get("params"), "batch_stats": known.get("batch_stats", {})}
    shapes = lambda tree: jax.tree.map(lambda x: x.shape, tree)  # noqa: E731
    wanted = {"params": params["network"], "batch_stats": averages["network"]}
    if shapes(found) != shapes(wanted):
        raise InputError(
            f"{run.workdir} (pretrained) was trained with another network: set method, network and "
            "data.size as in its config.json, or leave pretrained empty"
        )
    params["network"], averages["network"] = found["params"], found["batch_stats"]


def _variables(params: Tree, averages: Tree, name: str) -> Tree:
    """The variables of a network: its parameters, and batch norm's averages where it has any."""
    return {"params": params[name]} | ({"batch_stats": averages[name]} if averages[name] else {})


def _nearest(points: jax.Array, people: int) -> tuple[jax.Array, jax.Array]:
    """Of each of a pack [N, P, D]: ([N] the nearest other one, [N] 1 where of its person)."""
    distance = jnp.sqrt(jnp.square(points[:, None] - points).sum(-1)).mean(-1)
    nearest = (distance + jnp.where(jnp.eye(len(points), dtype=bool), jnp.inf, 0)).argmin(1)
    each = len(points) // people
    return nearest, (nearest // each == jnp.arange(len(points)) // each).astype(jnp.float32)
