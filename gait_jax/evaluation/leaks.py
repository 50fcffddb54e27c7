"""Who has seen whom: the people that a run and all that it builds on were trained on."""

import pathlib
from collections.abc import Mapping
from typing import Any

import ml_collections
from absl import logging

from gait_jax import runs
from gait_jax.data import groups
from gait_jax.data.dataset import EVERYBODY, GaitDataset
from gait_jax.methods.base import Run
from gait_jax.runtime.errors import InputError
from gait_jax.runtime.run_directory import RunDirectory


def trained_on(run: Run, dataset: GaitDataset) -> set[str]:
    """The people of a data set on whom a run was trained, or a run that it builds on.

    ST-GAN builds on a noise generator, a recogniser on one that it began with, and these have
    groups of their own. Where nothing is written down of a nested training's people, those count
    whom its configuration asks for among the people of this data set.

    Args:
      run: of any method.
      dataset: people of other data sets do not count.
    """
    return _learned(run.workdir, run.config, dataset)


def _learned(
    workdir: pathlib.Path, config: ml_collections.ConfigDict, dataset: GaitDataset
) -> set[str]:
    written = RunDirectory(workdir).data_description()
    found = set()
    # What was made up by itself has no people.
    if written.get("name") == dataset.name:
        found |= _members(config.data.group, written.get("groups", {}), dataset)
    for needed in runs.build_method(config).prerequisites().values():
        if isinstance(needed, ml_collections.ConfigDict):
            found |= _asked_for(needed.data, config.get("data"), written, dataset)
        else:
            found |= _of_folder(needed, workdir, dataset)
    return found


def _members(group: str, known: Mapping[str, list[str]], dataset: GaitDataset) -> set[str]:
    return set(dataset.members(EVERYBODY) if group == EVERYBODY else known.get(group, ()))


def _asked_for(
    nested: ml_collections.ConfigDict,
    data: ml_collections.ConfigDict,
    written: Mapping[str, Any],
    dataset: GaitDataset,
) -> set[str]:
    """The people of a training that is part of another one's configuration."""
    if nested.get("name") != dataset.name:
        return set()
    if (nested.name, nested.groups) == (data.name, data.groups) and "groups" in written:
        known = written["groups"]
    else:
        known = groups.assign(nested.groups, dataset.members(EVERYBODY))
    return _members(nested.group, known, dataset)


def _of_folder(folder: pathlib.Path, used_by: pathlib.Path, dataset: GaitDataset) -> set[str]:
    """The people of a run that another one took from its folder."""
    try:
        config = ml_collections.ConfigDict(RunDirectory(folder).read_config())
        return _learned(folder, config, dataset)
    except InputError as error:
        logging.warning(
            "%s builds on a run whose people cannot be told any more: %s.", used_by, error
        )
        return set()
