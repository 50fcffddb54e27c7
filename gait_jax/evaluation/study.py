"""What an evaluation looks at: data, protocol, trained methods, anonymised gaits."""

import functools
import pathlib
from collections.abc import Iterator
from typing import Any

import ml_collections
import numpy as np
from absl import logging

from gait_jax import runs, trainer
from gait_jax.data import anonymized
from gait_jax.data.dataset import GaitDataset
from gait_jax.data.gait_store import GaitStore
from gait_jax.data.gaits import Gaits
from gait_jax.evaluation import leaks
from gait_jax.evaluation.protocol import Protocol, chosen, protocol
from gait_jax.evaluation.trainings import everything_trained, with_data
from gait_jax.methods.base import Run
from gait_jax.methods.identity import identity, may_change
from gait_jax.runtime.errors import InputError
from gait_jax.runtime.fingerprint import fingerprint
from gait_jax.runtime.run_directory import RunDirectory


class Study:
    """An evaluation's configuration with its data; what is trained or made is so when asked for.

    Attributes:
      config: the whole configuration.
      workdir: where everything is kept.
      progress: whether to show progress bars.
      data: its `data`, with the protocol's groups.
      protocol: who trains, is enrolled and probed; None where the configuration names none.
      dataset: the data set.
    """

    def __init__(self, config: ml_collections.ConfigDict, workdir: pathlib.Path, progress: bool):
        """Opens the data set.

        Args:
          config: see `configs/jisa2019.py`; its fields are checked already.
          workdir: the folder.
          progress: whether to show progress bars.

        Raises:
          InputError: the protocol, the data or a method cannot be used.
        """
        self.config, self.workdir, self.progress = config, workdir, progress
        self.protocol: Protocol | None = None
        self.data = ml_collections.ConfigDict(config.data.to_dict())
        if "protocol" in config:
            self.protocol = protocol(config.protocol)
            self.data.groups = self.protocol.groups
        self._recognisers: dict[str, Run] = {}
        self._methods: dict[str, Run] = {}
        self._stores: dict[str, GaitStore] = {}
        for settings in everything_trained(config):
            # Before anything is computed.
            runs.build_method(with_data(settings.train, self.data, config.seed))
        judged = [self.data.group] if self.protocol is None else self.protocol.tested
        self.dataset: GaitDataset = runs.open_data(self.data, config.seed, progress, judged)
        for settings in config.methods.values():
            # What makes its own data has no group.
            if not settings.checkpoint and "group" in settings.train.data:
                self.dataset.members(settings.train.data.group)

    def trainings(self) -> Iterator[ml_collections.ConfigDict]:
        """The configurations of what is to be trained for it, on its data."""
        for settings in everything_trained(self.config):
            if not settings.checkpoint:
                yield with_data(settings.train, self.data, self.config.seed)

    @functools.cached_property
    def originals(self) -> Gaits:
        """The gaits as they are before any method of the study."""
        return Gaits.of(self.dataset.gaits)

    def probes(self, gaits: Gaits, group: str) -> Gaits:
        """Those of a group that the protocol probes."""
        return chosen(self.protocol.probes, gaits.of_subjects(self.dataset.members(group)))

    def gallery(self, gaits: Gaits) -> Gaits:
        """Those that the protocol enrols."""
        members = self.dataset.members(self.protocol.enrolled)
        return chosen(self.protocol.gallery, gaits.of_subjects(members))

    def learned_from(self, gaits: Gaits) -> Gaits:
        """Those that the protocol trains recognisers on."""
        known = gaits.of_subjects(self.dataset.members(self.protocol.train))
        numbers = self.protocol.train_sequences
        return known.take(np.isin(known.numbers, numbers)) if numbers else known

    def recogniser(self, name: str) -> Run:
        """A recogniser, trained by the protocol now unless it is trained already.

        Raises:
          InputError: it cannot be trained, its checkpoint cannot be used, or was trained on the
            people whom the protocol tests.
          InUseError: another process trains it.
        """
        if name not in self._recognisers:
            settings = self.config.recognisers[name]
            run = self.trained(settings, self.workdir / "recognisers" / name, self._training())
            self.refuse_tested(run)
            self._recognisers[name] = run
        return self._recognisers[name]

    @property
    def recognisers(self) -> dict[str, Run]:
        """All recognisers (see `recogniser`)."""
        return {name: self.recogniser(name) for name in self.config.recognisers}

    def _training(self) -> dict[str, Any]:
        """What the protocol says of the data that recognisers are trained on."""
        return {"group": self.protocol.train, "sequences": self.protocol.train_sequences}

    def informed(self, recogniser: str, method: str, draws: int) -> Run:
        """A recogniser trained by the protocol on a method's gaits alone; trained now, if need be.

        Where the recogniser itself is taken from a checkpoint, this one is trained as its `train`
        says all the same.

        Args:
          recogniser: its name.
          method: whose gaits it learns from.
          draws: how often each of them is anonymised, with other noise each time.

        Raises:
          InputError: it cannot be trained.
          InUseError: another process trains it.
        """
        settings = ml_collections.ConfigDict(
            self.config.recognisers[recogniser].to_dict() | {"checkpoint": "", "step": ""}
        )
        name = f"recognisers/{recogniser}-informed-of-{method}"
        return self.trained_against(method, settings, name, draws)

    def trained_against(
        self, method: str, settings: ml_collections.ConfigDict, name: str, draws: int
    ) -> Run:
        """A run on a method's gaits of those who train recognisers, unless it is given.

        Args:
          method: whose gaits it learns from.
          settings: checkpoint, step and train (see `configs.common.measured`).
          name: of its folder in the study's, to which is added what the gaits depend on.
          draws: how often each of them is anonymised, with other noise each time.

        Raises:
          InputError: it cannot be trained, or its checkpoint cannot be used.
          InUseError: another process trains it.
        """
        run = self.method(method)
        fields = self._training() | {
            "anonymized_by": str(run.workdir),
            "anonymized_step": str(run.step),
            "draws": draws,
        }
        folder = self.workdir / f"{name}-{fingerprint(run.key, draws)}"
        return self.trained(settings, folder, fields)

    def refuse_tested(self, run: Run) -> None:
        """Refuses a run of an attacker's that has seen people whom the protocol tests.

        Raises:
          InputError: it has, and the protocol does not say that it may.
        """
        leaked = self.trained_on_probed(run)
        if leaked and not self.protocol.train_sequences:
            raise InputError(
                f"{run.workdir} was trained on people whom the protocol tests: {', '.join(leaked)}"
            )

    def taught(self, settings: ml_collections.ConfigDict, folder: pathlib.Path) -> Run:
        """A run that learns from whom recognisers learn from (see `trained`)."""
        return self.trained(settings, folder, self._training())

    def method(self, name: str) -> Run:
        """A method, trained now unless it is trained already.

        Raises:
          InputError: it cannot be trained, or its checkpoint cannot be used.
          InUseError: another process trains it.
        """
        if name not in self._methods:
            run = self.trained(self.config.methods[name], self.workdir / "methods" / name, {})
            leaked = self.trained_on_probed(run) if self.protocol else []
            if leaked:
                people = ", ".join(leaked)
                logging.warning("%s was trained on probed people: %s.", run.workdir, people)
            self._methods[name] = run
        return self._methods[name]

    @property
    def methods(self) -> dict[str, Run]:
        """All methods (see `method`)."""
        return {name: self.method(name) for name in self.config.methods}

    def trained(
        self, settings: ml_collections.ConfigDict, folder: pathlib.Path, fields: dict[str, Any]
    ) -> Run:
        """A run on the study's data: trained now, or as far as it is not, unless it is given.

        Args:
          settings: checkpoint, step and train (see `configs.common.measured`).
          folder: where it is trained.
          fields: further fields of its `data`.

        Raises:
          InputError: it cannot be trained, or its checkpoint cannot be used.
          InUseError: another process trains it.
        """
        if settings.checkpoint:
            return runs.open_run(settings.checkpoint, settings.step)

        def place(name: str, needed: ml_collections.ConfigDict) -> pathlib.Path:
            # What several methods build on is trained once.
            return folder.parent / f"{name}-{fingerprint(identity(needed.to_dict()))}"

        config = with_data(settings.train, self.data, self.config.seed, **fields)
        files, values = RunDirectory(folder), config.to_dict()
        files.check_config(values, may_change(values))
        steps = values.get("train_steps", 1)
        result = files.last_start().get("result")
        if isinstance(result, dict) and result.get("step") == steps:
            run = runs.open_run(folder, settings.step)
            # Otherwise the last checkpoint has been damaged since.
            if settings.step or run.step >= steps:
                return run
        trainer.train_and_evaluate(config, folder, self.progress, place)
        return runs.open_run(folder, settings.step)

    def trained_on_probed(self, run: Run) -> list[str]:
        """The probed people on whom a run, or one that it builds on, was trained."""
        probed = set(self.dataset.members(self.protocol.probed))
        return sorted(leaks.trained_on(run, self.dataset) & probed)

    @functools.cached_property
    def tested(self) -> list[int]:
        """The data set's sequences that are enrolled or probed, rising."""
        known, members = self.protocol, self.dataset.members
        return sorted(
            {
                *self.dataset.indices(members(known.enrolled), known.gallery),
                *self.dataset.indices(members(known.probed), known.probes),
            }
        )

    def anonymized_store(self, method: str) -> GaitStore:
        """What a method makes of everybody who is enrolled or probed, each with its own noise."""
        if method not in self._stores:
            self._stores[method] = self.anonymized_sequences(method, self.tested)
        return self._stores[method]

    @functools.cached_property
    def training_indices(self) -> list[int]:
        """Which sequences of the data set the protocol trains recognisers on, rising."""
        known, sequences = self.protocol, self.dataset.gaits.sequences
        indices = self.dataset.indices(self.dataset.members(known.train))
        numbers = known.train_sequences
        return [i for i in indices if not numbers or sequences[i].number in numbers]

    def training_store(self, method: str) -> GaitStore:
        """What a method makes of the gaits that the protocol trains recognisers on."""
        return self.anonymized_sequences(method, self.training_indices)

    def anonymized_sequences(self, method: str, indices: list[int]) -> GaitStore:
        """What a method makes of some of the data set's sequences: of each always the same."""
        run, seed = self.method(method), self.config.seed
        return anonymized.anonymized_gaits(
            self.dataset, run.anonymizer(), run.key, seed, indices, self.progress
        )

    def anonymized(self, method: str) -> Gaits:
        """The gaits of `anonymized_store` that have enough frames left to be a walk."""
        return Gaits.of(self.anonymized_store(method))

    @property
    def labels(self) -> dict[str, str]:
        """The methods' names in prose by their names; what has none is called by its checkpoint."""
        return {
            name: method.label or method.checkpoint or name
            for name, method in self.config.methods.items()
        }

    def describe(self) -> dict[str, Any]:
        """What a report says of the methods: JSON values by name."""
        return {
            name: {
                "label": self.labels[name],
                "method": run.config.method,
                "facts": run.method.facts(),
                "workdir": str(run.workdir),
                "step": run.step,
                "trained_on_probed_people": self.trained_on_probed(run) if self.protocol else [],
            }
            for name, run in self.methods.items()
        }
