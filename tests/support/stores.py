"""Stores of made-up gaits."""

from gait_jax.data import gait_store
from gait_jax.data.gait_store import GaitStore, Recorded
from gait_jax.data.sequence import GaitSequence


def make_store(directory, sequences, part=2):
    """A store of sequences, in parts of so many.

    Args:
      directory: the folder to make.
      sequences: (subject, condition, number, view, masks) each; masks [H, W] uint8 of 0 and 1.
      part: sequences a part.
    """
    directory.mkdir(parents=True)
    parts = []
    for first in range(0, len(sequences), part):
        folder = directory.with_name(f"{directory.name}-part-{first}")
        folder.mkdir()
        gait_store.write_part(folder, map(_recorded, sequences[first : first + part]))
        parts.append(folder)
    gait_store.join_parts(parts, directory)
    return GaitStore(directory)


def _recorded(described):
    subject, condition, number, view, masks = described
    problems = {i: "no person" for i, mask in enumerate(masks) if not mask.any()}
    sequence = GaitSequence(subject, condition, number, view, view, 0, len(masks))
    return Recorded(sequence, masks, range(1, len(masks) + 1), problems, {})
