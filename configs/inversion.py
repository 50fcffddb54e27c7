r"""Inversion: a network that gives the originals' contours back from a run's anonymised ones.

    python -m gait_jax.train --config=configs/inversion.py:anonymized_by=runs/stgan \
        --workdir=runs/inversion

It is an attack, not an anonymiser: `configs/attackers.py` trains one for each anonymiser that it
measures, and asks recognisers whom its results show.

Time: on walkers, 133 seconds of processor time for its 1,500 steps (9 minutes on two cores with
much other work beside it), once the gaits are anonymised and traced.
Result: of the shipped ST-GAN, one draw of noise, people held out: the distance to the original, in
l1 a point, falls from 0.0387 to 0.0281 body heights. Of 208 walks of 13 test people in four views
zheng2011 finds 54 % in what is given back (45 to 63), 43 % in the anonymised gaits (30 to 56), 78 %
in the originals and 8 % by the mean gait and by a guess.

Arguments:
    data           walkers (the default), casia_a or casia_b
    groups         few: for a set of a dozen people, as casia_a always has it
    anonymized_by  the run, or exported model, that is to be inverted; it has to be given
"""

import ml_collections

from configs import common

ARGUMENTS = {"data": "walkers", "groups": ("", "few"), "anonymized_by": ""}


def get_config(arg: str = "") -> ml_collections.ConfigDict:
    """The configuration for the arguments above."""
    arg = common.parse_arg(arg, **ARGUMENTS)
    c = ml_collections.ConfigDict()
    # The method to train.
    c.method = "contour_inversion"
    c.update(
        common.training(batch_size=8, train_steps=1500, log_every=25, eval_every=250, eval_batch=32)
    )
    c.data = common.recogniser_data(arg)
    # Points of a contour, at equal arc length and closed.
    c.data.points = 256
    # Frames of a window, and from one window's start to the next one's.
    c.data.frames = 16
    c.data.stride = 4
    c.network = ml_collections.ConfigDict()
    # Channels of its convolutions along the outline; backwards on the way back.
    c.network.widths = (32, 64, 128)
    c.loss = ml_collections.ConfigDict()
    # Distance of what is given back to the original: l1 (eq 6 of Tieu et al. 2019) or l2, squared.
    c.loss.norm = "l1"
    c.optimizer = common.adam(3e-3, b1=0.9)
    c.optimizer.schedule = "cosine"
    c.optimizer.warmup = 50
    c.optimizer.decay_steps = (1500,)
    # Of the running mean of the parameters, which is what is used after training.
    c.ema_decay = 0.99
    return c
