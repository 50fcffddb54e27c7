r"""ST-GAN as printed: nothing smooth by construction, sums for norms, log(1 - D).

    python -m gait_jax.train --config=configs/stgan_printed.py --workdir=runs/stgan_printed

In `configs/stgan.py` G and G_N end with a B-spline, D_N, D_S and D_T average neighbouring points
first, the two contour terms are means, and G's loss is the one that does not vanish while D_S and
D_T are sure. Here G and G_N give points, discriminators see every point, and the terms of eq 8
weigh what they weigh on paper: norms are sums over a frame's points in pixels, beside which L_S and
L_T are about 350 times smaller than there.

Time: on walkers, one busy core, resampled outlines: a step 1.1 seconds, a step of G_N 1 second.
Result: after 250 steps of G_N and 80 of these (configs/papers/jisa2019.py) little is learnt: noise
is a jagged cloud, and everybody is given nearly the same blob in every view; 73 % of frames one
person before they are mended, where the B-spline has 99.9. G's loss is that of the contours alone:
of about 4500, D_S and D_T have one or two. Not trained to its end.

Arguments:
    data           walkers (the default), casia_a or casia_b
    groups         few: for a set of a dozen people, as casia_a always has it
    anonymized_by  a run that anonymises, whose gaits to train on in place of the originals
"""

import ml_collections

from configs import stgan

ARGUMENTS = stgan.ARGUMENTS


def get_config(arg: str = "") -> ml_collections.ConfigDict:
    """The configuration for the arguments above."""
    c = stgan.get_config(arg)
    c.method = "stgan_printed"
    c.discriminators.pool = 1
    c.loss.norm = "l1_sum"
    # Pixels of a body height: in these the paper's contour vectors are.
    c.loss.contour = 100.0
    c.loss.saturating = True
    c.noise_gan.generator.stride = 0
    c.noise_gan.discriminator.pool = 1
    return c
