r"""Colour transfer (Tieu et al. 2020): paints an anonymised gait with the original's colours.

    python -m gait_jax.train --config=configs/colour_transfer.py --workdir=runs/colour

After the colon: the data set in colour (walkers or casia_b), then "paper" for what is printed,
without `network.copy`, `network.plate` and `loss.overlap`.

On walkers and two CPU cores with other work beside it, 3000 steps take about 22 minutes, after 8
for making the data set. What to expect stands in `configs/colour_quality.py`, which measures it.
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


def get_config(arg: str = "walkers") -> ml_collections.ConfigDict:
    """The configuration for "DATASET" or "DATASET,paper"."""
    dataset, _, form = arg.partition(",")
    if form not in ("", "paper"):
        raise ValueError(f"{form!r} is not a form of colour transfer: use DATASET or DATASET,paper")
    c = ml_collections.ConfigDict()
    c.method = "colour_transfer"
    c.seed = 0
    c.batch_size = 8
    c.train_steps = 3000
    c.log_every = 50
    c.eval_every = 250
    c.checkpoint_every = 250
    c.keep_checkpoints = 2
    c.eval_batch = 48

    # The workdir of the trained ST-GAN that gives each frame its anonymised gait; the model that
    # ships with the package where empty.
    c.anonymizer = ml_collections.ConfigDict({"checkpoint": ""})

    c.update(_load("compute").get_config())

    c.data = ml_collections.ConfigDict()
    c.data.name = dataset
    c.data.colour = True
    c.data.data_dir = ""
    # The folder with the original files of a real data set.
    c.data.manual_dir = ""
    # How many people to make; for walkers alone. More take longer and show more clothes.
    c.data.subjects = 10
    # 2020 prints which subjects train its baseline and its recogniser and which test, and not which
    # of them train this network; it needs no ground truth, so that any would do.
    c.data.groups = "few" if dataset == "walkers" else "apsipa2020"
    c.data.group = "train" if dataset == "walkers" else "baseline"
    c.data.validation_group = "validation" if dataset == "walkers" else "recogniser"
    # Every so-manyth frame of a sequence.
    c.data.stride = 6
    # Rows and columns of the square crops; not given.
    c.data.size = 96
    # The box around the anonymised gait: background beyond the person, in body heights. The paper
    # takes a detector's box around the original; this one holds all of what is to be painted.
    c.data.margin = 0.05
    # Whether colours are changed at random in training, so that few clothes stand for many. Not of
    # the paper, which has 124 people's.
    c.data.recolour = True

    # Channels and units: not given.
    c.network = ml_collections.ConfigDict()
    c.network.widths = (24, 48, 96, 128)
    c.network.hidden = 256
    # Whether the decoder sees the encoder's maps and may take over pixels of the original, from the
    # same place and from around it at these distances in pixels of the crop. Not of the paper.
    c.network.copy = form != "paper"
    c.network.reach = (2, 4, 8)
    # Whether pixels of the original that look like the scene without the person are left where they
    # are. Not of the paper.
    c.network.plate = form != "paper"

    c.loss = ml_collections.ConfigDict()
    # The text calls the centre the overlap of both gaits; figure 4 takes it from the anonymised one
    # alone, by an erosion (M_p, whose size and shape are not given: a square of so many pixels
    # here). Without the overlap, wide squares leave no centre in limbs and hair, and narrow ones
    # take the background for the person where the gaits differ. Training alone looks at it.
    c.loss.overlap = form != "paper"
    c.loss.kernel = 5 if form == "paper" else 1
    # The 32 masks of figure 5 are not legible: rows and columns of a grid.
    c.loss.grid = (8, 4)
    # Weights of eqs 1 and 3: not given. Eq 1 is a mean over the centre's pixels here, eq 3 a sum
    # over patches.
    c.loss.reconstruction = 20.0
    c.loss.style = 0.5

    # Not given.
    c.optimizer = ml_collections.ConfigDict({"learning_rate": 1e-3, "b1": 0.9, "b2": 0.999})
    c.ema_decay = 0.995
    return c
