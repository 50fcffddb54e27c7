"""The models that ship with the package.

The stand-in's is used where none is named. They were made by

    python -m gait_jax.train --config=configs/stgan_resampled.py --workdir=runs/stgan_walkers
    python -m gait_jax.export runs/stgan_walkers -o gait_jax/pretrained/stgan_walkers

    python -m gait_jax.train --config=configs/stand_in.py --workdir=runs/stand_in
    python -m gait_jax.export runs/stand_in -o gait_jax/pretrained/stand_in

on synthetic people alone.
"""

import pathlib

_HERE = pathlib.Path(__file__).parent
# By what they are called on command lines.
STGAN, STAND_IN = "stgan", "stand_in"
MODELS = {STGAN: _HERE / "stgan_walkers", STAND_IN: _HERE / "stand_in"}
DEFAULT_METHOD = STAND_IN
DEFAULT = MODELS[DEFAULT_METHOD]
# In place of a run's folder: each says which one it means, whichever is the default.
SHIPPED = {f"shipped:{name}": path for name, path in MODELS.items()}
