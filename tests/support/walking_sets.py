"""Drawn people who differ in height and bulk, for tests of recognisers by silhouettes."""

import itertools

from drawn import draw_walk
from stores import make_store

from gait_jax.data.gaits import Gaits

_BULKS = (0.5, 1.0, 1.6, 2.3)


def make_walks(directory, sequences=3, frames=9):
    """Gaits of four people, whose later sequences are longer by a frame each."""
    walks = [
        (
            f"{k:03d}",
            "nm",
            n,
            90,
            [mask // 255 for mask in draw_walk(frames + n, bulk=_BULKS[k], start=28 + 5 * n)],
        )
        for k, n in itertools.product(range(len(_BULKS)), range(1, sequences + 1))
    ]
    return Gaits.of(make_store(directory, walks, part=len(walks)))
