r"""How well ST-GAN anonymises, by the groups of Tieu et al. (2020).

    python -m gait_jax.evaluate --config=configs/apsipa2020.py --workdir=runs/apsipa2020

As `configs/jisa2019.py`, with the same comparisons after the comma. The 30 people of
the baseline train the anonymiser; training is watched on the recognisers' people.
"""

import importlib.util
import pathlib

import ml_collections

_spec = importlib.util.spec_from_file_location(
    "_jisa2019", pathlib.Path(__file__).with_name("jisa2019.py")
)
_jisa2019 = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_jisa2019)


def get_config(arg: str = "walkers") -> ml_collections.ConfigDict:
    """The configuration for "DATASET", "DATASET,alpha" or "DATASET,noise"."""
    c = _jisa2019.get_config(arg)
    c.protocol = "apsipa2020"
    for method in c.methods.values():
        method.train.data.group = "baseline"
        method.train.data.validation_group = "recogniser"
        method.train.noise_gan.data.group = "baseline"
    c.recognisers.wu2017.train.data.validation_group = "baseline"
    return c
