"""The stand-in: a person whom nobody has seen walks where the original walked.

A network reads how a walk is seen: phase, side, the camera's height, speed, and whether it is a
walk at all. Of that few coarse numbers reach the result; all else is drawn.
"""

from collections.abc import Mapping

import jax
import jax.numpy as jnp
import numpy as np
import optax

from gait_jax.gait import picture
from gait_jax.gait.glimpses import COLUMNS, KINDS, MOTION, NEITHER, ROWS
from gait_jax.methods import descent, fields
from gait_jax.methods.anonymizers.stand_in_plan import KEPT, OWN
from gait_jax.methods.anonymizers.standing_in import StandInAnonymizer
from gait_jax.methods.base import Batch, Metrics, State, TrainedMethod, Tree
from gait_jax.methods.optimizers import adam
from gait_jax.models.gait_reader import GaitReader, Reading
from gait_jax.runtime import keys

# Degrees: what a bin of views may be, and what an error of elevation is measured in.
_BIN, _DEGREES = 18.0, 30.0


class StandIn(TrainedMethod):
    """Trains the reader on made clips, whose truth is exact.

    Batches are those of `data.reader_clips`.
    """

    VERSION = 4
    NEEDS_GAITS = False
    AFTERWARDS = frozenset({"code"})
    FIELDS = {
        **fields.TRAINING,
        "data.data_dir": fields.folder,
        "data.clips": fields.whole(),
        "data.held_out": fields.whole(),
        "data.frames": fields.whole(16),
        "network.widths": fields.wholes(),
        "network.features": fields.whole(),
        "network.dilations": fields.wholes(),
        **fields.below("optimizer", fields.ADAM),
        "code.view": fields.number(18, 180),
        "code.elevation": fields.number(5, 60),
        "code.size": fields.number(0, 0.5),
        "code.pace": fields.number(0, 0.5),
        "code.freedom": fields.number(0, 10),
        "code.course": fields.number(0, 45),
        "code.rhythm": fields.one_of(OWN, KEPT),
    }

    def __init__(self, config):
        super().__init__(config)
        own = config.network
        self.network = GaitReader(
            tuple(own.widths), own.features, tuple(own.dilations), KINDS, self.dtype
        )
        self.optimizer = adam(config, "optimizer")

    def open_data(self, dataset, prerequisites, progress):
        from gait_jax.data.reader_clips import clip_data

        del dataset, prerequisites
        return clip_data(self.config.data, self.config.seed, progress)

    def init(self, prerequisites=None, statistics=None) -> State:
        del prerequisites, statistics
        crops, seen = jnp.zeros((1, 2, ROWS, COLUMNS)), jnp.ones((1, 2))
        key = keys.stream(self.config.seed, "stand_in")
        params = {"reader": jax.jit(self.network.init)(key, crops, jnp.zeros((1, 2, MOTION)), seen)}
        return State(
            step=jnp.zeros((), jnp.int32),
            params=params,
            opt={"reader": self.optimizer.init(params["reader"])},
            ema=jax.tree.map(jnp.copy, params),
            frozen={},
        )

    def read(self, params: Tree, batch: Mapping[str, jax.Array]) -> Reading:
        """What the network reads of clips (see `data.reader_clips`)."""
        crops = batch["crops"].astype(jnp.float32) / 255
        return self.network.apply(params, crops, batch["motion"], batch["seen"])

    def _loss(self, params: Tree, batch: Batch) -> tuple[jax.Array, Metrics]:
        read, seen = self.read(params, batch), batch["seen"]
        someone = seen * (batch["kind"] != NEITHER)
        stepping = someone * batch["stepping"]
        half, turned = 4 * jnp.pi * batch["phase"], jnp.radians(batch["azimuth"])
        direction = lambda angle: jnp.stack([jnp.cos(angle), jnp.sin(angle)], -1)  # noqa: E731
        off = lambda a, b: jnp.abs(a - b).reshape(*seen.shape, -1).sum(-1)  # noqa: E731
        named = optax.softmax_cross_entropy_with_integer_labels(
            read.kind, batch["kind"].astype(jnp.int32)
        )
        losses = {
            "phase": _mean(off(read.phase, direction(half)), stepping),
            "azimuth": _mean(off(read.azimuth, direction(turned)), someone),
            "elevation": _mean(off(read.elevation, batch["elevation"]) / _DEGREES, someone),
            "speed": _mean(off(read.speed, batch["speed"]), someone),
            "kind": _mean(named, seen),
        }
        total = sum(losses.values())
        return total, {"loss": total} | losses

    def train_step(self, state: State, batch: Batch) -> tuple[State, Metrics]:
        config = self.config
        return descent.step(
            state, batch, "reader", self.optimizer, self._loss, config.accumulate, config.ema_decay
        )

    def evaluate(self, state: State, batch: Batch) -> Metrics:
        """Errors of phase in cycles, of views in degrees, and who is taken for what."""
        _, losses = self._loss(state.ema["reader"], batch)
        read = self.read(state.ema["reader"], batch)
        someone = batch["seen"] * (batch["kind"] != NEITHER) > 0
        stepping = someone & (batch["stepping"] > 0)
        neither = (batch["seen"] > 0) & ~someone
        phase = jnp.abs(_apart(read.phase, 4 * jnp.pi * batch["phase"])) / (4 * jnp.pi)
        view = jnp.degrees(jnp.abs(_apart(read.azimuth, jnp.radians(batch["azimuth"]))))
        called = read.kind.argmax(-1)
        median = lambda x, of: jnp.nanmedian(jnp.where(of, x, jnp.nan))  # noqa: E731
        return losses | {
            "phase_error": median(phase, stepping),
            "view_error": median(view, someone),
            "view_within_a_bin": _mean((view <= _BIN).astype(jnp.float32), someone),
            "elevation_error": median(jnp.abs(read.elevation - batch["elevation"]), someone),
            "speed_error": median(jnp.abs(read.speed - batch["speed"]), someone),
            "taken_for_somebody": _mean((called != NEITHER).astype(jnp.float32), someone),
            "neither_found": _mean((called == NEITHER).astype(jnp.float32), neither),
        }

    def anonymizer(self, state: State) -> StandInAnonymizer:
        read, params = jax.jit(self.read), state.ema["reader"]
        return StandInAnonymizer(
            lambda walk: read(params, walk), self.network.reach, self.config.code
        )

    def samples(self, state: State, batch: Batch) -> Tree:
        """By how much each frame's phase and view are off, in cycles and degrees."""
        read = self.read(state.ema["reader"], batch)
        return {
            "phase": _apart(read.phase, 4 * jnp.pi * batch["phase"]) / (4 * jnp.pi),
            "view": jnp.degrees(_apart(read.azimuth, jnp.radians(batch["azimuth"]))),
        }

    def picture(self, batch: Batch, samples: Tree) -> np.ndarray:
        """A row of frames a clip, with what is off in the middle of it."""
        rows = {}
        for i in range(min(len(batch["crops"]), 12)):
            crops = np.asarray(batch["crops"][i])
            chosen = np.linspace(0, len(crops) - 1, 12).astype(int)
            middle = len(crops) // 2
            off = [float(samples[name][i, middle]) for name in ("phase", "view")]
            shown = [np.pad(crop, ((40, 40), (2, 2))) for crop in crops[chosen]]
            rows[f"{off[0]:+.2f} {off[1]:+.0f}"] = np.hstack(shown)
        return picture.sheet(rows)


def _mean(values: jax.Array, weights: jax.Array) -> jax.Array:
    return (values * weights).sum() / jnp.maximum(weights.sum(), 1)


def _apart(direction: jax.Array, angle: jax.Array) -> jax.Array:
    """From an angle [...] to a direction [..., 2], radians between -π and π."""
    found = jnp.arctan2(direction[..., 1], direction[..., 0])
    return (found - angle + jnp.pi) % (2 * jnp.pi) - jnp.pi
