r"""How well ST-GAN anonymises, by the groups of Tieu et al. (2019).

    python -m gait_jax.evaluate --config=configs/jisa2019.py --workdir=runs/jisa2019

The same --workdir serves all comparisons with one norm: what is trained or measured already is
taken from it. A method that is trained already is measured with
--config.methods.alpha_03.checkpoint=WORKDIR. All of the paper: `configs/papers/jisa2019.py`.

Time: on walkers, two CPU cores, recognisers about 13 minutes, each method about 6 (G_N 3 more,
once), anonymising and scoring 2 a method.
Result: with norm=l2, windows of 16 frames and both recognisers as they were before they were
mended: with 13 test people in the same view, rank-1 of clean nm gaits 97 % (both recognisers),
success with α = 0.3 about 70 % (zheng2011) and 75 % (wu2017) against a clean gallery, 46 and 54 %
against an anonymised one; clean errors 32 and 15 %, chance 92 %.

Arguments:
    data     walkers (the default) or casia_b
    compare  alpha: α = 0.2, 0.3 and 0.4 (figures 15 to 18), and as a control 0, with which nothing
             pulls a gait away from the original
             noise: α = 0.3 with G_N's noise and with a Gaussian seed (figure 7)
             baseline: α = 0.3 and Tieu et al. (2017) (figure 11), with how often somebody is taken
             for whose gait the noise was
             printed: α = 0.3 and ST-GAN as printed (`configs/stgan_printed.py`)
             without it, ST-GAN with α = 0.3
    form     of Wu et al. (2017): published (the default on casia_b), for a GPU or TPU, or small
    networks  both: Wu et al.'s LB beside MT, which the papers attack with; it looks at every pair
             by itself, and is for a GPU or TPU
    norm     of the two contour terms: l1, as printed (the default), or l2, the project's variant,
             with which G lies between the original and the noise for every α
"""

import ml_collections

from configs import common, stgan_printed, stgan_resampled, tieu2017, wu2017, zheng2011

ARGUMENTS = {
    "data": "walkers",
    "compare": ("", "alpha", "noise", "baseline", "printed"),
    "form": ("", "small", "published"),
    "networks": ("", "both"),
    "norm": ("l1", "l2"),
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

    # Of some of the walks, what part of the change is random.
    c.evaluators.noise_share = ml_collections.ConfigDict()
    # How often each is anonymised.
    c.evaluators.noise_share.draws = 8
    # How many walks, spread over those that are probed, and every so-manyth frame of them.
    c.evaluators.noise_share.walks = 20
    c.evaluators.noise_share.every = 5
    # Raters' files and the key of their page, of gait_jax.mos (figure 12); empty where nobody was
    # asked.
    c.evaluators.mos = ml_collections.ConfigDict({"ratings": "", "key": ""})

    if arg.compare == "baseline":
        # Enrols the people whose gaits were the noise, too.
        c.evaluators.noise_people = ml_collections.ConfigDict()
    # Which method is what in the paper whose claims are judged.
    c.evaluators.claims = ml_collections.ConfigDict()
    c.evaluators.claims.paper = "jisa2019"
    # What it proposes.
    c.evaluators.claims.ours = "alpha_03"
    # What that stands beside, and what has a Gaussian seed; empty where there is none.
    c.evaluators.claims.baseline = "tieu2017" if arg.compare == "baseline" else ""
    c.evaluators.claims.gaussian = "gaussian" if arg.compare == "noise" else ""
    # What it proposes, in the order of α.
    sweep = ("alpha_02", "alpha_03", "alpha_04")
    c.evaluators.claims.sweep = sweep if arg.compare == "alpha" else ()
    # Of the other paper: whose gaits are coloured, and the earlier model that this stands beside.
    c.evaluators.claims.anonymizer = ""
    c.evaluators.claims.contours = ""

    c.recognisers = ml_collections.ConfigDict()
    c.recognisers.zheng2011 = common.measured(zheng2011.get_config(f"data={arg.data}"))
    wu = f"data={arg.data},form={arg.form}"
    c.recognisers.wu2017 = common.measured(wu2017.get_config(wu))
    if arg.networks == "both":
        c.recognisers.wu2017_lb = common.measured(wu2017.get_config(f"{wu},network=lb"))

    # What is measured: its name in tables and plots; the workdir of a training run, empty to train
    # it here; its training.
    c.methods = _methods(arg)
    return c


def _methods(arg: ml_collections.ConfigDict) -> ml_collections.ConfigDict:
    """The methods of a comparison."""
    c = ml_collections.ConfigDict()
    for alpha in (0.0, 0.2, 0.3, 0.4) if arg.compare == "alpha" else (0.3,):
        c[f"alpha_{alpha:.1f}".replace(".", "")] = swept(arg.data, alpha, arg.norm)
    if arg.compare == "noise":
        c.gaussian = swept(arg.data, 0.3, arg.norm)
        c.gaussian.label += ", Gaussian seed"
        c.gaussian.train.noise = "gaussian"
    if arg.compare == "baseline":
        c.tieu2017 = baseline(arg.data)
    if arg.compare == "printed":
        c.printed = printed(arg.data, 0.3)
    return c


def swept(data: str, alpha: float, norm: str) -> ml_collections.ConfigDict:
    """ST-GAN with some α and the contour terms' norm, l1 or l2."""
    c = common.measured(
        stgan_resampled.get_config(f"data={data}"),
        label=f"ST-GAN, α = {alpha}" + (", squared norm" if norm == "l2" else ""),
    )
    c.train.loss.alpha = alpha
    if norm == "l1":
        c.train.loss.update({"norm": "l1", "contour": 100.0})
    return c


def printed(data: str, alpha: float) -> ml_collections.ConfigDict:
    """ST-GAN as printed."""
    train = stgan_printed.get_config(f"data={data}")
    train.loss.alpha = alpha
    return common.measured(train, label=f"ST-GAN as printed, α = {alpha}")


def baseline(data: str) -> ml_collections.ConfigDict:
    """What the paper stands beside."""
    return common.measured(tieu2017.get_config(f"data={data}"), label="baseline (Tieu 2017)")
