"""The papers' baseline: another person's recorded gait as noise (Tieu et al. 2017).

As 2019 describes it: the generator is ST-GAN's, the noise is a gait, and nothing judges the result.
Its paper is not printed there, so that this is what was taken: the loss is eqs 6 and 7 of 2019 with
the noise gait for Ẑ, and holding the result to the original is all that keeps it natural; which
gait is the noise, `gait.noise_gaits.choose` says.
"""

from collections.abc import Sequence
from typing import Any

import jax
import numpy as np
from jax import numpy as jnp

from gait_jax.gait import noise_gaits
from gait_jax.gait.codec import PADDED
from gait_jax.methods import descent, fields
from gait_jax.methods.anonymizers.contour_generator import GENERATOR, ContourGenerator, Generated
from gait_jax.methods.anonymizers.contours import CONTOUR_DATA, ContourAnonymizer, Person
from gait_jax.methods.base import Batch, Metrics, State
from gait_jax.methods.contracts import Seen
from gait_jax.models import layout

NOISE_GAITS = "noise_gaits"


class Tieu2017(ContourGenerator):
    """Trains G to lead a gait towards another person's.

    What it learned holds the gaits of the training people that serve as noise.
    """

    FIELDS = {
        **fields.TRAINING,
        **CONTOUR_DATA,
        **GENERATOR,
        "data.noise.walks": fields.whole(2),
        "data.noise.frames": fields.whole(),
        "data.noise.candidates": fields.whole(2),
    }

    def open_data(self, dataset, prerequisites, progress):
        from gait_jax.data.noise_gaits import noisy_data

        del prerequisites
        return noisy_data(dataset, self.config.data, progress)

    def facts(self) -> dict[str, Any]:
        return super().facts() | {"noise": "another person's gait"}

    def _frozen(self, prerequisites, statistics):
        del prerequisites
        data = self.config.data
        kept = noise_gaits.shapes(data.noise.walks, data.noise.frames, data.points)
        arrays = statistics or {name: np.zeros(*about) for name, about in kept.items()}
        return {NOISE_GAITS: {name: jnp.asarray(array) for name, array in arrays.items()}}

    def _noise(
        self, state: State, frames: jax.Array, counts: jax.Array, room: int
    ) -> tuple[jax.Array, jax.Array]:
        """Ẑ [B, T, Q, 2] of noise frames [B, T], on the gait's own points of Q, and its mask."""
        contours = state.frozen[NOISE_GAITS]["contours"]
        flat = contours.reshape(-1, *contours.shape[2:])
        noise = flat[frames.reshape(-1)].astype(jnp.float32)
        if self.config.data.layout == PADDED:
            noise = layout.lay_out(noise, counts.reshape(-1), room)
        mask = layout.valid_mask(counts, noise.shape[1])
        return noise.reshape(*frames.shape, *noise.shape[1:]), mask

    def apply(
        self, state: State, params, contours: jax.Array, counts: jax.Array, frames: jax.Array
    ) -> Generated:
        """What G makes of gaits, each frame with its own of a noise gait.

        Args:
          state: with the noise gaits.
          params: of G.
          contours: Y [B, T, Q, 2] in body heights (see `ContourGenerator.generate`).
          counts: [B, T] int32 valid points.
          frames: [B, T] int32 places among all frames of noise gaits.
        """
        noise, mask = self._noise(state, frames, counts, contours.shape[2])
        # G takes one noise contour a sequence: each frame is a sequence here.
        alone = lambda x: x.reshape(-1, *x.shape[2:])  # noqa: E731
        fake = self.generate(
            params, alone(contours)[:, None], alone(counts)[:, None], alone(noise), alone(mask)
        )
        return Generated(fake.reshape(contours.shape), contours, mask, noise, mask, mask)

    def _made(self, state: State, params, batch: Batch) -> Generated:
        return self.apply(state, params, batch["contours"], batch["counts"], batch["noise_frames"])

    def train_step(self, state: State, batch: Batch) -> tuple[State, Metrics]:
        def loss(params, part):
            made = self._made(state, params, part)
            metrics = self._contour_terms(made.fake, made)
            total = self._total(metrics, 0.0, 0.0)
            return total, metrics | {"loss_generator": total}

        optimizer, config = self.optimizers["generator"], self.config
        return descent.step(
            state, batch, "generator", optimizer, loss, config.accumulate, config.ema_decay
        )

    def anonymizer(self, state: State) -> "NoiseGaitAnonymizer":
        def apply(state, contours, counts, drawn, noise_counts):
            del noise_counts
            params = state.ema["generator"]
            return self.apply(state, params, contours, counts, drawn[:, None]).fake

        return NoiseGaitAnonymizer(apply, state, self.config.data)


class NoiseGaitAnonymizer(ContourAnonymizer):
    """Gives every person the noise gait that `gait.noise_gaits.choose` says; draws nothing."""

    BORROWS = True

    def __init__(self, apply, state, data):
        """As its parent; `data` says how many people's gaits are looked at, too."""
        gaits = state.frozen[NOISE_GAITS]
        self._candidates, self._names = data.noise.candidates, np.asarray(gaits["names"])
        self._walks = noise_gaits.RecordedWalks.of(gaits)
        self._kept = np.minimum(self._walks.lengths, data.noise.frames)
        self._room = data.noise.frames
        super().__init__(apply, state, data, lambda key: np.int32(0))

    def glimpse(self, mask: np.ndarray, corner: tuple[int, int] = (0, 0)) -> np.ndarray:
        """The outline in few points."""
        del corner
        return noise_gaits.outline(mask)

    def person(self, glimpses: Sequence[np.ndarray | None], key, rate: float) -> Person:
        del key, rate
        outlines = [one for one in glimpses if one is not None]
        chosen = noise_gaits.choose(
            self._walks, len(outlines), np.mean(outlines, axis=0), self._candidates
        )
        return Person(np.int32(chosen), 0)

    def _shown(self, person: Person, one: Seen) -> Person:
        walk = int(person.drawn)
        return Person(np.int32(walk * self._room + one.frame % self._kept[walk]), 0)

    def borrowed(self, person: Person) -> str:
        return noise_gaits.name_of(self._names[person.drawn])
