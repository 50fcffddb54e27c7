r"""An onlooker: a small 3-D ResNeXt that tells walking from what is none, for the video score.

    python -m gait_jax.train --config=configs/resnext3d.py --workdir=runs/resnext3d

It learns from clips in colour of made people alone, filmed at the first start, whom no data set
has: nothing has to be given.

Time: two CPU cores with much other work beside it, filming 14 minutes, training 8; a step is a
quarter of a second of processor time.
Result: of a walk and a no walk of people whom it has not seen, the walk is the surer one in 0.998
of pairs where the other is frozen, slides or is shuffled, 0.96 where two walks are cut together,
0.62 where the halves of the body are apart, and 0.56 where it is played backwards.

Arguments:
    form  large: for a GPU or TPU, more people, larger pictures and twice the channels; it was not
          measured
"""

import ml_collections

from configs import common

ARGUMENTS = {"form": ("", "large")}


def get_config(arg: str = "") -> ml_collections.ConfigDict:
    """The configuration for the arguments above."""
    large = common.parse_arg(arg, **ARGUMENTS).form == "large"
    c = ml_collections.ConfigDict()
    # The method to train.
    c.method = "resnext3d"
    c.update(
        common.training(batch_size=16, train_steps=500, log_every=25, eval_every=250, eval_batch=96)
    )
    c.data = ml_collections.ConfigDict()
    # Where the clips are kept; TFDS's own folder where empty.
    c.data.data_dir = ""
    # How many walks are filmed to train on, and how many to watch.
    c.data.clips = 4000 if large else 480
    c.data.held_out = 96
    # Frames of a clip, at 12.5 a second.
    c.data.frames = 16
    # Rows and columns of the squares that follow the person.
    c.data.size = 64 if large else 48
    # Their sides, in the person's heights.
    c.data.reach = 1.25
    c.network = ml_collections.ConfigDict()
    # Channels of the first layer, and of the middles of the blocks by stage.
    c.network.stem = 64 if large else 32
    c.network.widths = (64, 128, 256) if large else (32, 64, 128)
    # Blocks by stage.
    c.network.blocks = (1, 2, 1)
    # Groups of channels that do not see each other.
    c.network.cardinality = 8
    c.optimizer = common.adam(2e-3, b1=0.9)
    c.optimizer.schedule = "cosine"
    c.optimizer.decay_steps = (500,)
    c.optimizer.clip_norm = 1.0
    # Of the running mean of the parameters, which is what looks on.
    c.ema_decay = 0.98
    return c
