"""How a run is computed, whatever it trains: fields of every training's configuration."""

import ml_collections


def get_config() -> ml_collections.ConfigDict:
    """The fields, to be merged into a configuration."""
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
