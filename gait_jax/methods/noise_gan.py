"""G_N with D_N: a plain GAN from a Gaussian seed to one contour (2019 §3.3)."""

import jax
import optax
from jax import numpy as jnp

from gait_jax import losses
from gait_jax.gait.codec import RESAMPLED
from gait_jax.methods import fields
from gait_jax.methods.base import (
    CONTOUR_DATA,
    Batch,
    ContourMethod,
    Metrics,
    State,
    adam,
    check_divides,
    move_average,
    noise_keys,
)
from gait_jax.models import layout
from gait_jax.models.discriminators import ContourDiscriminator
from gait_jax.models.generators import NoiseGenerator
from gait_jax.runtime import keys, parallel

# What of its fields is its own also where ST-GAN's configuration holds them.
NETWORKS: fields.Fields = {
    "seed_size": fields.whole(),
    "generator.widths": fields.wholes(),
    "generator.stride": fields.whole(),
    "discriminator.widths": fields.wholes(),
    "discriminator.hidden": fields.whole(),
    "discriminator.pool": fields.whole(),
    "loss.saturating": fields.flag,
    **fields.below("optimizer", fields.ADAM),
    **fields.below("optimizer_d", fields.ADAM),
}


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
        check_divides("data.points", config.data.points, "generator.stride", g.stride)
        check_divides("data.points", config.data.points, "discriminator.pool", d.pool)
        self.generator = NoiseGenerator(tuple(g.widths), config.data.points, g.stride, self.dtype)
        # Whatever the layout, the contours that D_N sees are closed and valid all round.
        self.discriminator = ContourDiscriminator(
            tuple(d.widths), d.hidden, d.pool, cyclic=True, dtype=self.dtype
        )
        self.optimizers = {
            "generator": adam(config.optimizer),
            "discriminator": adam(config.optimizer_d),
        }

    def init(self, pretrained=None, statistics=None) -> State:
        del pretrained, statistics
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
        return layout.stretch(contours, batch["counts"].reshape(-1))

    def _logits(self, params, contours: jax.Array) -> jax.Array:
        return self.discriminator.apply(params, contours, jnp.ones(contours.shape[:2]))

    def train_step(self, state: State, batch: Batch) -> tuple[State, Metrics]:
        config, params = self.config, state.params

        def draw(part):
            """(contours, from their gradient to that of G_N)."""
            return jax.vjp(lambda p: self.draw(p, noise_keys(part)), params["generator"])

        # Both steps are about the same contours; in parts they are drawn twice, not kept.
        kept = draw(batch) if config.accumulate == 1 else None

        def d_gradients(part):
            real, (fake, _) = self._real(part), kept or draw(part)

            def loss(p):
                real_logits, fake_logits = self._logits(p, real), self._logits(p, fake)
                metrics = {
                    "loss_d": losses.discriminator(real_logits, fake_logits),
                    "d_real": jax.nn.sigmoid(real_logits).mean(),
                    "d_fake": jax.nn.sigmoid(fake_logits).mean(),
                }
                return metrics["loss_d"], metrics

            return jax.grad(loss, has_aux=True)(params["discriminator"])

        grads_d, metrics = parallel.accumulate(d_gradients, batch, config.accumulate)
        grads_d = parallel.mean(grads_d)
        update, opt_d = self.optimizers["discriminator"].update(grads_d, state.opt["discriminator"])
        discriminator = optax.apply_updates(params["discriminator"], update)

        def g_gradients(part):
            fake, back = kept or draw(part)

            def loss(contours):
                logits = self._logits(discriminator, contours)
                return losses.generator_adversarial(logits, config.loss.saturating)

            loss_g, grads_fake = jax.value_and_grad(loss)(fake)
            return back(grads_fake)[0], {"loss_g": loss_g}

        grads_g, parts = parallel.accumulate(g_gradients, batch, config.accumulate)
        grads_g = parallel.mean(grads_g)
        update, opt_g = self.optimizers["generator"].update(grads_g, state.opt["generator"])
        generator = optax.apply_updates(params["generator"], update)
        metrics |= parts
        return state.replace(
            step=state.step + 1,
            params={"generator": generator, "discriminator": discriminator},
            opt={"generator": opt_g, "discriminator": opt_d},
            ema={
                "generator": move_average(
                    state.ema["generator"], generator, state.step, config.ema_decay
                )
            },
        ), parallel.mean(metrics)

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
