r"""Zheng et al. (2011): robust PCA, partial least squares, view transformations; recognises people.

    python -m gait_jax.train --config=configs/zheng2011.py --workdir=runs/zheng2011

It is computed at once, not trained by steps.

Time: on four of walkers' eleven views, two CPU cores with much other work on them, a minute once
the images are made.
Result: on these four, of exact silhouettes' images, it knows of the 13 test people 98 % (nm), 78 %
(bg) and 47 % (cl) in the same view, and 43 % (nm) from other views; by 15 directions, of 16 people.

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
    c = ml_collections.ConfigDict()
    # The method.
    c.method = "zheng2011"
    # Of the noise in anonymised gaits; the method draws none.
    c.seed = 0

    c.data = common.recogniser_data(arg)
    # Rows and columns of the images.
    c.data.size = 64
    # What they are of: sequence, or cycle, the middle one of its gait cycles.
    c.data.energy = "sequence"

    # Room for PLS features a view: as many are taken as tell the people apart, one less than these.
    c.components = 128
    # Room for directions of the subspace that all views share: as many are taken as hold `energy`.
    c.rank = 96
    # Share of the low-rank part's squares that these directions hold.
    c.energy = 0.999999
    # Weight of robust PCA's sparse part. Of a dozen images, it would take for sparse what tells the
    # people apart: there, more than 1.
    c.robustness = 1.0
    # At most so many different views. Not of the papers: it fixes the size of what is kept.
    c.views = 24
    return c
