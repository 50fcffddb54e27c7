"""ST-GAN's networks with another target: the same walk on another body.

In the paper G is held to the original (2019, eq 6) and pulled a little away from it (eq 7), so that
the person stays in the result. Here the walk of a twin stands for Y in eq 6, and a contour of the
twin's body for ẑ₁: what tells people apart can come from there alone.
"""

import jax
import numpy as np
from jax import numpy as jnp

from gait_jax import losses
from gait_jax.gait.codec import RESAMPLED
from gait_jax.methods import fields
from gait_jax.methods.anonymizers.contour_gan import ADVERSARIAL, ContourGAN
from gait_jax.methods.anonymizers.contour_generator import Generated
from gait_jax.methods.anonymizers.contours import CONTOUR_DATA, ContourAnonymizer
from gait_jax.methods.base import Batch, Metrics, State
from gait_jax.models import layout
from gait_jax.runtime import keys
from tfds_casia.walkers import standin

# What G is held to: the twin's walk, or, as in the paper, the original.
TWIN, ORIGINAL = "twin", "original"


class TwinSTGAN(ContourGAN):
    """Trains G to give a walk to the body whose contour it is shown.

    Batches are those of `data.twin_clips`.
    """

    VERSION = 2
    NEEDS_GAITS = False
    FIELDS = {
        **fields.TRAINING,
        "target": fields.one_of(TWIN, ORIGINAL),
        **ADVERSARIAL,
        "data.data_dir": fields.folder,
        "data.clips": fields.whole(),
        "data.held_out": fields.whole(),
        "data.frames": fields.whole(),
        "data.points": CONTOUR_DATA["data.points"],
        "data.layout": fields.one_of(RESAMPLED),
    }

    def __init__(self, config):
        super().__init__(config)
        self.target = config.target

    def open_data(self, dataset, prerequisites, progress):
        from gait_jax.data.twin_clips import twin_data

        del dataset, prerequisites
        return twin_data(self.config.data, self.config.seed, progress)

    def facts(self):
        return super().facts() | {"target": self.target, "noise": "the body of a stand-in"}

    def anonymizer(self, state: State) -> ContourAnonymizer:
        from gait_jax.data.twin_clips import portrayed

        def draw(key: jax.Array) -> np.ndarray:
            return portrayed(standin.draw(keys.number_of(key)), self.config.data.points)

        def apply(state, contours, counts, noise, noise_counts):
            # A closed contour has all of its points.
            del noise_counts
            params = state.ema["generator"]
            return self.generate(params, contours, counts, noise, jnp.ones(noise.shape[:2]))

        return ContourAnonymizer(apply, state, self.config.data, draw, lambda _, drawn: drawn)

    def _made(self, state: State, params, batch: Batch) -> Generated:
        del state
        noise, target = batch["noise"], batch["twins" if self.target == TWIN else "contours"]
        noise_mask = jnp.ones(noise.shape[:2])
        fake = self.generate(params, batch["contours"], batch["counts"], noise, noise_mask)
        mask = layout.valid_mask(batch["counts"], target.shape[2])
        return Generated(fake, target, mask, noise[:, None], noise_mask[:, None], mask)

    def evaluate(self, state: State, batch: Batch) -> Metrics:
        made = self._made(state, state.ema["generator"], batch)
        gait, twins = batch["contours"], batch["twins"]
        distance = lambda a, b: losses.contour_distance(a, b, made.mask)  # noqa: E731
        # The person shows where the result is nearer to the original than to the twin.
        return super().evaluate(state, batch) | {
            "from_original": distance(gait, made.fake),
            "from_twin": distance(twins, made.fake),
            "twin_from_original": distance(gait, twins),
        }
