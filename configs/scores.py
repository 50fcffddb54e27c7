r"""Whether anonymised people look like people who walk: frame and video scores of 2019, §4.3.

    python -m gait_jax.evaluate --config=configs/scores.py --workdir=runs/scores

The models that ship with the package, coloured by nearest pixel. The evaluators may stand in every
other evaluation, too.

Time: on walkers, four walks of each view and every sixth frame, two CPU cores with much other work
beside it, 6 minutes for the frame score and 4 for the video score, after the onlooker's training.
Result: frame and video score of originals 0.962 and 0.753, of ST-GAN as it ships 0.960 and 0.733,
of the stand-in, which eq 9 colours badly, 0.936 and 0.600.

Arguments:
    data  walkers (the default) or casia_b, which needs its videos, too
"""

import ml_collections

from configs import common, resnext3d, stgan_resampled

ARGUMENTS = {"data": "walkers"}


def get_config(arg: str = "") -> ml_collections.ConfigDict:
    """The configuration for the arguments above."""
    arg = common.parse_arg(arg, **ARGUMENTS)
    c = ml_collections.ConfigDict()
    # Who is shown: the people whom it probes (see `configs/jisa2019.py`).
    c.protocol = "jisa2019"
    # Where all random numbers start: those of the trainings, and of the noise that is measured.
    c.seed = 0
    # Whether silhouettes, original and anonymised, are written as OpenGait reads them.
    c.export = False
    c.data = common.source(arg.data)

    c.evaluators = ml_collections.ConfigDict()
    # How surely a detector takes who is shown for a person, on every so-manyth frame of some walks.
    c.evaluators.frame_score = common.frame_score()
    # How surely an onlooker takes the same clips for walking.
    c.evaluators.video_score = common.video_score(resnext3d.get_config())

    # Nobody is to be recognised.
    c.recognisers = ml_collections.ConfigDict()
    # What is measured: its name in tables; the workdir of a training run, shipped:stgan or
    # shipped:stand_in for a model that ships with the package, empty to train one here; its
    # training.
    c.methods = ml_collections.ConfigDict()
    for name, label in (("stgan", "ST-GAN as it ships"), ("stand_in", "stand-in as it ships")):
        train = stgan_resampled.get_config(f"data={arg.data}")
        c.methods[name] = common.measured(train, label=label)
        c.methods[name].checkpoint = f"shipped:{name}"
    return c
