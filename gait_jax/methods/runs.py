"""Opens training runs and exported models by the method that they are of."""

import pathlib
from collections.abc import Mapping

import jax
import ml_collections
import numpy as np

from gait_jax.methods.base import Method, State
from gait_jax.methods.fields import check_fields, text
from gait_jax.runtime.errors import InputError
from gait_jax.runtime.files import reason_of
from gait_jax.runtime.run_directory import RunDirectory


def build_method(config: ml_collections.ConfigDict, methods: Mapping[str, type[Method]]) -> Method:
    """The method that a configuration names.

    Args:
      config: a configuration.
      methods: those to choose from, by name.

    Raises:
      InputError: there is no such method, or a field that cannot be used.
    """
    check_fields(config, {"method": text})
    if config.method not in methods:
        raise InputError(f"method {config.method!r} is not known: use one of {', '.join(methods)}")
    return methods[config.method](config)


def load_run(
    workdir: pathlib.Path, methods: Mapping[str, type[Method]]
) -> tuple[ml_collections.ConfigDict, Method, State, int]:
    """Opens a finished or running training run, or an exported model, for use.

    Args:
      workdir: its folder.
      methods: those that it may be of, by name.

    Returns:
      (configuration, method, newest state, its step). An exported model's state has neither
      `params` nor `opt`: it cannot be trained on.

    Raises:
      InputError: the folder is no training run, has no checkpoint, or is of another method or
        version.
    """
    run = RunDirectory(workdir)
    read, path = run.read_config(), run.config_file
    try:
        config = ml_collections.ConfigDict(read)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        # There are names that no field can have.
        raise InputError(f"{path} is damaged ({reason_of(error)}): restore it") from None
    try:
        method = build_method(config, methods)
    except InputError as error:
        raise InputError(f"{path}: {error}") from None
    if run.is_exported:
        step, trees = run.read_exported()
        return config, method, State(step=np.int32(step), params={}, opt={}, **trees), step
    step, state = run.read_checkpoint(jax.eval_shape(method.init))
    return config, method, state, step
