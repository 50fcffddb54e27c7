"""How like their originals gaits are that were made of them, in numbers and to look at."""

from collections.abc import Mapping

import cv2
import numpy as np

from gait_jax.data.gait_store import GaitStore
from gait_jax.data.gaits import Gaits
from gait_jax.gait import picture, resemblance

# Part of the key of what is kept: raise it when the same gaits give other errors or pictures.
VERSION = 1

# Of each walk, how many frames are compared, and drawn; how many walks are drawn.
_COMPARED, _DRAWN, _WALKS = 5, 10, 4


def _spread(frames: np.ndarray, count: int) -> np.ndarray:
    """Some of many frames, evenly: each at most once."""
    return frames[np.unique(np.linspace(0, len(frames) - 1, count).astype(int))]


class Originals:
    """The frames that others were made of."""

    def __init__(self, store: GaitStore):
        """Takes the store of originals, with every walk that is asked for."""
        self._store = store
        self._places = {sequence.name: sequence.first for sequence in store.sequences}

    def body(self, gaits: Gaits, index: int, frame: int) -> np.ndarray:
        """What a frame of one of some gaits was made of: [h, w] uint8; 0×0 where empty."""
        sequence = gaits.store.sequences[gaits.rows[index]]
        return self._store.body(self._places[sequence.name] + frame - sequence.first)


def errors(originals: GaitStore, gaits: Gaits) -> np.ndarray:
    """How far the shapes of gaits are from their originals' (see `resemblance.compare`).

    Args:
      originals: what they were made of, frame by frame.
      gaits: others of the same names and numbers of frames.

    Returns:
      [N, 2] mean over frames of each: (contour error in body heights, intersection over union);
      NaN where no frame can be compared.
    """
    before, found = Originals(originals), np.full((len(gaits), 2), np.nan)
    for index in range(len(gaits)):
        pairs = (
            (gaits.store.body(frame), before.body(gaits, index, frame))
            for frame in _spread(gaits.frames(index), _COMPARED)
        )
        compared = [resemblance.compare(*pair) for pair in pairs if pair[1].size]
        if compared:
            found[index] = np.mean(compared, axis=0)
    return found


def sheet(originals: GaitStore, made: Mapping[str, Gaits]) -> bytes:
    """Walks in different views: the originals, and below them what was made of them.

    Args:
      originals: what they were made of.
      made: by what a row of pictures is called; all that the first one holds is drawn of each that
        has it, too.

    Returns:
      A PNG.
    """
    before, rows = Originals(originals), {}
    first = next(iter(made.values()))
    views = np.unique(first.views)
    for k, view in enumerate(_spread(views, _WALKS)):
        here = np.flatnonzero(first.views == view)
        index = here[k * len(here) // _WALKS]
        frames = _spread(first.frames(index), _DRAWN)
        start = first.store.sequences[first.rows[index]].first
        bodies = [before.body(first, index, frame) for frame in frames]
        rows[f"original {view}"] = np.hstack([_tile(body) for body in bodies])
        for name, gaits in made.items():
            walk = _walk(gaits, first, index)
            if walk is not None:
                own = [gaits.store.body(frame - start + walk) for frame in frames]
                rows[f"{name} {view}"] = np.hstack([_tile(body) for body in own])
    return picture.png(picture.sheet(rows))


def _walk(gaits: Gaits, of: Gaits, index: int) -> int | None:
    """The first frame of the walk in some gaits that has the name of one of others."""
    name = of.store.sequences[of.rows[index]].name
    sequences = (gaits.store.sequences[row] for row in gaits.rows)
    return next((walk.first for walk in sequences if walk.name == name), None)


def _tile(body: np.ndarray) -> np.ndarray:
    """A body as a picture, black where there is none."""
    if not body.size:
        body = np.zeros((1, 1), np.uint8)
    height, width = body.shape
    framed = cv2.copyMakeBorder(body, 1, 1, 1, 1, cv2.BORDER_CONSTANT)
    return picture.crop(framed, (1, 1, width, height))
