"""What generators of contours share that lead a gait towards noise (2019 §3.4)."""

import abc
from typing import Any, ClassVar, NamedTuple

import jax
from jax import numpy as jnp

from gait_jax import losses
from gait_jax.gait.codec import RESAMPLED
from gait_jax.methods import fields
from gait_jax.methods.anonymizers.contours import ContourMethod
from gait_jax.methods.base import Batch, Metrics, State
from gait_jax.methods.optimizers import adam
from gait_jax.models import layout
from gait_jax.models.generators import GaitGenerator, total_stride
from gait_jax.runtime import keys

# Of G, of the two contour terms of its loss, and of how it is trained.
GENERATOR: fields.Fields = {
    "generator.widths": fields.wholes(),
    "generator.code": fields.whole(),
    # 0 leaves the code local.
    "generator.hidden": fields.whole(0),
    "loss.alpha": fields.number(),
    "loss.norm": fields.one_of(losses.L1, losses.L2, losses.L1_SUM),
    "loss.contour": fields.number(),
    **fields.below("optimizer", fields.ADAM),
}


class Generated(NamedTuple):
    """What G makes of a batch, and what belongs to it.

    Attributes:
      fake: Ŷ [B, T, P, 2], or as many of P points as the batch's contours have.
      target: what Ŷ shall be like but for the noise, likewise: Y in the paper.
      mask: [B, T, P], 1 where a point is valid.
      noise: Ẑ [B, T, P, 2]; [B, 1, P, 2] where it is the same in all frames.
      noise_mask: [B, T, P] or [B, 1, P], 1 where a point of it is valid.
      both: [B, T, P], 1 where the target and Ẑ are valid: L_Per compares there.
    """

    fake: jax.Array
    target: jax.Array
    mask: jax.Array
    noise: jax.Array
    noise_mask: jax.Array
    both: jax.Array


class ContourGenerator(ContourMethod):
    """Trains G to lead a gait towards noise.

    Attributes:
      CURVE: whether its contours lie on a B-spline.
      target: what metrics call it.
    """

    CURVE: ClassVar[bool] = True

    def __init__(self, config):
        super().__init__(config)
        self.target = "original"
        self._cyclic, points = config.data.layout == RESAMPLED, config.data.points
        g = config.generator
        fields.check_divides(
            "data.points", points, "the strides of generator.widths", total_stride(g.widths)
        )
        self.generator = GaitGenerator(
            tuple(g.widths), g.code, g.hidden, points, self._cyclic, self.dtype, self.CURVE
        )
        self.optimizers = {"generator": adam(config, "optimizer")}

    def init(self, prerequisites=None, statistics=None) -> State:
        key = keys.stream(self.config.seed, "stgan")
        gait = jnp.zeros((1, self.config.data.frames, self.config.data.points, 2))
        mask = jnp.ones(gait.shape[:3])
        params = self._networks(key, gait, mask)
        return State(
            step=jnp.zeros((), jnp.int32),
            params=params,
            opt={name: self.optimizers[name].init(p) for name, p in params.items()},
            ema={"generator": params["generator"]},
            frozen=self._frozen(prerequisites, statistics),
        )

    def facts(self) -> dict[str, Any]:
        config = self.config
        return {
            "alpha": config.loss.alpha,
            "norm": config.loss.norm,
            "layout": config.data.layout,
            "curve": self.CURVE,
        }

    def _networks(self, key: jax.Array, gait: jax.Array, mask: jax.Array) -> dict[str, Any]:
        """Fresh parameters of what is trained, for a gait [1, T, P, 2] and its mask [1, T, P]."""
        key = jax.random.fold_in(key, 0)
        return {"generator": self.generator.init(key, gait, mask, gait[:, 0], mask[:, 0])}

    def _frozen(self, prerequisites, statistics) -> dict[str, Any]:
        """What is used and not trained, by name."""
        del prerequisites, statistics
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
          contours: Y [B, T, Q, 2] in body heights: the first Q points of P. Those cut off are
            padding in all of them, and G is spared it.
          counts: [B, T] int32 valid points.
          noise: ẑ₁ [B, Q, 2], likewise.
          noise_mask: [B, Q], 1 where a point of it is valid.

        Returns:
          Ŷ [B, T, Q, 2] in body heights.
        """
        mask = layout.valid_mask(counts, contours.shape[2])
        return self.generator.apply(params, contours, mask, noise, noise_mask)

    @abc.abstractmethod
    def _made(self, state: State, params, batch: Batch) -> Generated:
        """What G with some parameters makes of a batch."""

    def _contour_terms(self, fake: jax.Array, made: Generated) -> Metrics:
        """Eqs 6 and 7, in the loss's norm, and both distances as they are always told."""
        norm = self.config.loss.norm
        return {
            "loss_reconstruction": losses.contour_distance(made.target, fake, made.mask, norm),
            "loss_perturbation": losses.contour_distance(made.noise, fake, made.both, norm),
            f"from_{self.target}": losses.contour_distance(made.target, fake, made.mask),
            "from_noise": losses.contour_distance(made.noise, fake, made.both),
        }

    def _total(self, metrics: Metrics, spatial: jax.Array, temporal: jax.Array) -> jax.Array:
        """Eq 8, of terms as from `_contour_terms` and of those of D_S and D_T, weighted."""
        weights = self.config.loss
        return losses.generator(
            spatial,
            temporal,
            weights.contour * metrics["loss_reconstruction"],
            weights.contour * metrics["loss_perturbation"],
            weights.alpha,
        )

    def evaluate(self, state: State, batch: Batch) -> Metrics:
        made = self._made(state, state.ema["generator"], batch)
        gait, fake, mask, noise = made.target, made.fake, made.mask, made.noise
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
        made = self._made(state, state.ema["generator"], batch)
        noise_counts = made.noise_mask.sum(-1).astype(jnp.int32)
        return {
            "noise": (
                jnp.broadcast_to(made.noise, made.target.shape),
                jnp.broadcast_to(noise_counts, made.target.shape[:2]),
            ),
            "anonymized": (made.fake, batch["counts"]),
        }
