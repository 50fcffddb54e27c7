"""How what an evaluation trains is configured."""

from collections.abc import Iterator
from typing import Any

import ml_collections

_SHARED = (
    "name", "data_dir", "derived_dir", "manual_dir", "subjects", "groups", "anonymized_by"
)  # fmt: skip


def with_data(
    config: ml_collections.ConfigDict, data: ml_collections.ConfigDict, seed: int, **fields: Any
) -> ml_collections.ConfigDict:
    """A training run's configuration on an evaluation's data.

    Args:
      config: of the run.
      data: of the evaluation: which data set, where it is, how people are shared out.
      seed: of the evaluation.
      **fields: further fields of the run's `data`.
    """
    made = ml_collections.ConfigDict(config.to_dict() | {"seed": seed})
    for name, value in ({shared: data[shared] for shared in _SHARED} | fields).items():
        made.data[name] = value
    return made


def everything_trained(config: ml_collections.ConfigDict) -> Iterator[ml_collections.ConfigDict]:
    """All that an evaluation trains or takes (see `configs.common.measured`)."""
    yield from config.recognisers.values()
    yield from config.methods.values()
    yield from config.get("colourisers", {}).values()
    for own in config.evaluators.values():
        # Whoever would look at no walk is not needed.
        if own.get("walks", 1) == 0:
            continue
        for value in own.values():
            if isinstance(value, ml_collections.ConfigDict) and "train" in value:
                yield value
