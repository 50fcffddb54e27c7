"""What generators of contours share that stand against two discriminators (2019 §3.4)."""

import jax

from gait_jax import losses
from gait_jax.methods import fields
from gait_jax.methods.adversarial import two_phase_step
from gait_jax.methods.anonymizers.contour_generator import GENERATOR, ContourGenerator, Generated
from gait_jax.methods.base import Batch, Metrics, State
from gait_jax.methods.optimizers import adam
from gait_jax.models.discriminators import ContourDiscriminator, TemporalDiscriminator

# Of the networks, the losses and how they are trained.
ADVERSARIAL: fields.Fields = {
    **GENERATOR,
    "discriminators.widths": fields.wholes(),
    "discriminators.hidden": fields.whole(),
    "discriminators.pool": fields.whole(),
    "discriminators.embedding": fields.whole(),
    "discriminators.lstm": fields.whole(),
    "loss.saturating": fields.flag,
    "loss.spatial": fields.number(),
    "loss.temporal": fields.number(),
    **fields.below("optimizer_d", fields.ADAM),
}


class ContourGAN(ContourGenerator):
    """Trains G to lead a gait towards noise while D_S and D_T hold it to the natural."""

    def __init__(self, config):
        super().__init__(config)
        d = config.discriminators
        fields.check_divides("data.points", config.data.points, "discriminators.pool", d.pool)
        points = config.data.points
        self.spatial = ContourDiscriminator(
            tuple(d.widths), d.hidden, points, d.pool, self._cyclic, self.dtype
        )
        self.temporal = TemporalDiscriminator(d.embedding, d.lstm, points, d.pool, self.dtype)
        self.optimizers |= {
            "spatial": adam(config, "optimizer_d"),
            "temporal": adam(config, "optimizer_d"),
        }

    def _networks(self, key, gait, mask):
        return super()._networks(key, gait, mask) | {
            "spatial": self.spatial.init(jax.random.fold_in(key, 1), gait[:, 0], mask[:, 0]),
            "temporal": self.temporal.init(jax.random.fold_in(key, 2), gait, mask),
        }

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
        weights, mask = self.config.loss, made.mask
        metrics = {
            "loss_spatial": losses.generator_adversarial(
                self._frames(p["spatial"], fake, mask), weights.saturating
            ),
            "loss_temporal": losses.generator_adversarial(
                self.temporal.apply(p["temporal"], fake, mask), weights.saturating
            ),
        }
        metrics |= self._contour_terms(fake, made)
        total = self._total(
            metrics,
            weights.spatial * metrics["loss_spatial"],
            weights.temporal * metrics["loss_temporal"],
        )
        return total, metrics | {"loss_generator": total}

    def train_step(self, state: State, batch: Batch) -> tuple[State, Metrics]:
        def generate(params, part):
            def forward(p):
                made = self._made(state, p, part)
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
