r"""How well ST-GAN anonymises, by the groups of Tieu et al. (2020).

    python -m gait_jax.evaluate --config=configs/apsipa2020.py --workdir=runs/apsipa2020

As `configs/jisa2019.py`, but for the groups, of which the 30 people of the baseline train the
anonymiser and training is watched on the recognisers' people, and for the gait energy images, which
are of one gait cycle.

Time: as `configs/jisa2019.py`, whose work it does on other groups.
Result: was not measured.

Arguments:
    data     walkers (the default) or casia_b
    compare  alpha, noise, baseline or printed, as in `configs/jisa2019.py`
    norm     l1 or l2, likewise
    form     small or published, likewise
    networks  both, likewise
"""

import ml_collections

from configs import jisa2019

ARGUMENTS = jisa2019.ARGUMENTS


def get_config(arg: str = "") -> ml_collections.ConfigDict:
    """The configuration for the arguments above."""
    c = jisa2019.get_config(arg)
    c.protocol = "apsipa2020"
    # Those of the other paper.
    del c.evaluators.claims
    for method in c.methods.values():
        method.train.data.group = "baseline"
        method.train.data.validation_group = "recogniser"
        if "noise_gan" in method.train:
            method.train.noise_gan.data.group = "baseline"
    for recogniser in c.recognisers.values():
        recogniser.train.data.validation_group = "baseline"
        # As the paper has it (§II-A).
        recogniser.train.data.energy = "cycle"
    return c
