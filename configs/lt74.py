r"""How well ST-GAN anonymises, by the field's own protocol: 74 people train, 50 are tested.

    python -m gait_jax.evaluate --config=configs/lt74.py --workdir=runs/lt74

As `configs/jisa2019.py`, but for the groups: recognisers and anonymiser train on the same 74
people, and training is watched on them too: the protocol has no third group, and the tested people
are not to be looked at.

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
    c.protocol = "lt74"
    for method in c.methods.values():
        method.train.data.group = "train"
        method.train.data.validation_group = "train"
        if "noise_gan" in method.train:
            method.train.noise_gan.data.group = "train"
    for recogniser in c.recognisers.values():
        recogniser.train.data.validation_group = "train"
    return c
