"""The gaits of a data set as an anonymiser gives them: another store, of the same sequences."""

import functools
import pathlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Protocol

import jax
import numpy as np

from gait_jax.data import gait_store
from gait_jax.data.dataset import GaitDataset
from gait_jax.data.derived import derive, ranges
from gait_jax.data.gait_store import GaitStore, Recorded
from gait_jax.runtime import keys
from gait_jax.runtime.fingerprint import fingerprint
from tfds_casia.parts import Work

# Part of the key: raise it when the same anonymiser gives other results for the same sequences.
VERSION = 2


class AnonymizedMasks(Protocol):
    """What an anonymiser makes of one person's masks (see `methods.contracts`)."""

    masks: Sequence[np.ndarray]
    problems: Mapping[int, str]
    measures: Mapping[str, float]


Anonymize = Callable[[Sequence[np.ndarray], jax.Array], AnonymizedMasks]


def _anonymized(
    dataset: GaitDataset,
    anonymize: Anonymize,
    key: jax.Array,
    wanted: Sequence[tuple[int, int]],
    incomplete: bool,
) -> Iterator[Recorded]:
    masks_of = dataset.incomplete_masks if incomplete else dataset.masks
    for draw, index in wanted:
        sequence = dataset.gaits.sequences[index]
        own = jax.random.fold_in(key, index)
        # The first draw is the same, however many there are.
        own = jax.random.fold_in(own, draw) if draw else own
        # As they are found: what a user's own masks go through, these go through.
        result = anonymize(masks_of(index), own)
        yield Recorded(
            sequence,
            result.masks,
            dataset.gaits.numbers[sequence.first : sequence.last],
            dict(result.problems),
            dict(result.measures),
        )


def anonymized_gaits(
    dataset: GaitDataset,
    anonymize: Anonymize,
    anonymizer: str,
    seed: int,
    indices: Sequence[int],
    progress: bool = True,
    draws: int = 1,
    incomplete: bool = False,
    wait: bool = True,
) -> GaitStore:
    """The store of some sequences' anonymised gaits, each with its own noise.

    Made first where that is still to be done, beside the data set, and going on where it was
    interrupted.

    Args:
      dataset: the data set.
      anonymize: (masks of one person, random key) → what became of them.
      anonymizer: names everything that the results of `anonymize` depend on.
      seed: of the noise; every sequence's own comes from this and its place in the data set.
      indices: of the sequences wanted, rising (see `GaitDataset.indices`).
      progress: whether to show a progress bar.
      draws: how often each is anonymised, with other noise each time; all sequences follow each
        other that many times.
      incomplete: whether silhouettes are taken as imperfect segmentation gives them.
      wait: whether to wait where another process makes it.

    Raises:
      InUseError: another one does, and nobody is to wait.
      InputError: there are none of these, or the store cannot be locked or written.
    """
    versions = [VERSION, gait_store.VERSION]
    wanted = [(draw, index) for draw in range(draws) for index in indices]
    key = fingerprint(
        dataset.gaits.key,
        anonymizer,
        seed,
        list(indices),
        versions,
        *([draws] * (draws > 1)),
        *(["incomplete"] * incomplete),
    )
    directory: pathlib.Path = dataset.directory / f"anonymized-{key}"
    random = keys.stream(seed, "anonymized gaits")

    def make_part(first: int, last: int, part: pathlib.Path) -> None:
        gait_store.write_part(
            part, _anonymized(dataset, anonymize, random, wanted[first:last], incomplete)
        )

    def work() -> Work:
        return {
            f"{first}-{last}": functools.partial(make_part, first, last)
            for first, last in ranges(len(wanted))
        }

    # In this process: the anonymiser computes on its devices, with all cores.
    derive(directory, work, gait_store.join_parts, "anonymize", progress, processes=1, wait=wait)
    return GaitStore(directory)
