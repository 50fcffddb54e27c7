"""G_N with D_N: a plain GAN from a Gaussian seed to one contour (2019 §3.3)."""

import jax
import ml_collections
from jax import numpy as jnp

from gait_jax import losses
from gait_jax.gait.codec import RESAMPLED
from gait_jax.methods import fields
from gait_jax.methods.adversarial import two_phase_step
from gait_jax.methods.anonymizers.contours import CONTOUR_DATA, ContourMethod
from gait_jax.methods.base import Batch, Metrics, State
from gait_jax.methods.optimizers import adam
from gait_jax.models import layout
from gait_jax.models.discriminators import ContourDiscriminator
from gait_jax.models.generators import NoiseGenerator
from gait_jax.runtime import keys

# What of its fields is its own also where ST-GAN's configuration holds them.
NETWORKS: fields.Fields = {
    "seed_size": fields.whole(),
    "generator.widths": fields.wholes(),
    # 0 draws points on no curve.
    "generator.stride": fields.whole(0),
    "discriminator.widths": fields.wholes(),
    "discriminator.hidden": fields.whole(),
    "discriminator.pool": fields.whole(),
    "loss.saturating": fields.flag,
    **fields.below("optimizer", fields.ADAM),
    **fields.below("optimizer_d", fields.ADAM),
}


def config_within(config: ml_collections.ConfigDict) -> ml_collections.ConfigDict:
    """The configuration of the run that pre-trains G_N for another one, on its data.

    Its seed is the other run's, too.

    Args:
      config: of the other run; what `noise_gan.data` says goes before its own `data`.
    """
    sub = ml_collections.ConfigDict(config.noise_gan.to_dict())
    sub.seed = config.seed
    sub.data = ml_collections.ConfigDict(config.data.to_dict() | sub.data.to_dict())
    return sub


class NoiseGAN(ContourMethod):
    """Trains G_N to draw contours in the distribution of real ones.

    Whatever the layout, G_N draws contours whose points are all valid; `padded` real contours are
    stretched over all points for D_N. Where a noise contour is put beside a padded gait it is laid
    out on that gait's number of points.
    """

    FIELDS = fields.TRAINING | CONTOUR_DATA | NETWORKS

    def __init__(self, config):
        super().__init__(config)
        g, d = config.generator, config.discriminator
        fields.check_divides(
            "data.points", config.data.points, "generator.stride", max(g.stride, 1)
        )
        fields.check_divides("data.points", config.data.points, "discriminator.pool", d.pool)
        self.generator = NoiseGenerator(tuple(g.widths), config.data.points, g.stride, self.dtype)
        # Whatever the layout, the contours that D_N sees are closed and valid all round.
        self.discriminator = ContourDiscriminator(
            tuple(d.widths), d.hidden, config.data.points, d.pool, cyclic=True, dtype=self.dtype
        )
        self.optimizers = {
            "generator": adam(config, "optimizer"),
            "discriminator": adam(config, "optimizer_d"),
        }

    def init(self, prerequisites=None, statistics=None) -> State:
        del prerequisites, statistics
        config = self.config
        key = keys.stream(config.seed, "noise_gan")
        contours = jnp.zeros((1, config.data.points, 2))
        params = {
            "generator": self.generator.init(
                jax.random.fold_in(key, 0), jnp.zeros((1, config.seed_size))
            ),
            "discriminator": self.discriminator.init(
                jax.random.fold_in(key, 1), contours, jnp.ones(contours.shape[:2])
            ),
        }
        return State(
            step=jnp.zeros((), jnp.int32),
            params=params,
            opt={name: self.optimizers[name].init(p) for name, p in params.items()},
            ema={"generator": params["generator"]},
            frozen={},
        )

    def draw(self, params, noise_keys: jax.Array) -> jax.Array:
        """Draws one noise contour for each example.

        Args:
          params: of G_N.
          noise_keys: [B] random keys.

        Returns:
          ẑ₁ [B, P, 2] in body heights, all points valid.
        """
        seeds = jax.vmap(lambda key: jax.random.normal(key, (self.config.seed_size,)))(noise_keys)
        return self.generator.apply(params, seeds)

    def _real(self, batch: Batch) -> jax.Array:
        contours = batch["contours"].reshape(-1, *batch["contours"].shape[2:])
        if self.config.data.layout == RESAMPLED:
            return contours
        return layout.stretch(contours, batch["counts"].reshape(-1), self.config.data.points)

    def _logits(self, params, contours: jax.Array) -> jax.Array:
        return self.discriminator.apply(params, contours, jnp.ones(contours.shape[:2]))

    def _generate(self, params, batch: Batch):
        contours, back = jax.vjp(lambda p: self.draw(p, noise_keys(batch)), params)
        return (contours,), back

    def _d_loss(self, params, made, batch: Batch) -> tuple[jax.Array, Metrics]:
        (fake,), real = made, self._real(batch)
        real_logits, fake_logits = (self._logits(params["discriminator"], x) for x in (real, fake))
        loss = losses.discriminator(real_logits, fake_logits)
        return loss, {
            "loss_d": loss,
            "d_real": jax.nn.sigmoid(real_logits).mean(),
            "d_fake": jax.nn.sigmoid(fake_logits).mean(),
        }

    def _g_loss(self, params, fake, made, batch: Batch) -> tuple[jax.Array, Metrics]:
        del made, batch
        logits = self._logits(params["discriminator"], fake)
        loss = losses.generator_adversarial(logits, self.config.loss.saturating)
        return loss, {"loss_g": loss}

    def train_step(self, state: State, batch: Batch) -> tuple[State, Metrics]:
        return two_phase_step(
            state,
            batch,
            self.optimizers,
            self._generate,
            self._d_loss,
            self._g_loss,
            self.config.accumulate,
            self.config.ema_decay,
        )

    def evaluate(self, state: State, batch: Batch) -> Metrics:
        real, fake = self._real(batch), self.draw(state.ema["generator"], noise_keys(batch))
        one = jnp.ones(real.shape[1])
        nearest = jnp.abs(fake[:, None] - real[None]).sum(-1) @ one / one.sum()
        spread = jnp.abs(fake[:, None] - fake[None]).sum(-1) @ one / one.sum()
        pairs = max(len(fake) * (len(fake) - 1), 1)
        return {
            # How far a noise contour lies from the nearest real one, and from another noise
            # contour: a collapsed generator has no spread.
            "nearest_real": nearest.min(1).mean(),
            "spread": spread.sum() / pairs,
        }

    def samples(self, state: State, batch: Batch) -> dict[str, tuple[jax.Array, jax.Array]]:
        noise = self.draw(state.ema["generator"], noise_keys(batch))
        whole = jnp.full((len(noise), 1), noise.shape[1], jnp.int32)
        return {"noise": (noise[:, None], whole)}


def noise_keys(batch: Batch) -> jax.Array:
    """The random keys of a batch's noise contours: [B]."""
    return keys.per_example(keys.stream(0, "noise"), batch["noise_seed"])
