r"""Tieu et al. (2019), all of it: its systems, figures and tables, and which claims hold here.

    python -m gait_jax.evaluate --config=configs/papers/jisa2019.py --workdir=runs/papers/jisa2019

The report opens with the paper's claims. Killed, the same command goes on; on a cluster tasks share
the folder (--task=I --tasks=N), seeds and all. A run of one seed becomes one of several with
--config.seeds=5: what is there is taken.

Time: the quick form, two cores, with the walkers there, 33 minutes with other work on half of them,
and 38 on a machine half as fast with nothing beside it. The full form was not run: by the pace of
the quick one on the slower one, 14 hours of a core for each of its seeds.
Result: of the quick form, three seeds, 13 people (docs/papers.md): of 19 claims 4 do not hold, 15
cannot be told. With the paper's L1 α hardly matters: not found in a clean gallery 87 % (Zheng and
Wu) with α = 0.3, 85 % with α = 0; in an anonymised one 59 and 66 %. A guess: 92 %.

Arguments:
    data  walkers (the default), casia_a, where everybody is enrolled as in `configs/closed.py` and
          nothing has colours, or casia_b, for a GPU or TPU
    size  quick (the default but on casia_b): one seed, short trainings, 40 walkers and half of the
          walks of each; full: five seeds, trainings as the methods' own files have them, 124
          walkers, the whole sweep in every form
"""

import ml_collections

from configs import (
    closed,
    common,
    gaitset,
    jisa2019,
    resnext3d,
    stand_in,
    stgan,
    stgan_twins,
)

ARGUMENTS = {"data": "walkers", "size": ("", "quick", "full")}

_SWEEP = (0.2, 0.3, 0.4)


def get_config(arg: str = "") -> ml_collections.ConfigDict:
    """The configuration for the arguments above."""
    arg = common.parse_arg(arg, **ARGUMENTS)
    full = (arg.size or ("full" if arg.data == "casia_b" else "quick")) == "full"
    few = arg.data in common.FEW
    of = closed if few else jisa2019
    # As published, and LB beside MT, where there is a GPU or TPU.
    large = full and arg.data == "casia_b"
    forms = f"form={'published' if large else 'small'},networks={'both' if large else ''}"
    c = of.get_config(f"data={arg.data},compare=baseline,{forms}")
    # How many seeds, from that one on: everything is trained and measured with each of them.
    c.seeds = 5 if full else 1
    if full:
        # As many as CASIA-B has: groups of the sizes that the paper prints.
        c.data.subjects = 124
    elif not few:
        c.protocol = "jisa2019_quick"
        # About one of each person.
        c.evaluators.noise_share.walks = 12

    c.evaluators.claims.gaussian = "gaussian"
    c.evaluators.claims.sweep = tuple(map(_named, _SWEEP))
    if not few:
        # As many walks of each view as there are people who are tested, or ten of them: of fewer
        # there is no interval.
        walks = 40 if full else 10
        c.evaluators.frame_score = common.frame_score(walks)
        c.evaluators.frame_score.every = 1 if full else 8
        c.evaluators.video_score = common.video_score(resnext3d.get_config(), walks)

    # Besides the paper's attackers one of today's.
    form = "" if large else "small"
    recogniser = gaitset.get_config(f"data={arg.data},form={form}")
    if few:
        recogniser.data.validation_group = "test"
    c.recognisers.gaitset = common.measured(recogniser)

    c.methods = _methods(arg.data, full)
    if not full:
        _shorten(c)
    return c


def _named(alpha: float) -> str:
    return f"alpha_{alpha:.1f}".replace(".", "")


def _methods(data: str, full: bool) -> ml_collections.ConfigDict:
    """What is measured: the paper's, its ablations and baseline, and what goes past them."""
    c = ml_collections.ConfigDict()
    for alpha in (0.0, *_SWEEP):
        c[_named(alpha)] = jisa2019.swept(data, alpha, "l1")
    c.gaussian = jisa2019.swept(data, 0.3, "l1")
    c.gaussian.label += ", Gaussian seed"
    c.gaussian.train.noise = "gaussian"
    c.tieu2017 = jisa2019.baseline(data)
    if full:
        c.padded = common.measured(
            stgan.get_config(f"data={data}"), label="ST-GAN, α = 0.3, the paper's layout"
        )
    for alpha in _SWEEP if full else (0.3,):
        name = f"{alpha:.1f}".replace(".", "")
        c[f"printed_{name}"] = jisa2019.printed(data, alpha)
        c[f"squared_{name}"] = jisa2019.swept(data, alpha, "l2")
    # Past the paper: learnt from twins, and the stand-in.
    c.twins = common.measured(stgan_twins.get_config(), label="ST-GAN of twins")
    c.stand_in = common.measured(stand_in.get_config(), label="stand-in as it ships")
    c.stand_in.checkpoint = "shipped:stand_in"
    return c


def _shorten(c: ml_collections.ConfigDict) -> None:
    """Trains for minutes on two cores, and says so: the report tells the steps of each method."""
    for method in c.methods.values():
        if method.checkpoint:
            continue
        # A step of the printed form, whose discriminators see every point, takes a dozen times as
        # long.
        printed = method.train.method == "stgan_printed"
        method.train.train_steps = 80 if printed else 500
        if "noise_gan" in method.train:
            method.train.noise_gan.train_steps = 250 if printed else 1500
    c.methods.twins.train.data.clips = 160
    c.methods.twins.train.data.held_out = 16
    gaitset = c.recognisers.gaitset.train
    gaitset.train_steps = 500
    gaitset.optimizer.decay_steps = (500,)
    c.recognisers.wu2017.train.train_steps = 600
    if "video_score" in c.evaluators:
        onlooker = c.evaluators.video_score.onlooker.train
        onlooker.data.clips, onlooker.data.held_out = 240, 48
        onlooker.train_steps = 300
        onlooker.optimizer.decay_steps = (300,)
