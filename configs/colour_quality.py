r"""How true the colours of anonymised people are: tables I and II of Tieu et al. (2020).

    python -m gait_jax.evaluate --config=configs/colour_quality.py --workdir=runs/colour_quality

Nearest pixel (2019, eq 9), the papers' baseline (the DCGAN's colouriser) and the colour-transfer
network, which are trained first; one that is trained already is measured with
--config.colourisers.network.checkpoint=WORKDIR (colourisers.baseline likewise). The paper's
anonymiser is a run of `configs/dcgan.py`: --config.anonymizer.checkpoint=WORKDIR.

Time: on walkers, two CPU cores, training as `configs/colour_transfer.py` says, after half an hour
for making the data set of 34 people (8 minutes of 10, with --config.data.subjects=10, of whom three
are tested and no interval is given); measuring 5.
Result: as `configs/papers/apsipa2020.py` measures it in its quick form (14 people, networks after
400 steps), over complete silhouettes beside a twin at the same moment: network 22.9 dB and SSIM
0.729, baseline 18.9 and 0.584, nearest pixel 23.8 and 0.755, by part of the body 22.3 and 0.674.
More: docs/colour.md.

Arguments:
    data  the data set in colour: walkers (the default) or casia_b
    form  paper: measures the network as printed, too
"""

import ml_collections

from configs import colour_transfer, common, dcgan_colour

ARGUMENTS = colour_transfer.ARGUMENTS


def get_config(arg: str = "") -> ml_collections.ConfigDict:
    """The configuration for the arguments above."""
    arg = common.parse_arg(arg, **ARGUMENTS)
    c = ml_collections.ConfigDict()
    # Where all random numbers start: those of the trainings, and of the noise that is measured.
    c.seed = 0
    # The workdir of the run that gives each frame its anonymised gait, shipped:stgan or
    # shipped:stand_in; the stand-in that ships with the package where empty.
    c.anonymizer = ml_collections.ConfigDict({"checkpoint": ""})
    # In its place a method of this evaluation, where one is named.
    c.anonymizer.method = ""

    train = colour_transfer.get_config(f"data={arg.data}")
    # As in `configs/colour_transfer.py`, but of the people who are tested.
    c.data = ml_collections.ConfigDict(train.data.to_dict())
    c.data.group = "test"
    if arg.data == "walkers":
        # Ten of them are tested: the fewest of whom an interval can be given.
        c.data.subjects = 34

    c.evaluators = ml_collections.ConfigDict()
    # How many walks, spread over the group, and how many frames of each.
    c.evaluators.colour = ml_collections.ConfigDict({"walks": 60, "frames": 6})

    # What colours: its name in tables; the workdir of a training run, empty to train it here; its
    # training.
    c.colourisers = ml_collections.ConfigDict()
    c.colourisers.network = common.measured(train, label="colour transfer")
    c.colourisers.network.train.anonymizer.checkpoint = c.anonymizer.get_ref("checkpoint")
    baseline = dcgan_colour.get_config(f"data={arg.data}")
    c.colourisers.baseline = common.measured(baseline, label="baseline: the DCGAN's colouriser")
    c.colourisers.baseline.train.anonymizer.checkpoint = c.anonymizer.get_ref("checkpoint")
    if arg.form == "paper":
        paper = colour_transfer.get_config(f"data={arg.data},form=paper")
        c.colourisers.paper = common.measured(paper, label="colour transfer as printed")
        c.colourisers.paper.train.anonymizer.checkpoint = c.anonymizer.get_ref("checkpoint")
    # Nobody is to be recognised, and no method's gaits are measured.
    c.recognisers = ml_collections.ConfigDict()
    c.methods = ml_collections.ConfigDict()
    return c
