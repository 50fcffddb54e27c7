r"""What gaits look like, in numbers learned without anybody's name: to tell how natural others are.

    python -m gait_jax.train --config=configs/gait_windows.py --workdir=runs/gait_windows

Time: on walkers, about 3 minutes of processor time for its 600 steps.
Result: after 400 of them, of 3 people whom it has not seen, it draws frames again to within 5 % of
a pixel's range from their own numbers, and 7 % from those of their windows.

Arguments:
    data    walkers (the default), casia_a or casia_b
    groups  few: for a set of a dozen people, as casia_a always has it
"""

import ml_collections

from configs import common

ARGUMENTS = {"data": "walkers", "groups": ("", "few")}


def get_config(arg: str = "") -> ml_collections.ConfigDict:
    """The configuration for the arguments above."""
    arg = common.parse_arg(arg, **ARGUMENTS)
    c = ml_collections.ConfigDict()
    # The method to train.
    c.method = "gait_windows"
    c.update(
        common.training(batch_size=16, train_steps=600, log_every=50, eval_every=200, eval_batch=32)
    )
    c.data = common.recogniser_data(
        ml_collections.ConfigDict(arg.to_dict() | {"anonymized_by": ""})
    )
    # Rows of the aligned silhouettes, which have 11/16 as many columns.
    c.data.size = 64
    # Frames of a window.
    c.data.frames = 16
    # Frames from one window's start to the next one's.
    c.data.stride = 8
    # The share of windows whose outlines are bent, so that what is not natural is told from what
    # is.
    c.data.bent = 0.5
    # The share of frames that a window has to tell without having been shown them.
    c.data.hidden = 0.25
    # Frames of a window that are drawn again in a step, from their own numbers and the window's.
    c.data.asked = 4
    c.network = ml_collections.ConfigDict()
    # Channels of the convolutions that look at a frame.
    c.network.widths = (12, 24, 32)
    # Numbers that describe a frame, and a window.
    c.network.frame_code = 32
    c.network.window_code = 64
    c.optimizer = common.adam(2e-3, 0.9)
    c.optimizer.schedule = "cosine"
    c.optimizer.decay_steps = (600,)
    # Of the running mean of the parameters, which is what embeds.
    c.ema_decay = 0.98
    return c
