r"""ST-GAN on outlines resampled to 512 points at equal arc length, closed into a ring.

    python -m gait_jax.train --config=configs/stgan_resampled.py --workdir=runs/stgan_resampled

On a machine without data it makes synthetic walkers and trains on them. The real sets:

    python -m gait_jax.train --config=configs/stgan_resampled.py:casia_a \
        --config.data.manual_dir=DIR --workdir=runs/resampled

On CASIA-A's ten subjects, two CPU cores: about 6 minutes; on the test subjects 99.5 % of frames are
one person-sized region, the outline is 0.94 of the original's length, and ‖Ŷ-Y‖₁ is 0.032 body
heights a point.
"""

import importlib.util
import pathlib

import ml_collections

_spec = importlib.util.spec_from_file_location(
    "_stgan", pathlib.Path(__file__).with_name("stgan.py")
)
_stgan = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_stgan)


def get_config(dataset: str = "walkers") -> ml_collections.ConfigDict:
    """The configuration for a data set: walkers (synthetic), casia_a or casia_b."""
    c = _stgan.get_config(dataset)
    c.data.layout = "resampled"
    c.data.points = 512
    c.train_steps = 2000
    c.loss.norm = "l2"
    c.loss.contour = 500.0
    # At 2e-4 D_T now and then outran G late in a run and pushed it far from the gait.
    c.optimizer_d.learning_rate = 1e-4
    c.noise_gan.generator.stride = 8
    c.noise_gan.discriminator.pool = 4
    return c
