r"""Wu et al. (2017), LB and MT: pair networks that recognise people by gait energy images.

    python -m gait_jax.train --config=configs/wu2017.py:walkers,small --workdir=runs/wu2017

After the colon: the data set (walkers, casia_a, casia_b), then "small" for two cores (images of
64×64, Adam, packs of pairs that share images). Without it, the published settings: images of
126×126, SGD, 1.2 million steps of 128 pairs; for a GPU or TPU.

The small form, on walkers, takes about 12 minutes on two CPU cores; of the 13 test people it then
knows 96 % (nm), 83 % (bg) and 74 % (cl) in the same view, and 58 % (nm) from other views. The
published form was not trained to its end.
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
    """The configuration for "DATASET" or "DATASET,small"."""
    dataset, _, form = arg.partition(",")
    if form not in ("", "small"):
        raise ValueError(f"{form!r} is not a form of Wu 2017: use DATASET or DATASET,small")
    c = ml_collections.ConfigDict()
    c.method = "wu2017"
    # MT is the one that the papers' success rates are measured with.
    c.network = "mt"
    c.seed = 0
    c.train_steps = 1_200_000
    c.log_every = 1000
    c.eval_every = 10_000
    c.checkpoint_every = 10_000
    c.keep_checkpoints = 2
    c.eval_batch = 64

    c.update(_load("compute").get_config())

    c.data = ml_collections.ConfigDict()
    c.data.name = dataset
    c.data.data_dir = ""
    # The folder with the original files of a real data set.
    c.data.manual_dir = ""
    # How many people to make; for walkers alone.
    c.data.subjects = 40
    few = dataset == "casia_a"
    c.data.groups = "few" if few else "jisa2019"
    c.data.group = "train" if few else "recogniser"
    # Pairs need two people at least; `few` has one in its validation group.
    c.data.validation_group = "test" if few else "validation"
    # Numbers of the sequences to train on; all where there is none.
    c.data.sequences = ()
    c.data.size = 126
    # A pack: people, images of each, and pairs among them, half of one person.
    c.data.pack = ml_collections.ConfigDict({"people": 2, "images": 2, "pairs": 2})
    # Packs a step.
    c.batch_size = 64

    c.dropout = 0.5
    c.optimizer = ml_collections.ConfigDict()
    c.optimizer.name = "sgd"
    c.optimizer.learning_rate = 0.01
    c.optimizer.momentum = 0.9
    c.optimizer.weight_decay = 5e-4
    c.optimizer.b1 = 0.9
    c.optimizer.b2 = 0.999
    c.ema_decay = 0.999
    # Whether the layer where two images meet starts with opposite kernels for the two, so that it
    # sees differences from the first step. Not of the paper: it takes hundreds of steps off the
    # plateau at the beginning.
    c.start_from_differences = False
    # "Sometimes never converges": starts anew where the running mean of the loss is still above
    # `loss` (a guess scores 0.693) after `steps` steps.
    c.plateau = ml_collections.ConfigDict({"steps": 20_000, "loss": 0.65, "decay": 0.99})

    if form == "small":
        c.data.size = 64
        c.data.pack = ml_collections.ConfigDict({"people": 6, "images": 10, "pairs": 512})
        c.batch_size = 1
        c.eval_batch = 4
        c.train_steps = 1200
        c.log_every = 25
        c.eval_every = 200
        c.checkpoint_every = 200
        c.optimizer.name = "adam"
        c.optimizer.learning_rate = 2e-4
        c.ema_decay = 0.99
        c.start_from_differences = True
        c.plateau.steps = 200
        c.plateau.decay = 0.95
    return c
