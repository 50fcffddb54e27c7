r"""How true the colours of anonymised people are: tables I and II of Tieu et al. (2020).

    python -m gait_jax.evaluate --config=configs/colour_quality.py --workdir=runs/colour_quality

Nearest pixel (2019, eq 9) beside the colour-transfer network, which is trained first; one that is
trained already is measured with --config.colourisers.network.checkpoint=WORKDIR.

Time: on walkers, two CPU cores, training as `configs/colour_transfer.py` says, after 8 for making
the data set; measuring 5.
Result: on stand-ins (1151 steps, three people; two tested), form "twin_later", 19.2 dB and SSIM
0.480 over complete silhouettes (nearest pixel 18.9 and 0.495, by part of the body 22.1 and 0.661,
the network as printed, 3000 steps, 17.8 and 0.499), 19.1 and 0.476 over incomplete ones (17.5 and
0.443, 21.9 and 0.650, 17.8 and 0.500). With an ST-GAN as anonymizer.checkpoint and a reach of
(2, 4, 8), over incomplete silhouettes, form "twin", 23.4 dB and SSIM 0.757 (nearest pixel 22.0 and
0.735), over textural clothing 20.8 and 0.662 (21.1 and 0.676).

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
