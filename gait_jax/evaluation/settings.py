"""What the fields of an evaluation's configuration may be."""

import ml_collections

from gait_jax.evaluation.evaluators.base import RUN
from gait_jax.evaluation.evaluators.registry import EVALUATORS
from gait_jax.methods import fields
from gait_jax.runtime.errors import InputError

SHARED: fields.Fields = {
    "seed": fields.SEED,
    "data.name": fields.text,
    "data.data_dir": fields.folder,
    "data.derived_dir": fields.folder,
    "data.manual_dir": fields.folder,
    "data.subjects": fields.whole(),
    "data.anonymized_by": fields.folder,
}

# Of an evaluation that may be done several times.
SEEDS: fields.Fields = {"seeds": fields.whole(1, 1000)}


def check(config: ml_collections.ConfigDict) -> None:
    """Refuses a configuration that no evaluation could use.

    Raises:
      InputError: a field is missing or wrong.
    """
    fields.check_fields(config, SHARED)
    if "seeds" in config:
        fields.check_fields(config, SEEDS)
    for part in ("evaluators", "recognisers", "methods"):
        if not isinstance(config.get(part), ml_collections.ConfigDict):
            raise InputError(f"the configuration lacks {part}: take it from the files in configs/")
    for name in config.evaluators:
        if name not in EVALUATORS:
            known = ", ".join(EVALUATORS)
            raise InputError(f"evaluator {name!r} is not known: use one or more of {known}")
        fields.check_fields(config, fields.below(f"evaluators.{name}", EVALUATORS[name].FIELDS))
        fields.check_fields(config, EVALUATORS[name].NEEDS)
    label = {"label": fields.text}
    for part, own in (("recognisers", {}), ("methods", label), ("colourisers", label)):
        for name in config.get(part, {}):
            fields.check_fields(config, fields.below(f"{part}.{name}", RUN | own))
    both = {*config.methods} & {*config.get("colourisers", {})}
    if both:
        raise InputError(f"methods and colourisers are both called {', '.join(both)}: rename one")
