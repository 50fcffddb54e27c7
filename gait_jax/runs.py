"""The door to training runs and exported models: builds methods, opens runs and their data."""

import dataclasses
import pathlib
from collections.abc import Collection
from typing import TYPE_CHECKING, Any

import jax
import ml_collections
import numpy as np

from gait_jax.methods.base import Method, Run, State
from gait_jax.methods.fields import check_fields, text
from gait_jax.methods.registry import METHODS
from gait_jax.pretrained import SHIPPED
from gait_jax.runtime import homes, records
from gait_jax.runtime.errors import InputError
from gait_jax.runtime.files import reason_of
from gait_jax.runtime.run_directory import RunDirectory

if TYPE_CHECKING:
    from gait_jax.data.dataset import GaitDataset


def build_method(config: ml_collections.ConfigDict) -> Method:
    """The method that a configuration names.

    Raises:
      InputError: there is no such method, or a field that cannot be used.
    """
    check_fields(config, {"method": text})
    if config.method not in METHODS:
        raise InputError(f"method {config.method!r} is not known: use one of {', '.join(METHODS)}")
    return METHODS[config.method](config)


def open_run(workdir: str | pathlib.Path, step: int | str | None = None) -> Run:
    """Opens a finished or running training run, or an exported model, for use.

    Args:
      workdir: its folder, or shipped:NAME for a model that ships with the package.
      step: the checkpoint: a number or its digits, "best" (see the field `keep_best`), or None or
        "" for the newest.

    Returns:
      The run with its state after that step.

    Raises:
      InputError: the folder is no training run, has no such checkpoint, or is of another version;
        no such model ships.
    """
    workdir = _folder(workdir)
    files = RunDirectory(workdir)
    read, path = files.read_config(), files.config_file
    try:
        config = ml_collections.ConfigDict(read)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        # There are names that no field can have.
        raise InputError(f"{path} is damaged ({reason_of(error)}): restore it") from None
    try:
        method = build_method(config)
    except InputError as error:
        raise InputError(f"{path}: {error}") from None
    if files.is_exported:
        done, trees = files.read_exported()
        if str(step or done) != str(done):
            raise InputError(
                f"{workdir} is an exported model of step {done} alone: leave out step {step}, or "
                "give the training run that it was exported from"
            )
        state = State(step=np.int32(done), params={}, opt={}, **trees)
    else:
        done, state = files.read_checkpoint(jax.eval_shape(method.init), step)
    return Run(workdir, config, method, state, done)


def _folder(given: str | pathlib.Path) -> pathlib.Path:
    name, path = str(given), homes.expanded(given)
    if name in SHIPPED:
        return SHIPPED[name]
    if name.partition(":")[0] == "shipped" and not path.exists():
        # Alone it would not say which, and has meant another one than today's default.
        raise InputError(
            f"{name} is no model that ships with gait_jax: use one of {', '.join(SHIPPED)}"
        )
    return path


def open_data(
    data: ml_collections.ConfigDict,
    seed: int,
    progress: bool = True,
    groups: Collection[str] | None = None,
) -> "GaitDataset":
    """Opens what is trained or judged on: a data set, or its gaits as a run anonymises them.

    Args:
      data: the `data` part of a configuration. With `anonymized_by`, the workdir of a run, the
        gaits are that run's: after `anonymized_step`, if that is given, and each as often as
        `draws` says, if that is.
      seed: of those gaits' noise.
      progress: whether to show progress bars where something has to be prepared first.
      groups: whose gaits are to be anonymised; of `group` and `validation_group` if None.

    Raises:
      InputError: the data set or the run cannot be used.
    """
    from gait_jax.data.anonymized import anonymized_gaits
    from gait_jax.data.dataset import open_dataset  # TFDS: an exported model does without.

    dataset = open_dataset(data, progress)
    if not data.anonymized_by:
        return dataset
    # An evaluation alone has the two further fields.
    run = open_run(data.anonymized_by, data.get("anonymized_step", ""))
    groups = (data.group, data.validation_group) if groups is None else groups
    subjects = set().union(*(dataset.members(group) for group in groups))
    gaits = anonymized_gaits(
        dataset,
        run.anonymizer(),
        run.key,
        seed,
        dataset.indices(subjects),
        progress,
        data.get("draws", 1),
    )
    description = dataset.description | {
        "anonymized_by": run.config.method,
        "anonymized_gaits": gaits.key,
    }
    return dataclasses.replace(dataset, gaits=gaits, description=description)


def describe(run: Run) -> dict[str, Any]:
    """What a report says of the model: JSON values."""
    data = RunDirectory(run.workdir).data_description()
    return {
        "gait_jax": records.version_of("gait_jax"),
        "method": run.config.method,
        **run.method.facts(),
        "checkpoint_step": run.step,
        "trained_on": data.get("name", run.config.data.get("name")),
        "trained_on_synthetic_data": data.get("synthetic"),
    }
