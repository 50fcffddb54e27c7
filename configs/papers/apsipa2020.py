r"""Tieu et al. (2020), all of it: its systems, figures and tables, and which claims hold here.

    python -m gait_jax.evaluate --config=configs/papers/apsipa2020.py \
        --workdir=runs/papers/apsipa2020

The report opens with the paper's claims. Killed, the same command goes on; on a cluster tasks share
the folder (--task=I --tasks=N), seeds and all.

Time: the quick form from nothing, two cores, 12 minutes, and 24 on a machine half as fast. The full
form was not run: by the pace of the quick one on the slower one, 7 hours of a core for each seed.
Result: of 12 claims nine hold on walkers, one does not (colouring leaves success as it was: not
with the baseline's colours), two cannot be told; 14 people, one seed, short trainings. The DCGAN
makes 99.6 % of frames one whole person from incomplete silhouettes (98.9 to 100.0), ST-GAN 4.9
points fewer.

Arguments:
    data  walkers (the default), or casia_b with its videos, for a GPU or TPU
    size  quick (the default but on casia_b): one seed, short trainings, 40 walkers and half of the
          walks of each; full: five seeds, trainings as the methods' own files have them, 124
          walkers, the network as printed, too
"""

import ml_collections

from configs import colour_quality, common, dcgan, stgan_resampled, zheng2011

ARGUMENTS = {"data": "walkers", "size": ("", "quick", "full")}


def get_config(arg: str = "") -> ml_collections.ConfigDict:
    """The configuration for the arguments above."""
    arg = common.parse_arg(arg, **ARGUMENTS)
    full = (arg.size or ("full" if arg.data == "casia_b" else "quick")) == "full"
    c = colour_quality.get_config(f"data={arg.data},form={'paper' if full else ''}")
    # How many seeds, from that one on: everything is trained and measured with each of them.
    c.seeds = 5 if full else 1
    # Who trains the recognisers, is enrolled, is probed (see `configs/jisa2019.py`).
    c.protocol = "apsipa2020" if full else "apsipa2020_quick"
    # Whether silhouettes, original and anonymised, are written as OpenGait reads them.
    c.export = False
    c.data.subjects = 124 if full else 40
    # All that is looked at in colour is filmed when it is, walkers at least.
    c.data.colour = False
    for colouriser in c.colourisers.values():
        colouriser.train.data.colour = False
        colouriser.train.data.group = "baseline"
        colouriser.train.data.validation_group = "recogniser"
    # Whose gaits are coloured.
    c.anonymizer.method = "dcgan"

    c.evaluators.colour.walks = 440 if full else 60
    # Who is found among how many of the nearest.
    c.evaluators.identification = ml_collections.ConfigDict({"ranks": (1, 3)})
    # Measured on every so-manyth sequence.
    c.evaluators.naturalness = ml_collections.ConfigDict({"every": 10})
    if arg.data == "walkers":
        # Whole people from incomplete silhouettes, which CASIA-B does not have beside complete
        # ones: how many walks, spread over those that are probed.
        c.evaluators.incomplete = ml_collections.ConfigDict({"walks": 440 if full else 66})
    # Success of silhouettes that are taken from coloured clips: how many walks of each view.
    c.evaluators.after_colouring = ml_collections.ConfigDict({"walks": 40 if full else 6})
    # Which is what in the paper whose claims are judged.
    c.evaluators.claims = ml_collections.ConfigDict()
    c.evaluators.claims.paper = "apsipa2020"
    # What it proposes, and what that stands beside.
    c.evaluators.claims.ours = "network"
    c.evaluators.claims.baseline = "baseline"
    # Of the other paper.
    c.evaluators.claims.gaussian = ""
    c.evaluators.claims.sweep = ()
    # Whose gaits are coloured, and the earlier model that this stands beside.
    c.evaluators.claims.anonymizer = "dcgan"
    c.evaluators.claims.contours = "stgan"

    recogniser = zheng2011.get_config(f"data={arg.data}")
    recogniser.data.validation_group = "baseline"
    # As the paper has it (§II-A).
    recogniser.data.energy = "cycle"
    c.recognisers.zheng2011 = common.measured(recogniser)

    c.methods.dcgan = common.measured(dcgan.get_config(f"data={arg.data}"), label="DCGAN")
    contours = stgan_resampled.get_config(f"data={arg.data}")
    contours.data.group = contours.noise_gan.data.group = "baseline"
    contours.data.validation_group = "recogniser"
    c.methods.stgan = common.measured(contours, label="ST-GAN (2019)")
    if not full:
        _shorten(c)
    return c


def _shorten(c: ml_collections.ConfigDict) -> None:
    """Trains for minutes on two cores, and says so: the report tells the steps of each method."""
    c.methods.dcgan.train.train_steps = 1000
    c.methods.stgan.train.train_steps = 500
    c.methods.stgan.train.noise_gan.train_steps = 1500
    for colouriser in c.colourisers.values():
        colouriser.train.train_steps = 400
        colouriser.train.data.walks = 110
