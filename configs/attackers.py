r"""Does an anonymiser survive somebody who knows it? Attackers who know more and more.

    python -m gait_jax.evaluate --config=configs/attackers.py --workdir=runs/attackers

Measures the model that ships with the package, or a run of one's own with
--config.methods.measured.checkpoint=WORKDIR. Every recogniser is trained on clean gaits, and once
more on anonymised ones of the same people.

Time: walkers, from nothing, 88 minutes on two CPU cores with some other work beside it, 152 of
processor time; with everything kept, 11 seconds. CASIA-A, two methods, by gaitset, zheng2011 and
side channels alone: 10 minutes after GaitSet's training.
Result: of 40 walkers GaitSet finds 93 % in the same view before anonymisation, and of ST-GAN's
results 21 (ignorant), 56 (lazy-informed) and 65 % (semi-informed), where a guess finds 2.5. Of
CASIA-A's ten people, begun on walkers, 98 %, and 18, 72 and 85 %; a guess finds 10 %.

Arguments:
    data  walkers (the default): 104 people, of whom 60 train the recognisers and 40 are tested;
          casia_b, by the groups of Tieu et al. (2019); casia_a, where everybody is enrolled as in
          `configs/closed.py`, and probed
    form  small (the default): recognisers for two cores; published: as their papers have them, for
          a GPU or TPU
"""

import ml_collections

from configs import (
    closed,
    common,
    gait_windows,
    gaitbase,
    gaitset,
    inversion,
    jisa2019,
    side_channels,
    wu2017,
)

# Of the person, each alone and all; of the clip, all; and both.
_CHANNELS = ("height", "speed", "cadence", "ripple", "view", "person", "clip", "all")
ARGUMENTS = {"data": "walkers", "form": ("small", "published")}


def get_config(arg: str = "") -> ml_collections.ConfigDict:
    """The configuration for the arguments above."""
    arg = common.parse_arg(arg, **ARGUMENTS)
    of = closed if arg.data in common.FEW else jisa2019
    c = of.get_config(f"data={arg.data}")
    # The shipped model has seen none of the people who are tested.
    if of is closed:
        c.protocol = "everybody"
    elif arg.data == "walkers":
        c.protocol = "attackers"
        c.data.subjects = 104

    c.evaluators = ml_collections.ConfigDict()
    c.evaluators.attackers = ml_collections.ConfigDict()
    # A walk's person is found among how many of the nearest.
    c.evaluators.attackers.ranks = (1, 3)
    # Who attacks: ignorant, lazy-informed, semi-informed.
    c.evaluators.attackers.who = ("ignorant", "lazy-informed", "semi-informed")
    # How many walks of a person are enrolled together.
    c.evaluators.attackers.links = (1, 2, 5, 10)
    # How often each walk is anonymised, with other noise each time, for those who are semi-informed
    # to learn from: of many people's many walks, once is enough.
    draws = 4 if of is closed else 1
    c.evaluators.attackers.draws = draws

    # Measured on every so-manyth sequence.
    c.evaluators.naturalness = ml_collections.ConfigDict({"every": 10})
    c.evaluators.realism = ml_collections.ConfigDict()
    # Over how many ways to halve the people distances from real gaits are averaged.
    c.evaluators.realism.halvings = 10
    # How long each of the two judges learns to tell anonymised gaits from real ones.
    c.evaluators.realism.steps = 150
    # Where distances are measured.
    c.evaluators.realism.embedding = common.measured(gait_windows.get_config(f"data={arg.data}"))

    form = "small" if arg.form == "small" else ""
    if not form:
        c.recognisers.wu2017 = common.measured(wu2017.get_config(f"data={arg.data},form=published"))
    elif arg.data == "walkers":
        # Of 60 people it finds more to learn, and is on the plateau for longer, than of 16.
        c.recognisers.wu2017.train.plateau.steps = 400
        c.recognisers.wu2017.train.train_steps = 900
    # Those who know few people begin with walkers.
    pretrain = "walkers" if of is closed else ""
    for name, recogniser in (("gaitset", gaitset), ("gaitbase", gaitbase)):
        train = recogniser.get_config(f"data={arg.data},form={form},pretrain={pretrain}")
        if form and not pretrain and name == "gaitset":
            # Less than half as long as by itself: everything is trained twice.
            train.train_steps = 1500
            train.optimizer.decay_steps = (1500,)
        if of is closed:
            train.data.validation_group = "test"
        c.recognisers[name] = common.measured(train)

    # A network that gives originals back: ranks, links and draws as above; who is asked about its
    # results, not Wu et al. (2017), who take minutes for every set of walks; the workdir of a
    # training run, empty to train it here; its training.
    c.evaluators.inversion = common.measured(
        inversion.get_config(f"data={arg.data}"),
        ranks=(1, 3),
        links=(1, 2, 5, 10),
        draws=draws,
        recognisers=tuple(name for name in c.recognisers if name != "wu2017"),
    )

    # Who looks at no silhouette, but at what else a result carries: alone, and together.
    for channels in _CHANNELS:
        side = side_channels.get_config(f"data={arg.data},channels={channels}")
        c.recognisers[channels] = common.measured(side)

    # What is measured: its name in tables, empty for its checkpoint's; the workdir of a training
    # run, shipped:stgan or shipped:stand_in for a model that ships with the package, empty to train
    # one here; its training.
    c.methods.measured = c.methods.alpha_03
    del c.methods.alpha_03
    c.methods.measured.label = ""
    c.methods.measured.checkpoint = "shipped:stgan"
    return c
