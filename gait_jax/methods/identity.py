"""Which fields of a configuration say what is computed, and which only how."""

from typing import Any

# They say how far and how closely watched a run is and how it is computed, not what is computed. A
# restart may change them, in a run's configuration and in those of the runs that it builds on.
_OF_A_RUN = frozenset(
    {
        "train_steps",
        "log_every",
        "eval_every",
        "checkpoint_every",
        "keep_checkpoints",
        "keep_best",
        "writers",
        "steps_per_dispatch",
        "accumulate",
        "prefetch",
        "compilation_cache",
        "profile",
    }
)
# Where the data stands.
_OF_DATA = frozenset({"data.data_dir", "data.derived_dir", "data.manual_dir"})


def may_change(config: dict[str, Any], prefix: str = "") -> frozenset[str]:
    """The fields that a restart may change, by dotted names.

    Args:
      config: a run's nested configuration.
      prefix: of the names.
    """
    found = {f"{prefix}{name}" for name in _OF_A_RUN | _OF_DATA}
    for name, value in config.items():
        # Runs that this one builds on have configurations of their own within it.
        if isinstance(value, dict) and "method" in value:
            found |= may_change(value, f"{prefix}{name}.")
    return frozenset(found)


def identity(config: dict[str, Any]) -> dict[str, Any]:
    """A run's configuration without what only says how it is computed and where its data stands.

    How many steps it is trained for stays: fewer are another result.

    Args:
      config: a run's nested configuration, of JSON values.
    """
    steps = {name for name in may_change(config) if name.endswith("train_steps")}
    return _without(config, may_change(config) - steps, "")


def _without(tree: dict[str, Any], dropped: frozenset[str], prefix: str) -> dict[str, Any]:
    return {
        name: _without(value, dropped, f"{prefix}{name}.") if isinstance(value, dict) else value
        for name, value in tree.items()
        if f"{prefix}{name}" not in dropped
    }
