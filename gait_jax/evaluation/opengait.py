"""Gaits as OpenGait's recognisers read them: `id/type/view/view.pkl`."""

import pathlib
import pickle

import numpy as np

from gait_jax.data.gait_store import GaitStore
from gait_jax.gait import gei
from gait_jax.runtime.files import write_bytes

# The alignment's size in OpenGait's files.
_SIZE = 64


def export(directory: pathlib.Path, gaits: GaitStore) -> None:
    """Writes the gaits of a store.

    Each file is a pickled array [n, 64, 64] uint8 of aligned silhouettes; `type` is `nm-01` and the
    like, `view` three digits. Frames without a usable person are left out, and a sequence of
    nothing else leaves no file.

    Args:
      directory: the tree's root, made where it is missing.
      gaits: the silhouettes.
    """
    for sequence in gaits.sequences:
        bodies = (gaits.body(frame) for frame in range(sequence.first, sequence.last))
        frames = [gei.align(body, _SIZE) for body in bodies if body.size]
        if not frames:
            continue
        view = f"{sequence.view:03d}"
        kind = f"{sequence.condition}-{sequence.number:02d}"
        folder = directory / sequence.subject / kind / view
        folder.mkdir(parents=True, exist_ok=True)
        write_bytes(folder / f"{view}.pkl", pickle.dumps(np.array(frames)))
