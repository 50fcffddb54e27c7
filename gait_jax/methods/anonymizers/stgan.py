"""ST-GAN: a gait generator against a spatial and a temporal discriminator (2019 §3.4)."""

import pathlib
from typing import Any, NamedTuple

import jax
import ml_collections
from jax import numpy as jnp

from gait_jax import losses
from gait_jax.gait.codec import RESAMPLED
from gait_jax.methods import fields
from gait_jax.methods.adversarial import two_phase_step
from gait_jax.methods.anonymizers.contours import CONTOUR_DATA, ContourAnonymizer, ContourMethod
from gait_jax.methods.anonymizers.noise_gan import NETWORKS, NoiseGAN, config_within
from gait_jax.methods.base import Batch, Metrics, State, check_divides, noise_keys
from gait_jax.methods.optimizers import adam
from gait_jax.models import layout
from gait_jax.models.discriminators import ContourDiscriminator, TemporalDiscriminator
from gait_jax.models.generators import GaitGenerator, total_stride
from gait_jax.runtime import keys
from gait_jax.runtime.errors import InputError

NOISE_GAN = "noise_gan"
# The ablation of 2019, figure 7: the Gaussian seed itself in place of G_N's contour.
GAUSSIAN = "gaussian"
# Body heights: how far a coordinate of real contours spreads.
_GAUSSIAN_SPREAD = 0.2


def mean_counts(counts: jax.Array) -> jax.Array:
    """The mean number of valid points over a sequence's frames: [B, T] → [B] int32."""
    return jnp.round(counts.mean(1)).astype(jnp.int32)


class _Generated(NamedTuple):
    """What G makes of a batch, and what belongs to it.

    Attributes:
      fake: Ŷ [B, T, P, 2].
      gait: Y, likewise.
      mask: [B, T, P], 1 where a point is valid.
      noise: ẑ₁ [B, P, 2].
      both: [B, T, P], 1 where Y and ẑ₁ are valid: L_Per compares there.
    """

    fake: jax.Array
    gait: jax.Array
    mask: jax.Array
    noise: jax.Array
    both: jax.Array


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
        "noise_gan.checkpoint": fields.folder,
        "noise_gan.data.group": fields.text,
        "noise_gan.data.frames": fields.whole(),
        "noise_gan.data.stride": fields.whole(),
        **fields.below(NOISE_GAN, fields.WITHIN | NETWORKS),
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
        self.noise_gan = NoiseGAN(config_within(config))
        self.optimizers = {
            "generator": adam(config, "optimizer"),
            "spatial": adam(config, "optimizer_d"),
            "temporal": adam(config, "optimizer_d"),
        }

    def prerequisites(self) -> dict[str, ml_collections.ConfigDict | pathlib.Path]:
        if self.config.noise != NOISE_GAN:
            return {}
        given = self.config.noise_gan.checkpoint
        return {NOISE_GAN: pathlib.Path(given).expanduser() if given else self.noise_gan.config}

    def facts(self) -> dict[str, Any]:
        return {"alpha": self.config.loss.alpha, "noise": self.config.noise}

    def anonymizer(self, state: State) -> ContourAnonymizer:
        return ContourAnonymizer(self.apply, state, self.config.data)

    def _noise_parameters(self, prerequisites) -> Any:
        """G_N's parameters; those of a run are held against this configuration's networks."""
        if not prerequisites:
            return self.noise_gan.init().ema["generator"]
        run = prerequisites[NOISE_GAN]
        shapes = lambda tree: jax.tree.map(lambda x: x.shape, tree)  # noqa: E731
        if shapes(run.state.ema) != shapes(jax.eval_shape(self.noise_gan.init).ema):
            raise InputError(
                f"{run.workdir} (noise_gan.checkpoint) was trained with networks of other sizes: "
                "set noise_gan.generator and data.points as in its config.json, or leave "
                "noise_gan.checkpoint empty"
            )
        return run.state.ema["generator"]

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
        frozen = {}
        if self.config.noise == NOISE_GAN:
            frozen[NOISE_GAN] = self._noise_parameters(prerequisites)
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

    def apply(
        self,
        state: State,
        contours: jax.Array,
        counts: jax.Array,
        noise_keys: jax.Array,
        noise_counts: jax.Array,
    ) -> jax.Array:
        """Anonymises gaits with the running mean of G.

        Args:
          state: a trained state.
          contours: Y [B, T, P, 2] in body heights.
          counts: [B, T] int32 valid points.
          noise_keys: [B] random keys, one noise contour a sequence.
          noise_counts: [B] int32 points that a padded noise contour has (see `mean_counts`): the
            same for all parts of one sequence.

        Returns:
          Ŷ [B, T, P, 2] in body heights.
        """
        noise, noise_mask = self._noise(state, noise_keys, noise_counts)
        mask = layout.valid_mask(counts, contours.shape[2])
        return self.generator.apply(state.ema["generator"], contours, mask, noise, noise_mask)

    def _made(self, state: State, params, batch: Batch) -> tuple[_Generated, jax.Array]:
        """(what G with some parameters makes of a batch, ẑ₁'s mask [B, P])."""
        gait, counts = batch["contours"], batch["counts"]
        mask = layout.valid_mask(counts, gait.shape[2])
        noise, noise_mask = self._noise(state, noise_keys(batch), mean_counts(counts))
        fake = self.generator.apply(params, gait, mask, noise, noise_mask)
        return _Generated(fake, gait, mask, noise, mask * noise_mask[:, None]), noise_mask

    def _frames(self, params, gait, mask) -> jax.Array:
        flat = lambda x: x.reshape(-1, *x.shape[2:])  # noqa: E731
        return self.spatial.apply(params, flat(gait), flat(mask))

    def _d_loss(self, p, made: _Generated, batch: Batch) -> tuple[jax.Array, Metrics]:
        """Eqs 2 and 3."""
        del batch
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

    def _g_loss(self, p, fake, made: _Generated, batch: Batch) -> tuple[jax.Array, Metrics]:
        """Eq 8."""
        del batch
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
        gait, fake, mask, noise = made.gait, made.fake, made.mask, made.noise[:, None]
        step = lambda x: x[:, 1:] - x[:, :-1]  # noqa: E731
        pairs = mask[:, 1:] * mask[:, :-1]
        return {
            # ‖Ŷ - Y‖₁, ‖Ŷ - Ẑ‖₁ and ‖Y - Ẑ‖₁ a point, in body heights: the identity shows as 0.
            "from_original": losses.contour_distance(gait, fake, mask),
            "from_noise": losses.contour_distance(noise, fake, made.both),
            "original_from_noise": losses.contour_distance(noise, gait, made.both),
            # Movement from frame to frame, as a share of the original's.
            "movement": losses.contour_distance(step(fake), 0.0, pairs)
            / losses.contour_distance(step(gait), 0.0, pairs),
        }

    def samples(self, state: State, batch: Batch) -> dict[str, tuple[jax.Array, jax.Array]]:
        made, noise_mask = self._made(state, state.ema["generator"], batch)
        frames = made.gait.shape[1]
        noise_counts = noise_mask.sum(-1).astype(jnp.int32)
        return {
            "noise": (
                jnp.repeat(made.noise[:, None], frames, 1),
                jnp.repeat(noise_counts[:, None], frames, 1),
            ),
            "anonymized": (made.fake, batch["counts"]),
        }
