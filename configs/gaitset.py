r"""GaitSet (Chao et al. 2019): recognises people by the set of their silhouettes.

    python -m gait_jax.train --config=configs/gaitset.py:data=walkers,form=small \
        --workdir=runs/gaitset

Time: the small form, two CPU cores, about 16 minutes for its 3,500 steps, besides preparing the
data. The published form is for a GPU or TPU and was not trained.
Result: of 40 test walkers the small form, trained on 80 others (when `data.groups=attackers` had
80; it has 60 now), knows 100 % (nm), 97.5 % (bg) and 93.4 % (cl) in the same view, and 75.0 % (nm),
66.8 % (bg) and 60.3 % (cl) from other views.

Arguments:
    data           walkers (the default), casia_a or casia_b
    form           small: for two cores, silhouettes of 32×22, half the width, names besides
                   triplets; without it, the published settings
    groups         few: for a set of a dozen people, as casia_a always has it
    pretrain       walkers: begins with a network that was trained on 60 walkers
    anonymized_by  a run that anonymises, whose gaits to train on in place of the originals
"""

import ml_collections

from configs import common

ARGUMENTS = common.SILHOUETTES


def get_config(arg: str = "") -> ml_collections.ConfigDict:
    """The configuration for the arguments above."""
    arg = common.parse_arg(arg, **ARGUMENTS)
    c = ml_collections.ConfigDict()
    # The method to train.
    c.method = "gaitset"
    c.update(
        common.training(
            batch_size=1, train_steps=80_000, log_every=100, eval_every=5000, eval_batch=1
        )
    )
    c.data = common.recogniser_data(arg)
    c.data.update(common.silhouette_sets(size=64, people=8, sequences=16, frames=30))
    # The workdir of a run of the same network to begin with; it is drawn at random where empty.
    c.pretrained = ""
    # How such a run is trained first where none is given: on another data set; not at all where
    # empty.
    c.pretraining = ml_collections.ConfigDict()
    c.network = ml_collections.ConfigDict()
    # Channels of the blocks.
    c.network.widths = (32, 64, 128)
    # Into how many strips the body is cut, once for each number.
    c.network.parts = (16, 8, 4, 2, 1)
    # Numbers that describe a part.
    c.network.embedding = 256
    # By how much a sequence has to be nearer to its own person than to others.
    c.margin = 0.2
    # A run whose sequences are on average nearer to each other than this many margins stops.
    c.collapsed = 0.05
    c.classifier = common.classifier(weight=0.0)
    c.optimizer = common.sgd_or_adam("adam", 1e-4)
    # Of the running mean of the parameters, which is what recognises; 0 for the last ones.
    c.ema_decay = 0.0

    if arg.form == "small":
        c.data.update(common.silhouette_sets(size=32, people=8, sequences=4, frames=10))
        c.network.widths = (16, 32, 64)
        c.network.parts = (8, 4, 2, 1)
        c.network.embedding = 128
        # Triplets alone collapse on few people.
        c.classifier.weight = 1.0
        c.train_steps = 3500
        c.log_every = 25
        c.eval_every = 250
        c.checkpoint_every = 250
        c.eval_batch = 4
        c.optimizer = common.sgd_or_adam("adam", 1e-3)
        c.optimizer.schedule = "cosine"
        c.optimizer.decay_steps = (3500,)
        c.ema_decay = 0.99
    if common.is_few(arg):
        c.data.pack.people = 4
    if arg.pretrain:
        common.pretrain(c, get_config(f"data={arg.pretrain},form={arg.form}"))
    return c
