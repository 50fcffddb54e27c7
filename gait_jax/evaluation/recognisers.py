"""The recognisers of an evaluation: trained by its protocol, or taken from where they are."""

import dataclasses
import pathlib
from typing import Any

import ml_collections
import numpy as np

from gait_jax import trainer
from gait_jax.data.dataset import GaitDataset
from gait_jax.evaluation.stages import stage
from gait_jax.recognition.protocol import Protocol
from gait_jax.recognition.scoring import Recogniser
from gait_jax.recognition.zheng2011 import Zheng2011Recogniser
from gait_jax.runtime.errors import InputError
from gait_jax.runtime.fingerprint import fingerprint
from gait_jax.runtime.run_directory import RunDirectory

_ZHENG = "zheng2011"
_SHARED = ("name", "data_dir", "manual_dir", "subjects", "groups")


@dataclasses.dataclass(frozen=True)
class TrainedRecogniser:
    """A recogniser with the fingerprint of what it learned.

    Attributes:
      recogniser: compares gaits.
      key: names it.
    """

    recogniser: Recogniser
    key: str


def with_data(
    config: ml_collections.ConfigDict, data: ml_collections.ConfigDict, **fields: Any
) -> ml_collections.ConfigDict:
    """A training run's configuration on an evaluation's data.

    Args:
      config: of the run.
      data: of the evaluation: name, data_dir, manual_dir, subjects, groups.
      **fields: further fields of the run's `data`.
    """
    made = ml_collections.ConfigDict(config.to_dict())
    for name, value in ({shared: data[shared] for shared in _SHARED} | fields).items():
        made.data[name] = value
    return made


def trained_on_probed(
    workdir: pathlib.Path,
    config: ml_collections.ConfigDict,
    dataset: GaitDataset,
    protocol: Protocol,
) -> list[str]:
    """The probed people on whom a run was trained, if it was on the same data set.

    Args:
      workdir: of the run.
      config: of the run.
      dataset: that is measured on.
      protocol: says who is probed.
    """
    described = RunDirectory(workdir).data_description()
    if described.get("name") != dataset.name:
        return []
    trained_on = described.get("groups", {}).get(config.data.group, [])
    return sorted(set(trained_on) & set(dataset.members(protocol.probed)))


def _zheng(settings, dataset: GaitDataset, protocol: Protocol, workdir) -> TrainedRecogniser:
    members = dataset.members(protocol.train)
    key = fingerprint(dataset.store.key, settings.to_dict(), members, protocol.train_sequences)

    def fit() -> Zheng2011Recogniser:
        train = dataset.energies(settings.size)[0].of_subjects(members)
        if protocol.train_sequences:
            train = train.take(np.isin(train.sequences, protocol.train_sequences))
        return Zheng2011Recogniser.fit(
            train, settings.components, settings.rank, settings.robustness
        )

    recogniser = stage(
        workdir / f"{_ZHENG}-{key}.safetensors",
        fit,
        lambda path, made: made.save(path),
        Zheng2011Recogniser.load,
    )
    return TrainedRecogniser(recogniser, key)


def trained_recogniser(
    name: str,
    settings: ml_collections.ConfigDict,
    dataset: GaitDataset,
    data: ml_collections.ConfigDict,
    protocol: Protocol,
    workdir: pathlib.Path,
    progress: bool,
) -> TrainedRecogniser:
    """A recogniser, trained now unless it is trained already.

    Args:
      name: of the recogniser: zheng2011, or any other for one that the trainer trains.
      settings: its part of the evaluation's configuration.
      dataset: the data set.
      data: the evaluation's `data`, with the protocol's groups.
      protocol: says whom it is trained on.
      workdir: the folder of the recognisers.
      progress: whether to show progress bars.

    Raises:
      InputError: it cannot be trained, its checkpoint cannot be used, or was trained on the people
        whom the protocol tests.
    """
    if name == _ZHENG:
        return _zheng(settings, dataset, protocol, workdir)
    run = pathlib.Path(settings.checkpoint).expanduser() if settings.checkpoint else workdir / name
    if not settings.checkpoint:
        sequences = protocol.train_sequences
        config = with_data(settings.train, data, group=protocol.train, sequences=sequences)
        trainer.train_and_evaluate(config, run, progress)
    config, method, state, _ = trainer.load_run(run)
    if not hasattr(method, "recogniser"):
        raise InputError(f"{run} is a run of {config.method}, which recognises nobody")
    leaked = trained_on_probed(run, config, dataset, protocol)
    if leaked and not protocol.train_sequences:
        raise InputError(
            f"{run} was trained on people whom the protocol tests: {', '.join(leaked)}"
        )
    return TrainedRecogniser(method.recogniser(state), fingerprint(state.ema, state.frozen))
