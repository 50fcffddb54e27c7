"""The DCGAN anonymiser: whole gaits from torn silhouettes (the baseline of 2020, §II-B).

2020 says of it, its reference 8, that it has a DCGAN's architecture, is trained on complete
silhouettes, and gives an unbroken gait whatever the original's quality; nothing else is printed.
What was taken: G encodes a picture of a silhouette and decodes it beside a random vector; D looks
at single pictures. G is shown silhouettes that are torn as segmentation tears them, while D and the
loss only know whole ones. The loss has 2019's eq 8 for its pattern: the adversarial term, the
distance from the whole original (eq 6) and α times that from a noise gait (eq 7), which is the
whole silhouette as the random vector bends it. So the noise decides how the body is changed, and is
the same in all of a person's frames.
"""

from typing import Any

import jax
import numpy as np
from jax import numpy as jnp

from gait_jax import losses
from gait_jax.methods import fields
from gait_jax.methods.adversarial import GENERATOR, two_phase_step
from gait_jax.methods.anonymizers.pictures import PictureAnonymizer
from gait_jax.methods.base import Batch, Metrics, State, TrainedMethod, Tree
from gait_jax.methods.optimizers import adam
from gait_jax.models.dcgan import PictureDiscriminator, PictureGenerator
from gait_jax.runtime import keys

DISCRIMINATOR = "discriminator"
_SHOWN = 16


class DCGAN(TrainedMethod):
    """Trains G to draw whole silhouettes from torn ones, changed by noise.

    Batches are those of `data.torn_pictures`.
    """

    VERSION = 2
    FIELDS = {
        **fields.TRAINING,
        **fields.DATA,
        "data.stride": fields.whole(),
        "data.size": fields.whole(16, 1024),
        "data.columns": fields.whole(16, 1024),
        "data.torn": fields.SHARE,
        "data.noise.grid": fields.wholes(2, 64, fewest=2, longest=2),
        "data.noise.reach": fields.number(0, 1),
        "generator.widths": fields.wholes(),
        "generator.hidden": fields.whole(),
        "discriminator.widths": fields.wholes(),
        "loss.alpha": fields.number(),
        "loss.picture": fields.number(),
        "loss.saturating": fields.flag,
        **fields.below("optimizer", fields.ADAM),
        **fields.below("optimizer_d", fields.ADAM),
    }

    def __init__(self, config):
        super().__init__(config)
        data = config.data
        for network in ("generator", "discriminator"):
            stages = 2 ** len(config[network].widths)
            for name in ("size", "columns"):
                fields.check_divides(
                    f"data.{name}", data[name], f"the stages of {network}.widths", stages
                )
        self.generator = PictureGenerator(
            tuple(config.generator.widths), config.generator.hidden, self.dtype
        )
        self.discriminator = PictureDiscriminator(tuple(config.discriminator.widths), self.dtype)
        self.optimizers = {
            GENERATOR: adam(config, "optimizer"),
            DISCRIMINATOR: adam(config, "optimizer_d"),
        }
        self._numbers = 2 * int(np.prod(data.noise.grid))

    def open_data(self, dataset, prerequisites, progress):
        from gait_jax.data.torn_pictures import torn_data

        del prerequisites
        return torn_data(dataset, self.config.data, progress)

    def facts(self) -> dict[str, Any]:
        return {"alpha": self.config.loss.alpha, "noise": "a random vector"}

    def init(self, prerequisites=None, statistics=None) -> State:
        del prerequisites, statistics
        key, data = keys.stream(self.config.seed, "dcgan"), self.config.data
        pictures = jnp.zeros((1, data.size, data.columns))
        noise = jnp.zeros((1, self._numbers))
        params = {
            GENERATOR: jax.jit(self.generator.init)(jax.random.fold_in(key, 0), pictures, noise),
            DISCRIMINATOR: jax.jit(self.discriminator.init)(jax.random.fold_in(key, 1), pictures),
        }
        return State(
            step=jnp.zeros((), jnp.int32),
            params=params,
            opt={name: self.optimizers[name].init(p) for name, p in params.items()},
            ema={GENERATOR: params[GENERATOR]},
            frozen={},
        )

    def draw(self, params: Tree, seen: jax.Array, noise: jax.Array) -> jax.Array:
        """What G draws: [B, H, W] logits.

        Args:
          params: of G.
          seen: [B, H, W] uint8 of 0..255.
          noise: z [B, Z].
        """
        return self.generator.apply(params, seen.astype(jnp.float32) / 255, noise)

    def _generate(self, params: Tree, batch: Batch):
        drawn, back = jax.vjp(lambda p: self.draw(p, batch["seen"], batch["noise"]), params)
        return (drawn,), back

    def _d_loss(self, params, made, batch: Batch) -> tuple[jax.Array, Metrics]:
        judge = lambda pictures: self.discriminator.apply(params[DISCRIMINATOR], pictures)  # noqa: E731
        real, fake = judge(_shares(batch["whole"])), judge(jax.nn.sigmoid(made[0]))
        loss = losses.discriminator(real, fake)
        return loss, {
            "loss_d": loss,
            "d_real": jax.nn.sigmoid(real).mean(),
            "d_fake": jax.nn.sigmoid(fake).mean(),
        }

    def _g_loss(self, params, drawn, made, batch: Batch) -> tuple[jax.Array, Metrics]:
        del made
        weights = self.config.loss
        judged = self.discriminator.apply(params[DISCRIMINATOR], jax.nn.sigmoid(drawn))
        metrics = {
            "loss_adversarial": losses.generator_adversarial(judged, weights.saturating),
            "loss_reconstruction": losses.silhouette_distance(drawn, _shares(batch["whole"])),
            "loss_perturbation": losses.silhouette_distance(drawn, _shares(batch["bent"])),
        }
        total = losses.generator(
            metrics["loss_adversarial"],
            jnp.zeros(()),
            weights.picture * metrics["loss_reconstruction"],
            weights.picture * metrics["loss_perturbation"],
            weights.alpha,
        )
        return total, metrics | {"loss_generator": total}

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
        drawn = self.draw(state.ema[GENERATOR], batch["seen"], batch["noise"]) > 0
        seen, whole, bent = (batch[name] > 127 for name in ("seen", "whole", "bent"))
        other = self.draw(state.ema[GENERATOR], batch["seen"], -batch["noise"]) > 0
        return {
            # IoU: the identity shows as 1; what is torn off, as the first below the second.
            "seen_and_original": _overlap(seen, whole),
            "from_original": _overlap(drawn, whole),
            "from_noise": _overlap(drawn, bent),
            "original_and_noise": _overlap(whole, bent),
            # With other noise: what does not listen to it has 1.
            "between_noises": _overlap(drawn, other),
        }

    def samples(self, state: State, batch: Batch) -> jax.Array:
        """What G draws, [B, H, W] in 0..1."""
        return jax.nn.sigmoid(self.draw(state.ema[GENERATOR], batch["seen"], batch["noise"]))

    def picture(self, batch: Batch, samples: np.ndarray) -> np.ndarray:
        """Rows: what is shown, whole, bent by the noise, drawn, and drawn beside whole (XOR)."""
        drawn = np.rint(255 * np.asarray(samples)).astype(np.uint8)
        changed = np.where((drawn > 127) != (batch["whole"] > 127), np.uint8(255), np.uint8(0))
        rows = (batch["seen"], batch["whole"], batch["bent"], drawn, changed)
        return np.vstack([np.hstack(row[:_SHOWN]) for row in rows])

    def anonymizer(self, state: State) -> PictureAnonymizer:
        return PictureAnonymizer(self.draw, state.ema[GENERATOR], self.config.data, self._numbers)


def _shares(pictures: jax.Array) -> jax.Array:
    return pictures.astype(jnp.float32) / 255


def _overlap(a: jax.Array, b: jax.Array) -> jax.Array:
    """The mean IoU of [B, H, W] bool pictures."""
    return ((a & b).sum((1, 2)) / jnp.maximum((a | b).sum((1, 2)), 1)).mean()
