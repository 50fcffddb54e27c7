r"""The papers' baseline, Tieu et al. (2017) as 2019 describes it: another person's gait as noise.

    python -m gait_jax.train --config=configs/tieu2017.py --workdir=runs/tieu2017

On a machine without data it makes synthetic walkers and trains on them. A real set:

    python -m gait_jax.train --config=configs/tieu2017.py:data=casia_a \
        --config.data.manual_dir=DIR --workdir=runs/tieu2017

The run, and what is exported of it, holds the recorded gaits that serve as noise: those of the
people whom it was trained on.

Time: on walkers, two CPU cores that were shared with other work, 10 minutes.
Result: on walkers outside the training ‖Ŷ-Y‖₁ is 0.031 body heights a point, ‖Ŷ-Ẑ‖₁ 0.082;
movement is 0.73 of the original's. Of 215 walks of test people success against zheng2011 is 79 %
(clean error 30), the view is read right in 69 %, and 1.4 % are taken for the noise's person (before
0, chance 5.6).

Arguments:
    data           walkers (the default), casia_a or casia_b
    groups         few: for a set of a dozen people, as casia_a always has it
    anonymized_by  a run that anonymises, whose gaits to train on in place of the originals
"""

import ml_collections

from configs import stgan_resampled

ARGUMENTS = stgan_resampled.ARGUMENTS


def get_config(arg: str = "") -> ml_collections.ConfigDict:
    """The configuration for the arguments above."""
    c = stgan_resampled.get_config(arg)
    c.method = "tieu2017"
    # No random noise, and nobody who judges: reconstruction alone holds the result to the natural.
    del c.noise, c.noise_gan, c.discriminators, c.optimizer_d
    del c.loss.saturating, c.loss.spatial, c.loss.temporal
    c.train_steps = 1500
    # The gaits of the training group that serve as noise.
    c.data.noise = ml_collections.ConfigDict()
    # Room for walks: at least one of each person in each view. Where there are more, the first ones
    # of each stay.
    c.data.noise.walks = 256
    # Frames that are kept of each; a noise gait that is over begins again.
    c.data.noise.frames = 64
    # Of so many people who walk about as long in the same view, the least alike is the noise.
    c.data.noise.candidates = 3
    return c
