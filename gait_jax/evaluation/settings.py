"""What the fields of an evaluation's configuration may be."""

import ml_collections

from gait_jax.methods import fields
from gait_jax.runtime.errors import InputError

_SHARED: fields.Fields = {
    "protocol": fields.text,
    "seed": fields.SEED,
    "ranks": fields.wholes(),
    "export": fields.flag,
    "data.name": fields.text,
    "data.data_dir": fields.text,
    "data.manual_dir": fields.text,
    "data.subjects": fields.whole(),
}
_METHOD: fields.Fields = {
    "label": fields.text,
    "checkpoint": fields.text,
    "measure_every": fields.whole(),
    "train.data.name": fields.text,
}
_RECOGNISERS: dict[str, fields.Fields] = {
    "zheng2011": {
        "size": fields.whole(8, 4096),
        "components": fields.whole(),
        "rank": fields.whole(),
        "robustness": fields.number(),
    },
    "wu2017": {"checkpoint": fields.text, "train.data.name": fields.text},
}


def check_recognition(config: ml_collections.ConfigDict) -> None:
    """Refuses a configuration of success rates that could not be used.

    Raises:
      InputError: a field is missing or wrong.
    """
    fields.check_fields(config, _SHARED)
    for part in ("recognisers", "methods"):
        if not isinstance(config.get(part), ml_collections.ConfigDict):
            raise InputError(f"the configuration lacks {part}: take it from the files in configs/")
    for name in config.recognisers:
        if name not in _RECOGNISERS:
            known = ", ".join(_RECOGNISERS)
            raise InputError(f"recogniser {name!r} is not known: use one or more of {known}")
        fields.check_fields(config, fields.below(f"recognisers.{name}", _RECOGNISERS[name]))
    for name in config.methods:
        fields.check_fields(config, fields.below(f"methods.{name}", _METHOD))


_COLOUR: fields.Fields = {
    "seed": fields.SEED,
    "walks": fields.whole(),
    "frames": fields.whole(),
    "anonymizer.checkpoint": fields.text,
    **fields.DATA,
    "data.colour": fields.flag,
}
_NETWORK: fields.Fields = {
    "label": fields.text,
    "checkpoint": fields.text,
    "train.data.name": fields.text,
}


def check_colour(config: ml_collections.ConfigDict) -> None:
    """Refuses a configuration of colour measures that could not be used.

    Raises:
      InputError: a field is missing or wrong.
    """
    fields.check_fields(config, _COLOUR)
    if not isinstance(config.get("networks"), ml_collections.ConfigDict):
        raise InputError("the configuration lacks networks: take it from the files in configs/")
    for name in config.networks:
        fields.check_fields(config, fields.below(f"networks.{name}", _NETWORK))
