r"""How well ST-GAN anonymises a dozen people who are all enrolled: for CASIA-A's ten subjects.

    python -m gait_jax.evaluate --config=configs/closed.py \
        --config.data.manual_dir=DIR --workdir=runs/closed

As `configs/jisa2019.py`, but everybody is enrolled and known to the recognisers, by the first
sequence of each direction; the probes are the other sequences of the people whom the anonymiser has
not seen.

Time: on CASIA-A's ten, two CPU cores, about 15 minutes.
Result: success with α = 0.3 of 33 % (zheng2011) and 22 % (wu2017) against a clean gallery, 6 and
11 % against an anonymised one, of 18 probes.

Arguments:
    data     casia_a (the default), walkers or casia_b
    compare  alpha, noise, baseline or printed, as in `configs/jisa2019.py`
    norm     l1 or l2, likewise
    form     of Wu et al. (2017): published, or small where nothing is said
    networks  both, likewise
"""

import ml_collections

from configs import common, jisa2019

ARGUMENTS = jisa2019.ARGUMENTS | {"data": "casia_a"}


def get_config(arg: str = "") -> ml_collections.ConfigDict:
    """The configuration for the arguments above."""
    arg = common.parse_arg(arg, **ARGUMENTS)
    arg.form = arg.form or "small"
    c = jisa2019.get_config(",".join(f"{name}={value}" for name, value in arg.items()))
    c.protocol = "closed"
    for recogniser in c.recognisers.values():
        recogniser.train.data.validation_group = "test"
        if recogniser.train.method == "wu2017" and arg.form == "small":
            recogniser.train.train_steps = 400
    # With one image of a person in a view, robust PCA by the book takes the person for the noise.
    c.recognisers.zheng2011.train.robustness = 3.0
    return c
