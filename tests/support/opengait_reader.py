"""Exported gaits as OpenGait finds them, by its rules."""

import json
import os
import pickle
from typing import NamedTuple

import numpy as np


class Found(NamedTuple):
    """What there is: (id, type, view, frames [n, 64, 64]) of each sequence, and who is not."""

    train: list
    test: list
    # Folders that stand in neither list, and names in a list that have no folder.
    unknown: list
    missing: list


def read_as_opengait(root, partition):
    """Reads a `dataset_root` by a `dataset_partition`."""
    sets = json.loads(partition.read_text(encoding="utf-8"))
    # Whatever lies in the root is a person, whatever lies in a person is a type, and so on.
    there = os.listdir(root)
    listed = {name: [who for who in sets[name] if who in there] for name in sets}
    found = {
        name: [
            (who, kind, view, _frames(root / who / kind / view))
            for who in people
            for kind in sorted(os.listdir(root / who))
            for view in sorted(os.listdir(root / who / kind))
        ]
        for name, people in listed.items()
    }
    named = [who for people in sets.values() for who in people]
    return Found(
        found["TRAIN_SET"],
        found["TEST_SET"],
        sorted(set(there) - set(named)),
        sorted(set(named) - set(there)),
    )


def _frames(folder):
    """Of all files of a view, as many frames each, and at least one."""
    names = os.listdir(folder)
    assert names and all(name.endswith(".pkl") for name in names)
    arrays = [pickle.loads((folder / name).read_bytes()) for name in names]
    assert len({len(frames) for frames in arrays}) == 1 and len(arrays[0])
    assert all(frames.shape[1:] == (64, 64) for frames in arrays)
    assert all(frames.dtype == np.uint8 for frames in arrays)
    return arrays[0]
