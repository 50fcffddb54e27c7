r"""Side channels: recognises people without a look at their outlines.

    python -m gait_jax.train --config=configs/side_channels.py --workdir=runs/side_channels

By how tall they stand in the picture, how fast and in which rhythm they walk, where and for how
long. It is computed at once, not trained by steps; not of the papers.

Time: on walkers, two busy CPU cores, 3 minutes, once: what is measured is kept.
Result: of the 13 test people it knows 84 % in the same view and 64 % from other views (nm, bg and
cl), a guess 8 %; by all channels 92 and 68 %. Anonymised by the ST-GAN that ships, CASIA-A's ten
people are found as often as before: 63 to 68 %, by all channels 72 to 80 %; by a guess 10 %.

Arguments:
    data           walkers (the default), casia_a or casia_b
    channels       person (the default: height, speed, cadence, ripple and view), clip (place, slope
                   and frames), all, or one of these alone: height, speed, cadence, ripple, view,
                   place, slope, frames
    groups         few: for a set of a dozen people, as casia_a always has it
    anonymized_by  a run that anonymises, whose gaits to train on in place of the originals
"""

import ml_collections

from configs import common

_PERSON = ("height", "speed", "cadence", "ripple", "view")
_CLIP = ("place", "slope", "frames")
_TOGETHER = {"person": _PERSON, "clip": _CLIP, "all": _PERSON + _CLIP}

ARGUMENTS = {
    "data": "walkers",
    "channels": (*_TOGETHER, *_PERSON, *_CLIP),
    "groups": ("", "few"),
    "anonymized_by": "",
}


def get_config(arg: str = "") -> ml_collections.ConfigDict:
    """The configuration for the arguments above."""
    arg = common.parse_arg(arg, **ARGUMENTS)
    c = ml_collections.ConfigDict()
    # The method.
    c.method = "side_channels"
    # Of the noise in anonymised gaits; the method draws none.
    c.seed = 0

    c.data = common.recogniser_data(arg)

    # What is looked at. Of the person: height, speed, cadence, ripple (how unevenly steps follow
    # each other), view; of the clip: place in the picture, slope of the path, frames.
    c.channels = _TOGETHER.get(arg.channels, (arg.channels,))
    # At most so many different views. It fixes the size of what is kept.
    c.views = 24
    return c
