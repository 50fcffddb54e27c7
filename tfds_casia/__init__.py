"""Gait data sets as TFDS builders, and a library of walking bodies.

    tfds_casia.CasiaB(data_dir=...)      a builder
    tfds_casia.DATA_SETS["casia_b"]      its class, by name: see `data_set.GaitDataSet`
    tfds_casia.PngBytes()                a decoder that leaves frames as they are

Nothing of this is loaded before it is asked for: TFDS takes seconds, and what renders walkers
(`tfds_casia.walkers`) or looks at files does without. TFDS knows the builders by name,
`tfds.builder("casia_b")`, once they are loaded.
"""

import importlib
from typing import Any

# A data set is a line here: the name of its class, and the module whose `Builder` it is.
_BUILDERS = {
    "Walkers": "tfds_casia.walkers.walkers_dataset_builder",
    "CasiaA": "tfds_casia.casia_a.casia_a_dataset_builder",
    "CasiaB": "tfds_casia.casia_b.casia_b_dataset_builder",
}

__all__ = ["DATA_SETS", "CasiaA", "CasiaB", "PngBytes", "Walkers"]


def __getattr__(name: str) -> Any:
    """Loads what is asked for."""
    if name in _BUILDERS:
        found = importlib.import_module(_BUILDERS[name]).Builder
    elif name == "DATA_SETS":
        builders = [__getattr__(builder) for builder in _BUILDERS]
        found = {builder.name: builder for builder in builders}
    elif name == "PngBytes":
        found = importlib.import_module("tfds_casia.features").PngBytes
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    # The next time it is simply there.
    globals()[name] = found
    return found
