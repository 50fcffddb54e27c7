r"""How well ST-GAN anonymises, by the groups of Tieu et al. (2019).

    python -m gait_jax.evaluate --config=configs/jisa2019.py --workdir=runs/jisa2019

After a colon stand the data set (walkers, the default, or casia_b) and what to compare:

    --config=configs/jisa2019.py:walkers         ST-GAN with α = 0.3
    --config=configs/jisa2019.py:walkers,alpha   α = 0.2, 0.3 and 0.4 (figures 15 to 18)
    --config=configs/jisa2019.py:walkers,noise   α = 0.3 with G_N's noise and with a Gaussian seed
                                                 (figure 7)

The same --workdir serves all three: what is trained or measured already is taken from it. A method
that is trained already is measured with --config.methods.alpha_03.checkpoint=WORKDIR.

On walkers, two CPU cores: recognisers about 13 minutes, each method about 6 (G_N 3 more, once),
anonymising and scoring 2 a method. Expect, with 13 test people in the same view: rank-1 of clean
nm gaits 97 % (both recognisers), success with α = 0.3 about 70 % (zheng2011) and 75 % (wu2017)
against a clean gallery, 46 and 54 % against an anonymised one; clean errors 32 and 15 %, chance
92 %.
"""

import importlib.util
import pathlib

import ml_collections


def _load(name: str):
    spec = importlib.util.spec_from_file_location(
        f"_{name}", pathlib.Path(__file__).with_name(f"{name}.py")
    )
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _method(dataset: str, label: str) -> ml_collections.ConfigDict:
    """A method to measure; `train` is the configuration of its training."""
    c = ml_collections.ConfigDict()
    c.label = label
    # A workdir of a training run; empty to train it here.
    c.checkpoint = ""
    # Naturalness is measured on every so-manyth sequence.
    c.measure_every = 10
    c.train = _load("stgan_resampled").get_config(dataset)
    return c


def methods(dataset: str, compared: str) -> ml_collections.ConfigDict:
    """The methods of a comparison: "", alpha or noise."""
    found = ml_collections.ConfigDict()
    for alpha in (0.2, 0.3, 0.4) if compared == "alpha" else (0.3,):
        name = f"alpha_{alpha:.1f}".replace(".", "")
        found[name] = _method(dataset, f"ST-GAN, α = {alpha}")
        found[name].train.loss.alpha = alpha
    if compared == "noise":
        found.gaussian = _method(dataset, "ST-GAN, α = 0.3, Gaussian seed")
        found.gaussian.train.noise = "gaussian"
    return found


def get_config(arg: str = "walkers") -> ml_collections.ConfigDict:
    """The configuration for "DATASET", "DATASET,alpha" or "DATASET,noise"."""
    dataset, _, compared = arg.partition(",")
    if compared not in ("", "alpha", "noise"):
        raise ValueError(f"{compared!r} cannot be compared: use DATASET,alpha or DATASET,noise")
    c = ml_collections.ConfigDict()
    # Who trains the recognisers, is enrolled, is probed: jisa2019, apsipa2020, lt74 or closed.
    c.evaluation = "recognition"
    c.protocol = "jisa2019"
    # Of the evaluation's own noise.
    c.seed = 0
    c.ranks = (1, 3)
    # Whether silhouettes, original and anonymised, are written as OpenGait reads them.
    c.export = False

    c.data = ml_collections.ConfigDict()
    c.data.name = dataset
    c.data.data_dir = ""
    # The folder with the original files of a real data set.
    c.data.manual_dir = ""
    # How many people to make; for walkers alone.
    c.data.subjects = 40

    c.recognisers = ml_collections.ConfigDict()
    # Images' size; PLS features a view; rank of the factorisation over all views; weight of robust
    # PCA's sparse part.
    c.recognisers.zheng2011 = ml_collections.ConfigDict(
        {"size": 64, "components": 12, "rank": 24, "robustness": 1.0}
    )
    c.recognisers.wu2017 = ml_collections.ConfigDict({"checkpoint": ""})
    c.recognisers.wu2017.train = _load("wu2017").get_config(f"{dataset},small")

    c.methods = methods(dataset, compared)
    return c
