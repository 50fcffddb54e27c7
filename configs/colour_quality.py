r"""How true the colours of anonymised people are: tables I and II of Tieu et al. (2020).

    python -m gait_jax.evaluate --config=configs/colour_quality.py --workdir=runs/colour_quality

Nearest pixel (2019, eq 9) beside the colour-transfer network, which is trained first; one that is
trained already is measured with --config.networks.network.checkpoint=WORKDIR. After a colon stand
the data set in colour (walkers or casia_b) and, after a comma, "paper" to measure the network as
printed too.

On walkers, two CPU cores: training about 22 minutes with other work beside it, after 8 for making
the data set; measuring 5. Expect over incomplete silhouettes, form "twin", 23.4 dB and SSIM 0.757
(nearest pixel 22.0 and 0.735), over textural clothing 20.8 and 0.662 (21.1 and 0.676).
"""

import importlib.util
import pathlib

import ml_collections

_spec = importlib.util.spec_from_file_location(
    "_colour_transfer", pathlib.Path(__file__).with_name("colour_transfer.py")
)
_colour_transfer = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_colour_transfer)


def _network(label: str, arg: str) -> ml_collections.ConfigDict:
    c = ml_collections.ConfigDict()
    c.label = label
    # A workdir of a training run; empty to train it here.
    c.checkpoint = ""
    c.train = _colour_transfer.get_config(arg)
    return c


def get_config(arg: str = "walkers") -> ml_collections.ConfigDict:
    """The configuration for "DATASET" or "DATASET,paper"."""
    dataset, _, form = arg.partition(",")
    if form not in ("", "paper"):
        raise ValueError(f"{form!r} cannot be compared: use DATASET or DATASET,paper")
    c = ml_collections.ConfigDict()
    c.evaluation = "colour"
    c.seed = 0
    # The workdir of the trained ST-GAN that gives each frame its anonymised gait; the model that
    # ships with the package where empty.
    c.anonymizer = ml_collections.ConfigDict({"checkpoint": ""})
    c.networks = ml_collections.ConfigDict()
    c.networks.network = _network("colour transfer", dataset)
    if form:
        c.networks.paper = _network("colour transfer as printed", arg)
    c.data = ml_collections.ConfigDict(c.networks.network.train.data.to_dict())
    c.data.group = "test"
    # How many walks, spread over the group, and how many frames of each.
    c.walks = 60
    c.frames = 6
    return c
