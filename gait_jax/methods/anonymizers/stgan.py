"""ST-GAN: a gait generator against a spatial and a temporal discriminator (2019 §3.4)."""

import pathlib
from typing import Any

import jax
import ml_collections
from jax import numpy as jnp

from gait_jax.methods import fields
from gait_jax.methods.anonymizers.contour_gan import ADVERSARIAL, ContourGAN
from gait_jax.methods.anonymizers.contour_generator import Generated
from gait_jax.methods.anonymizers.contours import CONTOUR_DATA, ContourAnonymizer
from gait_jax.methods.anonymizers.noise_gan import (
    NETWORKS,
    NoiseGAN,
    config_within,
    noise_keys,
)
from gait_jax.methods.base import Batch, State
from gait_jax.models import layout
from gait_jax.runtime import homes
from gait_jax.runtime.errors import InputError

NOISE_GAN = "noise_gan"
# The ablation of 2019, figure 7: the Gaussian seed itself in place of G_N's contour.
GAUSSIAN = "gaussian"
# Body heights: how far a coordinate of real contours spreads.
_GAUSSIAN_SPREAD = 0.2


def mean_counts(counts: jax.Array) -> jax.Array:
    """The mean number of valid points over a sequence's frames: [B, T] → [B] int32."""
    return jnp.round(counts.mean(1)).astype(jnp.int32)


class STGAN(ContourGAN):
    """Trains G to change a gait towards random noise, and no further from the original."""

    VERSION = 2
    FIELDS = {
        **fields.TRAINING,
        **CONTOUR_DATA,
        **ADVERSARIAL,
        "noise": fields.one_of(NOISE_GAN, GAUSSIAN),
        "noise_gan.checkpoint": fields.folder,
        "noise_gan.data.group": fields.text,
        "noise_gan.data.frames": fields.whole(),
        "noise_gan.data.stride": fields.whole(),
        **fields.below(NOISE_GAN, fields.WITHIN | NETWORKS),
    }

    def __init__(self, config):
        super().__init__(config)
        self.noise_gan = NoiseGAN(config_within(config))

    def prerequisites(self) -> dict[str, ml_collections.ConfigDict | pathlib.Path]:
        if self.config.noise != NOISE_GAN:
            return {}
        given = self.config.noise_gan.checkpoint
        return {NOISE_GAN: homes.expanded(given) if given else self.noise_gan.config}

    def facts(self) -> dict[str, Any]:
        return super().facts() | {"noise": self.config.noise}

    def anonymizer(self, state: State) -> ContourAnonymizer:
        def apply(state, contours, counts, drawn, noise_counts):
            noise_keys = jax.random.wrap_key_data(drawn)
            return self.apply(state, contours, counts, noise_keys, noise_counts)

        def noise(state, drawn):
            every_point = jnp.full(1, self.config.data.points)
            keys = jax.random.wrap_key_data(drawn)[None]
            return self._noise(state, keys, every_point, self.config.data.points)[0][0]

        return ContourAnonymizer(apply, state, self.config.data, noise=noise)

    def _frozen(self, prerequisites, statistics):
        del statistics
        if self.config.noise != NOISE_GAN:
            return {}
        return {NOISE_GAN: self._noise_parameters(prerequisites)}

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

    def _noise(self, state: State, noise_keys, counts, room: int) -> tuple[jax.Array, jax.Array]:
        """ẑ₁ [B, Q, 2], the contour that is copied to every frame, and its mask [B, Q].

        In the padded layout it is on `counts` [B] points of Q, the room: G_N's contour laid out on
        them. In the other one the room is all of P.
        """
        if self.config.noise == GAUSSIAN:
            shape = (self.config.data.points, 2)
            draw = lambda key: _GAUSSIAN_SPREAD * jax.random.normal(key, shape)  # noqa: E731
            noise = jax.vmap(draw)(noise_keys)
            if not self._cyclic:
                # Drawn on the points themselves: numbers between two of them would spread less.
                mask = layout.valid_mask(counts, room)
                return noise[:, :room] * mask[..., None], mask
        else:
            noise = self.noise_gan.draw(state.frozen[NOISE_GAN], noise_keys)
        if self._cyclic:
            return noise, jnp.ones(noise.shape[:2])
        return layout.lay_out(noise, counts, room), layout.valid_mask(counts, room)

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
          contours: Y [B, T, Q, 2] in body heights (see `generate`).
          counts: [B, T] int32 valid points.
          noise_keys: [B] random keys, one noise contour a sequence.
          noise_counts: [B] int32 points that a padded noise contour has (see `mean_counts`): the
            same for all parts of one sequence.

        Returns:
          Ŷ [B, T, Q, 2] in body heights.
        """
        noise, noise_mask = self._noise(state, noise_keys, noise_counts, contours.shape[2])
        return self.generate(state.ema["generator"], contours, counts, noise, noise_mask)

    def _made(self, state: State, params, batch: Batch) -> Generated:
        gait, counts = batch["contours"], batch["counts"]
        room = gait.shape[2]
        noise, noise_mask = self._noise(state, noise_keys(batch), mean_counts(counts), room)
        fake = self.generate(params, gait, counts, noise, noise_mask)
        mask = layout.valid_mask(counts, room)
        noise, noise_mask = noise[:, None], noise_mask[:, None]
        return Generated(fake, gait, mask, noise, noise_mask, mask * noise_mask)
