"""The model that ships with the package: what is used where none is named.

Made by

    python -m gait_jax.train --config=configs/stgan_resampled.py --workdir=runs/stgan_walkers
    python -m gait_jax.export runs/stgan_walkers -o gait_jax/pretrained/stgan_walkers

on walkers alone, who are synthetic: nothing is known of how well it protects real people.
"""

import pathlib

DEFAULT = pathlib.Path(__file__).parent / "stgan_walkers"
