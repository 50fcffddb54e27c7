r"""Colour transfer (Tieu et al. 2020): paints an anonymised gait with the original's colours.

    python -m gait_jax.train --config=configs/colour_transfer.py --workdir=runs/colour

Time: on walkers and two CPU cores with other work beside it, 3000 steps took 22 minutes with
`network.reach` (2, 4, 8), and a step took about 1.5 times as long with this one; since then it
takes 0.55 of that. Making the data set 8.
Result: stands in `configs/colour_quality.py`, which measures it.

Arguments:
    data  the data set in colour: walkers (the default) or casia_b
    form  paper: what is printed, without `network.copy`, `network.background` and `loss.overlap`
"""

import ml_collections

from configs import common

ARGUMENTS = {"data": "walkers", "form": ("", "paper")}


def get_config(arg: str = "") -> ml_collections.ConfigDict:
    """The configuration for the arguments above."""
    arg = common.parse_arg(arg, **ARGUMENTS)
    made, paper = arg.data == "walkers", arg.form == "paper"
    c = ml_collections.ConfigDict()
    # The method to train.
    c.method = "colour_transfer"
    c.update(
        common.training(batch_size=8, train_steps=3000, log_every=50, eval_every=250, eval_batch=48)
    )

    # The workdir of the run that gives each frame its anonymised gait, shipped:stgan or
    # shipped:stand_in; the stand-in that ships with the package where empty.
    c.anonymizer = ml_collections.ConfigDict({"checkpoint": ""})

    # 2020 prints which subjects train its baseline and its recogniser and which test, and not which
    # of them train this network; it needs no ground truth, so that any would do. More people take
    # longer and show more clothes.
    c.data = common.data(
        arg.data,
        groups="few" if made else "apsipa2020",
        group="train" if made else "baseline",
        validation_group="validation" if made else "recogniser",
        subjects=10,
    )
    # The data set's frames in colour.
    c.data.colour = True
    # How many sequences of each group, spread over it; all where it is 0.
    c.data.walks = 0
    # Every so-manyth frame of a sequence.
    c.data.stride = 6
    # Rows and columns of the square crops; not given.
    c.data.size = 96
    # The box around both gaits: background beyond them, in body heights. The paper takes a
    # detector's box around the original; this one also holds all of what is to be painted.
    c.data.margin = 0.05
    # Whether colours are changed at random in training, so that few clothes stand for many. Not of
    # the paper, which has 124 people's.
    c.data.recolour = True
    # The silhouettes that are anonymised, and stand for the original: complete (as the data set has
    # them; a walker's are exact) or incomplete (as imperfect segmentation gives a walker's).
    c.data.silhouettes = "incomplete" if made else "complete"
    # By how many grey levels a pixel background plates are made to be off, which are exact for
    # walkers alone: light, noise and a camera that moved since.
    c.data.plate_error = 4.0 if made else 0.0

    c.network = ml_collections.ConfigDict()
    # Channels and units: not given.
    c.network.widths = (24, 48, 96, 128)
    c.network.hidden = 256
    # Whether the decoder sees the encoder's maps and may take over pixels of the original, from the
    # same place and from around it at the distances of `reach` in pixels of the crop. Not of the
    # paper.
    c.network.copy = not paper
    c.network.reach = (2, 4, 8, 16, 24)
    # Whether pixels of the original that look like the scene without the person are left where they
    # are. Not of the paper.
    c.network.background = not paper

    c.loss = ml_collections.ConfigDict()
    # The text calls the centre the overlap of both gaits; figure 4 takes it from the anonymised one
    # alone, by an erosion (M_p, whose size and shape are not given: a square of so many pixels
    # here). Without the overlap, wide squares leave no centre in limbs and hair, and narrow ones
    # take the background for the person where the gaits differ. Training alone looks at it.
    c.loss.overlap = not paper
    c.loss.kernel = 5 if paper else 1
    # The 32 masks of figure 5 are not legible: rows and columns of a grid.
    c.loss.grid = (8, 4)
    # Weights of eqs 1 and 3: not given. Eq 1 is a mean over the centre's pixels here, eq 3 a sum
    # over patches.
    c.loss.reconstruction = 20.0
    c.loss.style = 0.5

    # Not given.
    c.optimizer = common.adam(1e-3, b1=0.9)
    # Of the running mean of the parameters, which is what paints.
    c.ema_decay = 0.995
    return c
