"""What the fields of a configuration may be."""

import dataclasses
import math
import sys
from collections.abc import Callable, Mapping
from typing import Any

import ml_collections

from gait_jax.runtime import steps
from gait_jax.runtime.errors import InputError

# Beyond this, arrays would not fit any machine's memory.
_MOST = 2**16


@dataclasses.dataclass(frozen=True)
class Check:
    """What a field may be.

    Attributes:
      what: in words, to stand after "it must be".
      allows: whether a value, of any type, is that.
    """

    what: str
    allows: Callable[[Any], bool]

    def __call__(self, value: Any) -> str | None:
        """What a value must be where it is not; None where it is."""
        return None if self.allows(value) else self.what


Fields = Mapping[str, Check]


def whole(least: int = 1, most: int = _MOST) -> Check:
    """A whole number from `least` to `most`."""
    return Check(
        f"a whole number from {least} to {most}",
        lambda value: type(value) is int and least <= value <= most,
    )


def number(least: float = 0.0, most: float = math.inf) -> Check:
    """A finite number from `least` to `most`."""
    what = f"a number from {least:g}" + ("" if math.isinf(most) else f" to {most:.10g}")
    # Below what no float can be: JSON may hold infinity and whole numbers of 400 digits.
    most = min(most, sys.float_info.max)
    return Check(what, lambda value: type(value) in (int, float) and least <= value <= most)


def wholes(least: int = 1, most: int = _MOST, fewest: int = 1, longest: int = 16) -> Check:
    """A list of whole numbers from `least` to `most`."""
    how_many = f"{fewest}" if fewest == longest else f"{fewest} to {longest}"
    each = whole(least, most)

    def allows(value: Any) -> bool:
        right = isinstance(value, (list, tuple)) and fewest <= len(value) <= longest
        return right and all(map(each.allows, value))

    return Check(f"a list of {how_many} whole numbers from {least} to {most}", allows)


def one_of(*names: str) -> Check:
    """One of some texts."""
    return Check(f"one of {', '.join(names)}", lambda value: type(value) is str and value in names)


flag = Check("True or False", lambda value: type(value) is bool)
# It may be empty.
text = Check("a text", lambda value: type(value) is str and "\0" not in value)
# Its name is one that a folder can have; exports leave it out, as it is of somebody's machine.
folder = Check("a folder, or empty", text.allows)


texts = Check(
    "a list of texts",
    lambda value: isinstance(value, (list, tuple)) and all(map(text.allows, value)),
)


def below(group: str, fields: Fields) -> dict[str, Check]:
    """The fields of a group of fields."""
    return {f"{group}.{name}": check for name, check in fields.items()}


SEED = whole(0, 2**32 - 1)
SHARE = number(0, 1)
_STEPS = whole(1, 2**31 - 1)

# Of every training run that is part of something else, which gives it its seed.
WITHIN: Fields = {
    "batch_size": whole(),
    "train_steps": whole(0, 2**31 - 1),
    "log_every": _STEPS,
    "eval_every": _STEPS,
    "checkpoint_every": _STEPS,
    "keep_checkpoints": whole(),
    "keep_best": Check(
        "empty, min:METRIC or max:METRIC",
        lambda value: type(value) is str and (not value or steps.is_rule(value)),
    ),
    "writers": text,
    "eval_batch": whole(),
    "ema_decay": SHARE,
    "precision": one_of("float32", "bfloat16"),
    "steps_per_dispatch": whole(),
    "accumulate": whole(),
    "prefetch": whole(0),
    "compilation_cache": folder,
    "profile": text,
}
# Of every training run.
TRAINING: Fields = {"seed": SEED, **WITHIN}

# Of every data set.
DATA: Fields = {
    "data.name": text,
    "data.data_dir": folder,
    "data.derived_dir": folder,
    "data.manual_dir": folder,
    "data.subjects": whole(1, 10_000),
    "data.groups": text,
    "data.group": text,
    "data.validation_group": text,
    "data.anonymized_by": folder,
}

# Of every optimiser; how they go together `optimizers.learning_rate` knows.
_OPTIMIZER: Fields = {
    "learning_rate": number(),
    "schedule": one_of("constant", "cosine", "step"),
    "warmup": whole(0, 2**31 - 1),
    "decay_steps": wholes(1, 2**31 - 1, fewest=0),
    "decay_rate": SHARE,
    "clip_norm": number(),
    "weight_decay": number(),
}
ADAM: Fields = {**_OPTIMIZER, "b1": number(0, 1 - 1e-9), "b2": number(0, 1 - 1e-9)}
SGD: Fields = {**_OPTIMIZER, "momentum": number(0, 1 - 1e-9)}
SGD_OR_ADAM: Fields = {**ADAM, **SGD, "name": one_of("sgd", "adam")}


def check_fields(config: ml_collections.ConfigDict, fields: Fields) -> None:
    """Refuses a configuration that no run could use.

    Args:
      config: a configuration, of a file in `configs/` or of a run's config.json.
      fields: what its fields must be, by dotted names. It may have others besides.

    Raises:
      InputError: one is missing or wrong.
    """
    for name, check in fields.items():
        value: Any = config
        for part in name.split("."):
            if not isinstance(value, ml_collections.ConfigDict) or part not in value:
                raise InputError(
                    f"the configuration lacks the field {name}: take it from the files in "
                    "configs/; of a run or model of another version, make it anew"
                )
            value = value[part]
        if what := check(value):
            shown = " ".join(repr(value).split())
            shown = shown if len(shown) < 60 else f"{shown[:60]}…"
            raise InputError(f"{name} {shown} cannot be used: it must be {what}")


def check_divides(what: str, size: int, by: str, divisor: int) -> None:
    """Raises an `InputError` unless `divisor` divides `size`; both are named as in the config."""
    if size % divisor:
        raise InputError(f"{what} {size} is not a multiple of {divisor} ({by}): change either")
