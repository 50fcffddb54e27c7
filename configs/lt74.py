r"""How well ST-GAN anonymises, by the field's own protocol: 74 people train, 50 are tested.

    python -m gait_jax.evaluate --config=configs/lt74.py --workdir=runs/lt74

As `configs/jisa2019.py`, with the same comparisons after the comma. Recognisers
and anonymiser train on the same 74 people, and training is watched on them too: the protocol has
no third group, and the tested people are not to be looked at.
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
    c.protocol = "lt74"
    for method in c.methods.values():
        method.train.data.group = "train"
        method.train.data.validation_group = "train"
        method.train.noise_gan.data.group = "train"
    c.recognisers.wu2017.train.data.validation_group = "train"
    return c
