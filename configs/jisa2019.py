r"""How well ST-GAN anonymises, by the groups of Tieu et al. (2019).

    python -m gait_jax.evaluate --config=configs/jisa2019.py --workdir=runs/jisa2019

The same --workdir serves all comparisons: what is trained or measured already is taken from it. A
method that is trained already is measured with --config.methods.alpha_03.checkpoint=WORKDIR.

Time: on walkers, two CPU cores, recognisers about 13 minutes, each method about 6 (G_N 3 more,
once), anonymising and scoring 2 a method.
Result: with 13 test people in the same view, rank-1 of clean nm gaits 97 % (both recognisers),
success with α = 0.3 about 70 % (zheng2011) and 75 % (wu2017) against a clean gallery, 46 and 54 %
against an anonymised one; clean errors 32 and 15 %, chance 92 %.

Arguments:
    data     walkers (the default) or casia_b
    compare  alpha: α = 0.2, 0.3 and 0.4 (figures 15 to 18)
             noise: α = 0.3 with G_N's noise and with a Gaussian seed (figure 7)
             baseline: α = 0.3 and Tieu et al. (2017) (figure 11), with how often somebody is taken
             for whose gait the noise was
             without it, ST-GAN with α = 0.3
    form     of Wu et al. (2017): published (the default on casia_b), for a GPU or TPU, or small
    networks  both: Wu et al.'s LB beside MT, which the papers attack with; it looks at every pair
             by itself, and is for a GPU or TPU
"""

import ml_collections

from configs import common, stgan_resampled, tieu2017, wu2017, zheng2011

ARGUMENTS = {
    "data": "walkers",
    "compare": ("", "alpha", "noise", "baseline"),
    "form": ("", "small", "published"),
    "networks": ("", "both"),
}


def get_config(arg: str = "") -> ml_collections.ConfigDict:
    """The configuration for the arguments above."""
    arg = common.parse_arg(arg, **ARGUMENTS)
    c = ml_collections.ConfigDict()
    # Who trains the recognisers, is enrolled, is probed: jisa2019, apsipa2020, lt74, attackers,
    # closed or everybody.
    c.protocol = "jisa2019"
    # Where all random numbers start: those of the trainings, and of the noise that is measured.
    c.seed = 0
    # Whether silhouettes, original and anonymised, are written as OpenGait reads them.
    c.export = False

    c.data = common.source(arg.data)

    c.evaluators = ml_collections.ConfigDict()
    # Who is found among how many of the nearest.
    c.evaluators.identification = ml_collections.ConfigDict({"ranks": (1, 3)})
    # Measured on every so-manyth sequence.
    c.evaluators.naturalness = ml_collections.ConfigDict({"every": 10})

    # Raters' files and the key of their page, of gait_jax.mos (figure 12); empty where nobody was
    # asked.
    c.evaluators.mos = ml_collections.ConfigDict({"ratings": "", "key": ""})

    if arg.compare == "baseline":
        # Enrols the people whose gaits were the noise, too.
        c.evaluators.noise_people = ml_collections.ConfigDict()

    c.recognisers = ml_collections.ConfigDict()
    c.recognisers.zheng2011 = common.measured(zheng2011.get_config(f"data={arg.data}"))
    wu = f"data={arg.data},form={arg.form}"
    c.recognisers.wu2017 = common.measured(wu2017.get_config(wu))
    if arg.networks == "both":
        c.recognisers.wu2017_lb = common.measured(wu2017.get_config(f"{wu},network=lb"))

    # What is measured: its name in tables and plots; the workdir of a training run, empty to train
    # it here; its training.
    c.methods = _methods(arg.data, arg.compare)
    return c


def _methods(data: str, compare: str) -> ml_collections.ConfigDict:
    """The methods of a comparison."""
    c = ml_collections.ConfigDict()
    for alpha in (0.2, 0.3, 0.4) if compare == "alpha" else (0.3,):
        name = f"alpha_{alpha:.1f}".replace(".", "")
        c[name] = _stgan(data, f"ST-GAN, α = {alpha}")
        c[name].train.loss.alpha = alpha
    if compare == "noise":
        c.gaussian = _stgan(data, "ST-GAN, α = 0.3, Gaussian seed")
        c.gaussian.train.noise = "gaussian"
    if compare == "baseline":
        baseline = tieu2017.get_config(f"data={data}")
        c.tieu2017 = common.measured(baseline, label="baseline (Tieu 2017)")
    return c


def _stgan(data: str, label: str) -> ml_collections.ConfigDict:
    return common.measured(stgan_resampled.get_config(f"data={data}"), label=label)
