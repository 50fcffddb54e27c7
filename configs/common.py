"""What configurations share: their arguments, and the fields that many of them have."""

from typing import Any

import ml_collections

# Data sets of a dozen people, too few for the papers' groups.
FEW = ("casia_a",)

# Of recognisers by silhouettes.
SILHOUETTES = {
    "data": "walkers",
    "form": ("", "small"),
    "groups": ("", "few"),
    "pretrain": ("", "walkers"),
    "anonymized_by": "",
}

# What is said of a value that an argument cannot have, where "is no NAME" would not read well.
_REFUSED = {"compare": "cannot be compared"}


def parse_arg(arg: str, **arguments: str | tuple[str, ...]) -> ml_collections.ConfigDict:
    """The arguments of a configuration file, which stand after its path and a colon.

        c = parse_arg(arg, data="walkers", form=("", "small"), anonymized_by="")

    takes "data=casia_a,form=small" in any order. The first argument and those of a choice need no
    name where they stand in their order: "casia_a,small".

    Args:
      arg: "NAME=VALUE" or "VALUE", separated by commas. What is not given, or given as "", is the
        default; a value can hold no comma.
      **arguments: by name the default where any text will do, else what can be chosen, of which the
        first is the default.

    Returns:
      The value of each argument.

    Raises:
      ValueError: an argument that is not known, is given twice, or cannot have the value.
    """
    first = next(iter(arguments))
    unnamed = [name for name, may in arguments.items() if name == first or isinstance(may, tuple)]
    usage = ", ".join(
        f"{name}={'TEXT' if isinstance(may, str) else ' or '.join(filter(None, may))}"
        for name, may in arguments.items()
    )
    given: dict[str, str] = {}
    for part in arg.split(","):
        name, equals, value = part.partition("=")
        if equals:
            # What stands after a name has no place of its own.
            unnamed = []
        elif unnamed:
            name, value = unnamed.pop(0), part
        else:
            raise ValueError(f"{part!r} needs a name: the arguments are {usage}")
        if name not in arguments:
            raise ValueError(f"{name!r} is no argument: the arguments are {usage}")
        if name in given:
            raise ValueError(f"{name!r} is given twice: the arguments are {usage}")
        may = arguments[name]
        if value and isinstance(may, tuple) and value not in may:
            refused = _REFUSED.get(name, f"is no {name}")
            raise ValueError(f"{value!r} {refused}: the arguments are {usage}")
        given[name] = value
    return ml_collections.ConfigDict(
        {
            name: given.get(name) or (may if isinstance(may, str) else may[0])
            for name, may in arguments.items()
        }
    )


def training(
    *,
    batch_size: int,
    train_steps: int,
    log_every: int,
    eval_every: int,
    eval_batch: int,
    keep_checkpoints: int = 2,
) -> ml_collections.ConfigDict:
    """Fields of every training by steps, to be merged into its configuration."""
    c = ml_collections.ConfigDict()
    # Where all random numbers start, those of the runs that this one builds on, too: the same seed
    # gives the same run.
    c.seed = 0
    # Examples a step, on all devices together: windows, frames, crops, or packs of pairs.
    c.batch_size = batch_size
    # How long to train.
    c.train_steps = train_steps
    # Steps between two lines of metrics.
    c.log_every = log_every
    # Steps between two evaluations on held-out examples, with a picture.
    c.eval_every = eval_every
    # Steps between two checkpoints; a run that was stopped goes on from the last one.
    c.checkpoint_every = eval_every
    # How many of the last checkpoints stay.
    c.keep_checkpoints = keep_checkpoints
    # Which one stays besides: min:METRIC or max:METRIC, such as min:eval_from_original, of those
    # that were saved when it was measured; none where empty.
    c.keep_best = ""
    # Where metrics and pictures go besides the workdir's own files: tensorboard, wandb, mlflow or
    # MODULE:CLASS of your own, separated by commas.
    c.writers = ""
    # Held-out examples an evaluation.
    c.eval_batch = eval_batch
    c.update(compute())
    return c


def compute() -> ml_collections.ConfigDict:
    """How a run is computed, whatever it trains."""
    c = ml_collections.ConfigDict()
    # float32, or bfloat16: what the layers compute with. Parameters, losses, optimisers and the
    # contours themselves stay float32.
    c.precision = "float32"
    # Steps that are sent to the devices at once; more hide what a step costs the host, and on CPUs
    # cost more than they save.
    c.steps_per_dispatch = 1
    # Into how many parts a device's share of a batch is divided, one computed after the other.
    c.accumulate = 1
    # Dispatches whose batches are put on the devices ahead of their time.
    c.prefetch = 1
    # A folder that keeps compiled programs for other runs; none where empty.
    c.compilation_cache = ""
    # FIRST-LAST, such as "20-29": steps to profile, into workdir/profile.
    c.profile = ""
    return c


def source(name: str, subjects: int = 40, anonymized_by: str = "") -> ml_collections.ConfigDict:
    """Which data set, and where it is."""
    c = ml_collections.ConfigDict()
    # The data set: walkers (synthetic, made on the spot), casia_a or casia_b.
    c.name = name
    # Where prepared data sets are kept; TFDS's own folder where empty.
    c.data_dir = ""
    # Where what is made of it is kept, if its own folder cannot be written; beside it where empty.
    c.derived_dir = ""
    # The folder with the original files of a real data set.
    c.manual_dir = ""
    # How many people to make; for walkers alone.
    c.subjects = subjects
    # The workdir of a run that anonymises, or an exported model: the data set is then that run's
    # anonymised gaits in place of the originals.
    c.anonymized_by = anonymized_by
    return c


def data(
    name: str,
    *,
    groups: str,
    group: str,
    validation_group: str,
    subjects: int = 40,
    anonymized_by: str = "",
) -> ml_collections.ConfigDict:
    """Fields of everything that trains on a data set: its `data`."""
    c = ml_collections.ConfigDict()
    c.update(source(name, subjects, anonymized_by))
    # How people are shared out: jisa2019, apsipa2020, lt74, attackers, pretraining, or few for a
    # dozen people.
    c.groups = groups
    # Whom to train on.
    c.group = group
    # On whom training is watched.
    c.validation_group = validation_group
    return c


def is_few(arg: ml_collections.ConfigDict) -> bool:
    """Whether arguments ask for the groups of a set of a dozen people, or name such a set."""
    return arg.groups == "few" or arg.data in FEW


def recogniser_data(arg: ml_collections.ConfigDict) -> ml_collections.ConfigDict:
    """Fields of what a recogniser trains on: its `data`.

    Args:
      arg: data, groups and anonymized_by, as `parse_arg` gives them.
    """
    c = ml_collections.ConfigDict()
    few = is_few(arg)
    c.update(
        data(
            arg.data,
            groups="few" if few else "jisa2019",
            group="train" if few else "recogniser",
            # Two people at least, to tell apart; `few` has one in its validation group.
            validation_group="test" if few else "validation",
            anonymized_by=arg.anonymized_by,
        )
    )
    # Numbers of the sequences to train on; all where there is none.
    c.sequences = ()
    return c


def adam(learning_rate: float, b1: float, b2: float = 0.999) -> ml_collections.ConfigDict:
    """Fields of Adam."""
    c = ml_collections.ConfigDict()
    # Adam's step.
    c.learning_rate = learning_rate
    # Decay of Adam's mean of gradients, and of their squares.
    c.b1 = b1
    c.b2 = b2
    c.update(schedule())
    return c


def schedule() -> ml_collections.ConfigDict:
    """How an optimiser's step changes, and what becomes of gradients first: nothing, as printed."""
    c = ml_collections.ConfigDict()
    # How the learning rate falls: constant, cosine (to 0) or step (by a factor now and then).
    c.schedule = "constant"
    # Steps of the run in which it first grows from 0.
    c.warmup = 0
    # Steps of the run: the one at which cosine has come to 0 (it stays there), or those after which
    # step falls. They do not follow train_steps, which a restart may change.
    c.decay_steps = ()
    # What step multiplies the learning rate by.
    c.decay_rate = 0.1
    # Gradients of a network that are longer, all together, are shortened to it; 0 leaves them.
    c.clip_norm = 0.0
    # Share of each parameter that a step takes off, times the learning rate; SGD adds it to the
    # gradient, Adam to its step (AdamW). 0 takes nothing.
    c.weight_decay = 0.0
    return c


def sgd_or_adam(
    name: str,
    learning_rate: float,
    weight_decay: float = 0.0,
    decay_steps: tuple[int, ...] = (),
) -> ml_collections.ConfigDict:
    """Fields of an optimiser that is either; its step is a tenth after each of `decay_steps`."""
    c = ml_collections.ConfigDict()
    # sgd or adam.
    c.name = name
    # Its step.
    c.learning_rate = learning_rate
    # Of SGD.
    c.momentum = 0.9
    # Of Adam: decay of its mean of gradients, and of their squares.
    c.b1 = 0.9
    c.b2 = 0.999
    c.update(schedule())
    c.weight_decay = weight_decay
    if decay_steps:
        c.schedule = "step"
        c.decay_steps = decay_steps
    return c


def within(train: ml_collections.ConfigDict) -> ml_collections.ConfigDict:
    """A training that is part of something else, which gives it its seed."""
    c = ml_collections.ConfigDict(train)
    del c.seed
    return c


def measured(train: ml_collections.ConfigDict, **fields: Any) -> ml_collections.ConfigDict:
    """Something trained that an evaluation measures, or measures with."""
    c = ml_collections.ConfigDict(fields)
    # The workdir of a training run; empty to train it here.
    c.checkpoint = ""
    # Which of the run's checkpoints: a number of steps, or best (see keep_best); the newest where
    # empty.
    c.step = ""
    # Its training, which has the seed of whatever it is part of.
    c.train = within(train)
    return c


def silhouette_sets(
    *,
    size: int,
    people: int,
    sequences: int,
    frames: int,
    span: int = 0,
) -> ml_collections.ConfigDict:
    """Fields of the data of recognisers by silhouettes, to be merged into their `data`."""
    c = ml_collections.ConfigDict()
    # Rows of the aligned silhouettes, which have 11/16 as many columns.
    c.size = size
    # A pack, the example of a batch: people, and sequences of each. Triplets are those within it.
    c.pack = ml_collections.ConfigDict({"people": people, "sequences": sequences})
    # Frames of a sequence that are drawn for a pack; later, all of it is looked at.
    c.frames = frames
    # They are drawn from so many frames in a row; from the whole sequence where it is 0.
    c.span = span
    c.augmented = augmented()
    return c


def pretrain(c: ml_collections.ConfigDict, before: ml_collections.ConfigDict) -> None:
    """Has a recogniser by silhouettes begin with one of walkers, 60 of 64 people.

    Args:
      c: its configuration.
      before: the other one's.
    """
    before.data.subjects = 64
    before.data.groups = "pretraining"
    # Walkers are filmed from their left side alone.
    before.data.augmented.flip = 0.5
    c.pretraining = within(before)
    c.train_steps = 600
    c.optimizer = sgd_or_adam("adam", 3e-4)


def augmented(
    flip: float = 0.0, rotate: float = 0.0, perspective: float = 0.0
) -> ml_collections.ConfigDict:
    """How sequences are changed that recognisers by silhouettes train on."""
    c = ml_collections.ConfigDict()
    # Share of the sequences that are mirrored.
    c.flip = flip
    # That are turned, by up to 10 degrees.
    c.rotate = rotate
    # That are seen a little aslant.
    c.perspective = perspective
    return c


def classifier(weight: float) -> ml_collections.ConfigDict:
    """Fields of the names that a recogniser is trained by besides triplets."""
    c = ml_collections.ConfigDict()
    # Weight of the cross entropy of names, beside the triplets' 1; 0 for none.
    c.weight = weight
    # What the cosines are multiplied by.
    c.scale = 16.0
    # Share of a name that is spread over all names.
    c.smoothing = 0.1
    # How many people it has room for.
    c.people = 128
    return c


def clips(walks: int = 4) -> ml_collections.ConfigDict:
    """Fields of what judges walks in colour."""
    c = ml_collections.ConfigDict()
    # How many walks of each view, the same for all methods, of as many of the tested people as
    # there are; with 0 nothing is measured, as where a data set comes without colour.
    c.walks = walks
    # The workdir of a run that colours anonymised gaits; nearest pixel (2019, eq 9) where empty.
    c.colouriser = ""
    # Whether the clips are written, too: clips/METHOD/SUBJECT-CONDITION-NUMBER-VIEW.mp4.
    c.export_clips = False
    return c


def frame_score(walks: int = 4) -> ml_collections.ConfigDict:
    """Fields of the frame score: how surely a detector takes who is shown for a person."""
    c = clips(walks)
    # Every so-manyth frame.
    c.every = 1
    # blazepose (what finds people in clips), or onnx:PATH for a detector of your own.
    c.detector = "blazepose"
    # Rows and columns of the pictures for an ONNX detector that takes any size.
    c.side = 640
    # Its class of people; -1 for 0 of COCO's 80 classes, as YOLO has them, and 1 of torchvision's.
    c.person = -1
    return c


def video_score(onlooker: ml_collections.ConfigDict, walks: int = 4) -> ml_collections.ConfigDict:
    """Fields of the video score: how surely an onlooker takes a clip for walking.

    Args:
      onlooker: its training (see `configs/resnext3d.py`).
      walks: how many of each view.
    """
    c = clips(walks)
    # Who looks on: the workdir of a training run, or onnx:PATH for a network of your own that names
    # what people do; empty to train it here; its training.
    c.onlooker = measured(onlooker)
    c.onnx = ml_collections.ConfigDict()
    # Of a network of your own: the numbers of its classes that are walking, whose probabilities are
    # added.
    c.onnx.classes = ()
    # What is taken off red, green and blue of 0 to 1, and what they are divided by then: those of
    # torchvision's networks for Kinetics.
    c.onnx.mean = (0.43216, 0.394666, 0.37645)
    c.onnx.deviation = (0.22803, 0.22145, 0.216989)
    # Sides of the squares around the person that it sees, in their heights.
    c.onnx.reach = 2.0
    return c
