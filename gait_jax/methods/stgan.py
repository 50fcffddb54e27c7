"""ST-GAN: a gait generator against a spatial and a temporal discriminator (2019 §3.4)."""

from collections.abc import Callable
from typing import NamedTuple

import jax
import ml_collections
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
    Tree,
    adam,
    check_divides,
    move_average,
    noise_keys,
)
from gait_jax.methods.noise_gan import NETWORKS, NoiseGAN
from gait_jax.models import layout
from gait_jax.models.discriminators import ContourDiscriminator, TemporalDiscriminator
from gait_jax.models.generators import GaitGenerator, total_stride
from gait_jax.runtime import keys, parallel

NOISE_GAN = "noise_gan"
# The ablation of 2019, figure 7: the Gaussian seed itself in place of G_N's contour.
GAUSSIAN = "gaussian"
# Body heights: how far a coordinate of real contours spreads.
_GAUSSIAN_SPREAD = 0.2


def noise_gan_config(config: ml_collections.ConfigDict) -> ml_collections.ConfigDict:
    """The configuration of the run that pre-trains G_N: `config.noise_gan` on single frames."""
    sub = ml_collections.ConfigDict(config.noise_gan.to_dict())
    sub.data = ml_collections.ConfigDict(config.data.to_dict() | sub.data.to_dict())
    return sub


def mean_counts(counts: jax.Array) -> jax.Array:
    """The mean number of valid points over a sequence's frames: [B, T] → [B] int32."""
    return jnp.round(counts.mean(1)).astype(jnp.int32)


class _Generated(NamedTuple):
    """A batch and what G makes of it.

    Attributes:
      gait: Y [B, T, P, 2].
      mask: [B, T, P], 1 where a point is valid.
      noise: ẑ₁ [B, P, 2].
      both: [B, T, P], 1 where Y and ẑ₁ are.
      fake: Ŷ, as Y.
      back: from the gradient of a loss by Ŷ to that by G's parameters.
    """

    gait: jax.Array
    mask: jax.Array
    noise: jax.Array
    both: jax.Array
    fake: jax.Array
    back: Callable[[jax.Array], tuple[Tree]]


class STGAN(ContourMethod):
    """Trains G to change a gait towards random noise while D_S and D_T hold it to the natural."""

    FIELDS = {
        **fields.TRAINING,
        **CONTOUR_DATA,
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
        "noise": fields.one_of(NOISE_GAN, GAUSSIAN),
        "noise_gan.checkpoint": fields.text,
        "noise_gan.data.group": fields.text,
        "noise_gan.data.frames": fields.whole(),
        "noise_gan.data.stride": fields.whole(),
        **fields.below(NOISE_GAN, fields.TRAINING | NETWORKS),
    }

    def __init__(self, config):
        super().__init__(config)
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
        self.noise_gan = NoiseGAN(noise_gan_config(config))
        self.optimizers = {
            "generator": adam(config.optimizer),
            "spatial": adam(config.optimizer_d),
            "temporal": adam(config.optimizer_d),
        }

    @staticmethod
    def prerequisites(config) -> dict[str, ml_collections.ConfigDict]:
        return {NOISE_GAN: noise_gan_config(config)} if config.noise == NOISE_GAN else {}

    def init(self, pretrained=None, statistics=None) -> State:
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
        frozen = {}
        if self.config.noise == NOISE_GAN:
            noise = pretrained[NOISE_GAN] if pretrained else self.noise_gan.init()
            frozen[NOISE_GAN] = noise.ema["generator"]
        return State(
            step=jnp.zeros((), jnp.int32),
            params=params,
            opt={name: self.optimizers[name].init(p) for name, p in params.items()},
            ema={"generator": params["generator"]},
            frozen=frozen,
        )

    def _noise(self, state: State, noise_keys, counts) -> tuple[jax.Array, jax.Array]:
        """ẑ₁ [B, P, 2], the contour that is copied to every frame, and its mask [B, P].

        In the padded layout it is laid out on `counts` [B] points.
        """
        if self.config.noise == GAUSSIAN:
            shape = (self.config.data.points, 2)
            draw = lambda key: _GAUSSIAN_SPREAD * jax.random.normal(key, shape)  # noqa: E731
            noise = jax.vmap(draw)(noise_keys)
        else:
            noise = self.noise_gan.draw(state.frozen[NOISE_GAN], noise_keys)
        if self._cyclic:
            return noise, jnp.ones(noise.shape[:2])
        return layout.lay_out(noise, counts), layout.valid_mask(counts, noise.shape[1])

    def _batch_noise(self, state: State, batch: Batch) -> tuple[jax.Array, jax.Array]:
        return self._noise(state, noise_keys(batch), mean_counts(batch["counts"]))

    def apply(
        self,
        state: State,
        contours: jax.Array,
        counts: jax.Array,
        noise_keys: jax.Array,
        noise_counts: jax.Array,
    ) -> tuple[jax.Array, jax.Array]:
        """Anonymises gaits with the running mean of G.

        Args:
          state: a trained state.
          contours: Y [B, T, P, 2] in body heights.
          counts: [B, T] int32 valid points.
          noise_keys: [B] random keys, one noise contour a sequence.
          noise_counts: [B] int32 points that a padded noise contour has (see `mean_counts`): the
            same for all parts of one sequence.

        Returns:
          (Ŷ [B, T, P, 2], ẑ₁ [B, P, 2]), both in body heights.
        """
        noise, noise_mask = self._noise(state, noise_keys, noise_counts)
        mask = layout.valid_mask(counts, contours.shape[2])
        return self.generator.apply(
            state.ema["generator"], contours, mask, noise, noise_mask
        ), noise

    def _frames(self, params, gait, mask) -> jax.Array:
        flat = lambda x: x.reshape(-1, *x.shape[2:])  # noqa: E731
        return self.spatial.apply(params, flat(gait), flat(mask))

    def _generate(self, state: State, batch: Batch) -> _Generated:
        gait, counts = batch["contours"], batch["counts"]
        mask = layout.valid_mask(counts, gait.shape[2])
        noise, noise_mask = self._batch_noise(state, batch)
        fake, back = jax.vjp(
            lambda p: self.generator.apply(p, gait, mask, noise, noise_mask),
            state.params["generator"],
        )
        # L_Per compares where both contours have points.
        return _Generated(gait, mask, noise, mask * noise_mask[:, None], fake, back)

    def _d_loss(self, p, made: _Generated) -> tuple[jax.Array, Metrics]:
        gait, fake, mask = made.gait, made.fake, made.mask
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

    def _g_loss(self, p, made: _Generated, fake: jax.Array) -> tuple[jax.Array, Metrics]:
        weights, gait, mask, noise = self.config.loss, made.gait, made.mask, made.noise[:, None]
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
            "from_original": losses.contour_distance(gait, fake, mask),
            "from_noise": losses.contour_distance(noise, fake, made.both),
        }

    def train_step(self, state: State, batch: Batch) -> tuple[State, Metrics]:
        config, params = self.config, state.params
        new_params, new_opt = {}, {}

        def update(name, grads):
            updates, new_opt[name] = self.optimizers[name].update(
                parallel.mean(grads), state.opt[name]
            )
            new_params[name] = optax.apply_updates(params[name], updates)

        # Both steps are about the same gaits; in parts they are generated twice, not kept.
        kept = self._generate(state, batch) if config.accumulate == 1 else None

        # First step: G is fixed, D_S and D_T maximise eqs 2 and 3.
        def d_gradients(part):
            made = kept or self._generate(state, part)
            discriminators = {name: params[name] for name in ("spatial", "temporal")}
            return jax.grad(self._d_loss, has_aux=True)(discriminators, made)

        grads, metrics = parallel.accumulate(d_gradients, batch, config.accumulate)
        for name, g in grads.items():
            update(name, g)

        # Second step: D_S and D_T are fixed, G minimises eq 8.
        def g_gradients(part):
            made = kept or self._generate(state, part)
            loss = lambda generated: self._g_loss(new_params, made, generated)  # noqa: E731
            (_, parts), grads_fake = jax.value_and_grad(loss, has_aux=True)(made.fake)
            return made.back(grads_fake)[0], parts

        grads, parts = parallel.accumulate(g_gradients, batch, config.accumulate)
        update("generator", grads)
        metrics |= parts
        return state.replace(
            step=state.step + 1,
            params=new_params,
            opt=new_opt,
            ema={
                "generator": move_average(
                    state.ema["generator"], new_params["generator"], state.step, config.ema_decay
                )
            },
        ), parallel.mean(metrics)

    def evaluate(self, state: State, batch: Batch) -> Metrics:
        gait, counts = batch["contours"], batch["counts"]
        mask = layout.valid_mask(counts, gait.shape[2])
        fake, noise = self.apply(state, gait, counts, noise_keys(batch), mean_counts(counts))
        _, noise_mask = self._batch_noise(state, batch)
        step = lambda x: x[:, 1:] - x[:, :-1]  # noqa: E731
        pairs = mask[:, 1:] * mask[:, :-1]
        return {
            # ‖Ŷ - Y‖₁, ‖Ŷ - Ẑ‖₁ and ‖Y - Ẑ‖₁ a point, in body heights: the identity shows as 0.
            "from_original": losses.contour_distance(gait, fake, mask),
            "from_noise": losses.contour_distance(noise[:, None], fake, mask * noise_mask[:, None]),
            "original_from_noise": losses.contour_distance(
                noise[:, None], gait, mask * noise_mask[:, None]
            ),
            # Movement from frame to frame, as a share of the original's.
            "movement": losses.contour_distance(step(fake), 0.0, pairs)
            / losses.contour_distance(step(gait), 0.0, pairs),
        }

    def samples(self, state: State, batch: Batch) -> dict[str, tuple[jax.Array, jax.Array]]:
        gait, counts = batch["contours"], batch["counts"]
        fake, noise = self.apply(state, gait, counts, noise_keys(batch), mean_counts(counts))
        _, noise_mask = self._batch_noise(state, batch)
        frames = gait.shape[1]
        noise_counts = noise_mask.sum(-1).astype(jnp.int32)
        return {
            "noise": (
                jnp.repeat(noise[:, None], frames, 1),
                jnp.repeat(noise_counts[:, None], frames, 1),
            ),
            "anonymized": (fake, counts),
        }
