"""What generators of contours share that stand against two discriminators (2019 §3.4)."""

import abc
from typing import Any, NamedTuple

import jax
from jax import numpy as jnp

from gait_jax import losses
from gait_jax.gait.codec import RESAMPLED
from gait_jax.methods import fields
from gait_jax.methods.adversarial import two_phase_step
from gait_jax.methods.anonymizers.contours import ContourMethod
from gait_jax.methods.base import Batch, Metrics, State, check_divides
from gait_jax.methods.optimizers import adam
from gait_jax.models import layout
from gait_jax.models.discriminators import ContourDiscriminator, TemporalDiscriminator
from gait_jax.models.generators import GaitGenerator, total_stride
from gait_jax.runtime import keys

# Of the networks, the losses and how they are trained.
ADVERSARIAL: fields.Fields = {
    "generator.widths": fields.wholes(),
    "generator.code": fields.whole(),
    # 0 leaves the code local.
    "generator.hidden": fields.whole(0),
    "discriminators.widths": fields.wholes(),
    "discriminators.hidden": fields.whole(),
    "discriminators.pool": fields.whole(),
    "discriminators.embedding": fields.whole(),
    "discriminators.lstm": fields.whole(),
    "loss.alpha": fields.number(),
    "loss.norm": fields.one_of(losses.L1, losses.L2),
    "loss.saturating": fields.flag,
    "loss.spatial": fields.number(),
    "loss.temporal": fields.number(),
    "loss.contour": fields.number(),
    **fields.below("optimizer", fields.ADAM),
    **fields.below("optimizer_d", fields.ADAM),
}


class Generated(NamedTuple):
    """What G makes of a batch, and what belongs to it.

    Attributes:
      fake: Ŷ [B, T, P, 2].
      target: what Ŷ shall be like but for the noise, likewise: Y in the paper.
      mask: [B, T, P], 1 where a point is valid.
      noise: ẑ₁ [B, P, 2].
      both: [B, T, P], 1 where the target and ẑ₁ are valid: L_Per compares there.
    """

    fake: jax.Array
    target: jax.Array
    mask: jax.Array
    noise: jax.Array
    both: jax.Array


class ContourGAN(ContourMethod):
    """Trains G to lead a gait towards noise while D_S and D_T hold it to the natural.

    Attributes:
      target: what metrics call it.
    """

    def __init__(self, config):
        super().__init__(config)
        self.target = "original"
        self._cyclic, points = config.data.layout == RESAMPLED, config.data.points
        g, d = config.generator, config.discriminators
        check_divides(
            "data.points", points, "the strides of generator.widths", total_stride(g.widths)
        )
        check_divides("data.points", points, "discriminators.pool", d.pool)
        self.generator = GaitGenerator(
            tuple(g.widths), g.code, g.hidden, points, self._cyclic, self.dtype
        )
        self.spatial = ContourDiscriminator(
            tuple(d.widths), d.hidden, d.pool, self._cyclic, self.dtype
        )
        self.temporal = TemporalDiscriminator(d.embedding, d.lstm, d.pool, self.dtype)
        self.optimizers = {
            "generator": adam(config, "optimizer"),
            "spatial": adam(config, "optimizer_d"),
            "temporal": adam(config, "optimizer_d"),
        }

    def init(self, prerequisites=None, statistics=None) -> State:
        del statistics
        key = keys.stream(self.config.seed, "stgan")
        gait = jnp.zeros((1, self.config.data.frames, self.config.data.points, 2))
        mask = jnp.ones(gait.shape[:3])
        params = {
            "generator": self.generator.init(
                jax.random.fold_in(key, 0), gait, mask, gait[:, 0], mask[:, 0]
            ),
            "spatial": self.spatial.init(jax.random.fold_in(key, 1), gait[:, 0], mask[:, 0]),
            "temporal": self.temporal.init(jax.random.fold_in(key, 2), gait, mask),
        }
        return State(
            step=jnp.zeros((), jnp.int32),
            params=params,
            opt={name: self.optimizers[name].init(p) for name, p in params.items()},
            ema={"generator": params["generator"]},
            frozen=self._frozen(prerequisites),
        )

    def _frozen(self, prerequisites) -> dict[str, Any]:
        """Networks that are used and not trained, by name."""
        del prerequisites
        return {}

    def generate(
        self,
        params: Any,
        contours: jax.Array,
        counts: jax.Array,
        noise: jax.Array,
        noise_mask: jax.Array,
    ) -> jax.Array:
        """What G makes of gaits.

        Args:
          params: G's.
          contours: Y [B, T, P, 2] in body heights.
          counts: [B, T] int32 valid points.
          noise: ẑ₁ [B, P, 2], likewise.
          noise_mask: [B, P], 1 where a point of it is valid.

        Returns:
          Ŷ [B, T, P, 2] in body heights.
        """
        mask = layout.valid_mask(counts, contours.shape[2])
        return self.generator.apply(params, contours, mask, noise, noise_mask)

    @abc.abstractmethod
    def _made(self, state: State, params, batch: Batch) -> tuple[Generated, jax.Array]:
        """(what G with some parameters makes of a batch, ẑ₁'s mask [B, P])."""

    def _frames(self, params, gait, mask) -> jax.Array:
        flat = lambda x: x.reshape(-1, *x.shape[2:])  # noqa: E731
        return self.spatial.apply(params, flat(gait), flat(mask))

    def _d_loss(self, p, made: Generated, batch: Batch) -> tuple[jax.Array, Metrics]:
        """Eqs 2 and 3."""
        del batch
        gait, fake, mask = made.target, made.fake, made.mask
        spatial = self._frames(p["spatial"], gait, mask), self._frames(p["spatial"], fake, mask)
        temporal = (
            self.temporal.apply(p["temporal"], gait, mask),
            self.temporal.apply(p["temporal"], fake, mask),
        )
        metrics = {
            "loss_d_spatial": losses.discriminator(*spatial),
            "loss_d_temporal": losses.discriminator(*temporal),
            "d_spatial_real": jax.nn.sigmoid(spatial[0]).mean(),
            "d_spatial_fake": jax.nn.sigmoid(spatial[1]).mean(),
            "d_temporal_real": jax.nn.sigmoid(temporal[0]).mean(),
            "d_temporal_fake": jax.nn.sigmoid(temporal[1]).mean(),
        }
        return metrics["loss_d_spatial"] + metrics["loss_d_temporal"], metrics

    def _g_loss(self, p, fake, made: Generated, batch: Batch) -> tuple[jax.Array, Metrics]:
        """Eq 8."""
        del batch
        weights, gait, mask, noise = self.config.loss, made.target, made.mask, made.noise[:, None]
        metrics = {
            "loss_spatial": losses.generator_adversarial(
                self._frames(p["spatial"], fake, mask), weights.saturating
            ),
            "loss_temporal": losses.generator_adversarial(
                self.temporal.apply(p["temporal"], fake, mask), weights.saturating
            ),
            "loss_reconstruction": losses.contour_distance(gait, fake, mask, weights.norm),
            "loss_perturbation": losses.contour_distance(noise, fake, made.both, weights.norm),
        }
        total = losses.generator(
            weights.spatial * metrics["loss_spatial"],
            weights.temporal * metrics["loss_temporal"],
            weights.contour * metrics["loss_reconstruction"],
            weights.contour * metrics["loss_perturbation"],
            weights.alpha,
        )
        return total, metrics | {
            "loss_generator": total,
            f"from_{self.target}": losses.contour_distance(gait, fake, mask),
            "from_noise": losses.contour_distance(noise, fake, made.both),
        }

    def train_step(self, state: State, batch: Batch) -> tuple[State, Metrics]:
        def generate(params, part):
            def forward(p):
                made, _ = self._made(state, p, part)
                return made.fake, made

            _, back, made = jax.vjp(forward, params, has_aux=True)
            return made, back

        return two_phase_step(
            state,
            batch,
            self.optimizers,
            generate,
            self._d_loss,
            self._g_loss,
            self.config.accumulate,
            self.config.ema_decay,
        )

    def evaluate(self, state: State, batch: Batch) -> Metrics:
        made, _ = self._made(state, state.ema["generator"], batch)
        gait, fake, mask, noise = made.target, made.fake, made.mask, made.noise[:, None]
        step = lambda x: x[:, 1:] - x[:, :-1]  # noqa: E731
        pairs = mask[:, 1:] * mask[:, :-1]
        return {
            # ‖Ŷ - Y‖₁, ‖Ŷ - Ẑ‖₁ and ‖Y - Ẑ‖₁ a point, in body heights: the identity shows as 0.
            f"from_{self.target}": losses.contour_distance(gait, fake, mask),
            "from_noise": losses.contour_distance(noise, fake, made.both),
            f"{self.target}_from_noise": losses.contour_distance(noise, gait, made.both),
            # Movement from frame to frame, as a share of the original's.
            "movement": losses.contour_distance(step(fake), 0.0, pairs)
            / losses.contour_distance(step(gait), 0.0, pairs),
        }

    def samples(self, state: State, batch: Batch) -> dict[str, tuple[jax.Array, jax.Array]]:
        made, noise_mask = self._made(state, state.ema["generator"], batch)
        frames = made.target.shape[1]
        noise_counts = noise_mask.sum(-1).astype(jnp.int32)
        return {
            "noise": (
                jnp.repeat(made.noise[:, None], frames, 1),
                jnp.repeat(noise_counts[:, None], frames, 1),
            ),
            "anonymized": (made.fake, batch["counts"]),
        }
