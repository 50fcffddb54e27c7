r"""The DCGAN anonymiser (2020's reference 8): whole gaits from torn silhouettes.

    python -m gait_jax.train --config=configs/dcgan.py --workdir=runs/dcgan

On a machine without data it makes synthetic walkers and trains on them. A real set:

    python -m gait_jax.train --config=configs/dcgan.py:data=casia_a \
        --config.data.manual_dir=DIR --workdir=runs/dcgan

Time: on walkers, one busy core, 1000 steps in about 5 minutes.
Result: after 1000 steps, of 14 walkers outside the training (benchmarks/incomplete.py, all views),
98.6 % of frames are one whole person where silhouettes are incomplete (98.0 to 99.1; the
silhouettes themselves 61) and 99.6 % where they are complete; the IoU with the complete original is
0.78 and 0.81. On the walks of configs/papers/apsipa2020.py it is 99.6 % (98.9 to 100.0).

Arguments:
    data           walkers (the default), casia_a or casia_b
    groups         few: for a set of a dozen people, as casia_a always has it
    anonymized_by  a run that anonymises, whose gaits to train on in place of the originals
"""

import ml_collections

from configs import common

ARGUMENTS = {"data": "walkers", "groups": ("", "few"), "anonymized_by": ""}


def get_config(arg: str = "") -> ml_collections.ConfigDict:
    """The configuration for the arguments above."""
    arg = common.parse_arg(arg, **ARGUMENTS)
    few = common.is_few(arg)
    c = ml_collections.ConfigDict()
    # The method to train.
    c.method = "dcgan"
    c.update(
        common.training(
            batch_size=32, train_steps=2000, log_every=50, eval_every=500, eval_batch=64
        )
    )

    c.data = common.data(
        arg.data,
        groups="few" if few else "apsipa2020",
        group="train" if few else "baseline",
        validation_group="validation" if few else "recogniser",
        anonymized_by=arg.anonymized_by,
    )
    # Every so-manyth frame of a sequence.
    c.data.stride = 2
    # Rows of a picture, of which a whole person takes four fifths.
    c.data.size = 64
    # Columns of it.
    c.data.columns = 48
    # Share of the pictures that G is shown torn as segmentation tears them; the others are whole.
    c.data.torn = 0.8
    # The random vector, not given: a grid of pushes to the right and down, and how far they push on
    # average, as a share of the rows.
    c.data.noise = ml_collections.ConfigDict({"grid": (5, 3), "reach": 0.03})

    # Channels of G's encoder and backwards of its decoder, and units of the code. Not given.
    c.generator = ml_collections.ConfigDict({"widths": (8, 16, 32, 64), "hidden": 256})
    # Channels of D. Not given.
    c.discriminator = ml_collections.ConfigDict({"widths": (8, 16, 32, 64)})

    c.loss = ml_collections.ConfigDict()
    # Weight of the distance from the noise gait beside that from the original. Pixel by pixel the
    # nearer one to 0.5 of what is drawn wins: below 1, that is the original itself.
    c.loss.alpha = 2.0
    # Weight of both distances beside D's judgement.
    c.loss.picture = 20.0
    # Whether G minimises log(1 - D) in place of -log D.
    c.loss.saturating = False

    # As Radford et al. (2016), but for G's step.
    c.optimizer = common.adam(1e-3, b1=0.5)
    # Of D.
    c.optimizer_d = common.adam(2e-4, b1=0.5)
    # Of the running mean of G's parameters, which is what is used after training.
    c.ema_decay = 0.99
    return c
