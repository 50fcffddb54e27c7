"""A 3-D ResNeXt that tells walking from what is none (after Hara et al., CVPR 2018).

Tieu et al. (2019 §4.3) ask one of 101 layers that was trained on Kinetics. This one is small, knows
nothing but made people, and whether they walk.
"""

from collections.abc import Sequence

import jax
import numpy as np
import optax
from jax import numpy as jnp

from gait_jax.gait import following, picture
from gait_jax.gait.following import EVERY, KINDS, NO_WALKS
from gait_jax.methods import descent, fields
from gait_jax.methods.base import Batch, Metrics, State, TrainedMethod, Tree
from gait_jax.methods.optimizers import adam
from gait_jax.models import resnext3d
from gait_jax.runtime import keys
from gait_jax.runtime.errors import InputError

_SHOWN = 24


class ResNeXt3D(TrainedMethod):
    """Trains the network on made clips (see `data.onlooker_clips`)."""

    NEEDS_GAITS = False
    FIELDS = {
        **fields.TRAINING,
        "data.data_dir": fields.folder,
        "data.clips": fields.whole(2),
        "data.held_out": fields.whole(2),
        "data.frames": fields.whole(8, 64),
        "data.size": fields.whole(resnext3d.PATCH, 256),
        "data.reach": fields.number(1, 4),
        "network.stem": fields.whole(),
        "network.widths": fields.wholes(),
        "network.blocks": fields.wholes(),
        "network.cardinality": fields.whole(),
        **fields.below("optimizer", fields.ADAM),
    }

    def __init__(self, config):
        super().__init__(config)
        own = config.network
        if len(own.widths) != len(own.blocks):
            raise InputError("network.widths and network.blocks differ in length: change either")
        for name, width in [("stem", own.stem), *(("widths", each) for each in own.widths)]:
            fields.check_divides(f"network.{name}", width, "network.cardinality", own.cardinality)
        fields.check_divides("data.size", config.data.size, "a patch", resnext3d.PATCH)
        self.network = resnext3d.ResNeXt3D(
            own.stem, tuple(own.widths), tuple(own.blocks), own.cardinality, self.dtype
        )
        self.optimizer = adam(config, "optimizer")

    def open_data(self, dataset, prerequisites, progress):
        from gait_jax.data.onlooker_clips import clip_data

        del dataset, prerequisites
        return clip_data(self.config.data, self.config.seed, progress)

    def init(self, prerequisites=None, statistics=None) -> State:
        del prerequisites, statistics
        data = self.config.data
        clip = jnp.zeros((1, data.frames, data.size, data.size, 3), jnp.uint8)
        key = keys.stream(self.config.seed, "onlooker")
        params = {"network": jax.jit(self._init)(key, clip)}
        return State(
            step=jnp.zeros((), jnp.int32),
            params=params,
            opt={"network": self.optimizer.init(params["network"])},
            ema=jax.tree.map(jnp.copy, params),
            frozen={},
        )

    def _init(self, key: jax.Array, clips: jax.Array) -> Tree:
        return self.network.init(key, _shades(clips))["params"]

    def logits(self, params: Tree, clips: jax.Array) -> jax.Array:
        """[B, T, S, S, 3] uint8 → [B] logits of walking."""
        return self.network.apply({"params": params}, _shades(clips))

    def _loss(self, params: Tree, batch: Batch) -> tuple[jax.Array, Metrics]:
        logits, walks = self.logits(params, batch["clips"]), batch["kind"] == 0
        loss = optax.sigmoid_binary_cross_entropy(logits, walks.astype(jnp.float32)).mean()
        right = ((logits > 0) == walks).mean()
        return loss, {"loss": loss, "right": right}

    def train_step(self, state: State, batch: Batch) -> tuple[State, Metrics]:
        config = self.config
        return descent.step(
            state, batch, "network", self.optimizer, self._loss, config.accumulate, config.ema_decay
        )

    def evaluate(self, state: State, batch: Batch) -> Metrics:
        """Loss, and by kind of no-walk the share of pairs whose walk is the surer one (AUC)."""
        params, kinds = state.ema["network"], batch["kind"]
        _, metrics = self._loss(params, batch)
        logits = self.logits(params, batch["clips"])
        above = (logits[:, None] > logits) + 0.5 * (logits[:, None] == logits)
        for number, kind in enumerate(NO_WALKS, start=1):
            pairs = (kinds[:, None] == 0) & (kinds == number)
            # One half, as of a guess, where a batch holds none.
            area = (above * pairs).sum() / jnp.maximum(pairs.sum(), 1)
            metrics[f"auc_{kind}"] = jnp.where(pairs.any(), area, 0.5)
        return metrics

    def samples(self, state: State, batch: Batch) -> Tree:
        """P(walking) of the first clips."""
        return jax.nn.sigmoid(self.logits(state.ema["network"], batch["clips"][:_SHOWN]))

    def picture(self, batch: Batch, samples: Tree) -> np.ndarray:
        """Of each clip its first and its middle frame, with its kind and P(walking)."""
        tiles = []
        for clip, kind, sure in zip(batch["clips"], batch["kind"], samples, strict=False):
            grey = np.asarray(clip).mean(axis=-1).astype(np.uint8)
            tiles.append((grey[[0, len(grey) // 2]], f"{KINDS[int(kind)]} {float(sure):.2f}"))
        return picture.pairs(tiles)

    def onlooker(self, state: State) -> "MadePeopleOnlooker":
        data = self.config.data
        return MadePeopleOnlooker(
            jax.jit(self.logits), state.ema["network"], data.frames, data.size, data.reach
        )


class MadePeopleOnlooker:
    """A trained network, asked about every so-manyth second of a clip (see `looking_on`)."""

    learned_from = (
        "a small 3-D ResNeXt of this project, trained on clips of made people alone: walks against "
        "frozen, backward and shuffled ones, poses that slide, halves of the body half a cycle "
        "apart, and two people's walks cut together"
    )

    def __init__(self, logits, params: Tree, frames: int, size: int, reach: float):
        self._logits, self._params = logits, params
        self._frames, self._size, self._reach = frames, size, reach

    def __call__(self, pictures: Sequence[np.ndarray], masks: Sequence[np.ndarray]) -> float:
        squares = following.squares(masks, self._reach)
        if squares is None:
            return 0.0
        cut = [following.cut(*one, self._size) for one in zip(pictures, squares, strict=True)]
        clips = following.windows(cut, self._frames, EVERY)
        logits = [self._logits(self._params, clip[None])[0] for clip in clips]
        return float(np.mean(jax.nn.sigmoid(jnp.stack(logits))))


def _shades(clips: jax.Array) -> jax.Array:
    return clips.astype(jnp.float32) / 127.5 - 1
