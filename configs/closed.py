r"""How well ST-GAN anonymises a dozen people who are all enrolled: for CASIA-A's ten subjects.

    python -m gait_jax.evaluate --config=configs/closed.py \
        --config.data.manual_dir=DIR --workdir=runs/closed

As `configs/jisa2019.py`, with the same comparisons after the comma. Everybody is
enrolled and known to the recognisers, by the first sequence of each direction; the probes are the
other sequences of the people whom the anonymiser has not seen.

On CASIA-A's ten, two CPU cores: about 15 minutes. Expect success with α = 0.3 of 50 % (zheng2011)
and 17 % (wu2017) against a clean gallery, 11 and 6 % against an anonymised one, of 18 probes.
"""

import importlib.util
import pathlib

import ml_collections

_spec = importlib.util.spec_from_file_location(
    "_jisa2019", pathlib.Path(__file__).with_name("jisa2019.py")
)
_jisa2019 = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_jisa2019)


def get_config(arg: str = "casia_a") -> ml_collections.ConfigDict:
    """The configuration for "DATASET", "DATASET,alpha" or "DATASET,noise"."""
    c = _jisa2019.get_config(arg)
    c.protocol = "closed"
    c.recognisers.wu2017.train.data.validation_group = "test"
    c.recognisers.wu2017.train.train_steps = 400
    # With one image of a person in a view, robust PCA by the book takes the person for the noise.
    c.recognisers.zheng2011.robustness = 3.0
    return c
