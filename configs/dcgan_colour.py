r"""The DCGAN anonymiser's colouriser, 2020's baseline: a network that learns to paint as eq 9 does.

    python -m gait_jax.train --config=configs/dcgan_colour.py --workdir=runs/dcgan_colour

Time: on walkers, two CPU cores, 6 to 11 crops a second beside much other work
(3000 steps of 8: 40 to 60 minutes).
Result: stands in `configs/colour_quality.py`, which measures it.

Arguments:
    data  the data set in colour: walkers (the default) or casia_b
"""

import ml_collections

from configs import colour_transfer, common

ARGUMENTS = {"data": "walkers"}


def get_config(arg: str = "") -> ml_collections.ConfigDict:
    """The configuration for the arguments above."""
    arg = common.parse_arg(arg, **ARGUMENTS)
    c = colour_transfer.get_config(f"data={arg.data}")
    c.method = "dcgan_colour"
    # 2020 trains its baseline on complete silhouettes: of incomplete ones eq 9 gives no good truth.
    c.data.silhouettes = "complete"
    # Channels of the decoder, the last stage's first, and units of the fully connected layer. Not
    # given.
    c.network = ml_collections.ConfigDict({"widths": (24, 48, 96, 128), "hidden": 256})
    # One term alone, without weights.
    del c.loss
    c.optimizer = common.adam(3e-4, b1=0.9)
    return c
