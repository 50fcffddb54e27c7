r"""Wu et al. (2017), LB and MT: pair networks that recognise people by gait energy images.

    python -m gait_jax.train --config=configs/wu2017.py:data=walkers,form=small \
        --workdir=runs/wu2017

The published form has the sizes of the paper's first author's code (github.com/itijyou/gaitrecog):
networks, grey levels less the mean image, Gaussian kernels, the steps of the learning rate.

Time: the small form, on walkers and two CPU cores, about 12 minutes when a step took twice as long
as now. The published form, 1.2 million steps of 128 pairs, is for a GPU or TPU and was not trained
to its end.
Result: of the 13 test people the small form knows 96 % (nm), 83 % (bg) and 74 % (cl) in the same
view, and 58 % (nm) from other views.

Arguments:
    data           walkers (the default), casia_a or casia_b
    form           published (the default on casia_b): images of 126×126, SGD
                   small (elsewhere): for two cores, images of 64×64, Adam, packs of pairs that
                   share images
    network        lb; without it mt, which the papers attack with
    groups         few: for a set of a dozen people, as casia_a always has it
    anonymized_by  a run that anonymises, whose gaits to train on in place of the originals
"""

import ml_collections

from configs import common

ARGUMENTS = {
    "data": "walkers",
    "form": ("", "small", "published"),
    "network": ("", "lb"),
    "groups": ("", "few"),
    "anonymized_by": "",
}


def get_config(arg: str = "") -> ml_collections.ConfigDict:
    """The configuration for the arguments above."""
    arg = common.parse_arg(arg, **ARGUMENTS)
    c = ml_collections.ConfigDict()
    # The method to train.
    c.method = "wu2017"
    # lb or mt; MT is the one that the papers' success rates are measured with.
    c.network = arg.network or "mt"
    c.update(
        common.training(
            batch_size=64,
            train_steps=1_200_000,
            log_every=1000,
            eval_every=10_000,
            eval_batch=64,
        )
    )

    c.data = common.recogniser_data(arg)
    # Rows and columns of the images.
    c.data.size = 126
    # What they are of: sequence, or cycle, the middle one of its gait cycles.
    c.data.energy = "sequence"
    # Whether images are divided by their standard deviation; otherwise they are grey levels, less
    # the mean image.
    c.data.standardized = False
    # A pack: people, images of each, and pairs among them, half of one person.
    c.data.pack = ml_collections.ConfigDict({"people": 2, "images": 2, "pairs": 2})

    # Share of units that is dropped in training.
    c.dropout = 0.5
    # Standard deviation of all initial kernels; 0 for one that depends on the number of inputs.
    c.initial_spread = 0.01
    c.optimizer = common.sgd_or_adam("sgd", 0.01, weight_decay=5e-4, decay_steps=(150_000, 900_000))
    # Of the running mean of the parameters, which is what recognises. Not of the paper.
    c.ema_decay = 0.999
    # Whether the layer where two images meet starts with opposite kernels for the two, so that it
    # sees differences from the first step. Not of the paper: it takes hundreds of steps off the
    # plateau at the beginning.
    c.start_from_differences = False
    # "Sometimes never converges": starts anew where the running mean of the loss is still above
    # `loss` (a guess scores 0.693) after `steps` steps.
    c.plateau = ml_collections.ConfigDict({"steps": 20_000, "loss": 0.65, "decay": 0.99})

    if arg.form == "small" or (not arg.form and arg.data != "casia_b"):
        c.data.size = 64
        c.data.standardized = True
        c.initial_spread = 0.0
        c.data.pack = ml_collections.ConfigDict({"people": 6, "images": 10, "pairs": 512})
        c.batch_size = 1
        c.eval_batch = 4
        c.train_steps = 1200
        c.log_every = 25
        c.eval_every = 200
        c.checkpoint_every = 200
        c.optimizer = common.sgd_or_adam("adam", 2e-4)
        c.ema_decay = 0.99
        c.start_from_differences = True
        c.plateau.steps = 200
        c.plateau.decay = 0.95
    return c
