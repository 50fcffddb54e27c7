"""What an evaluation trains or is given: recognisers, methods, colourisers."""

import pathlib
from collections.abc import Iterator
from typing import Any

import ml_collections
from absl import logging

from gait_jax import runs, trainer
from gait_jax.data.dataset import GaitDataset
from gait_jax.data.gait_store import GaitStore
from gait_jax.evaluation import leaks
from gait_jax.evaluation.protocol import Protocol, protocol
from gait_jax.evaluation.trainings import everything_trained, with_data
from gait_jax.methods.base import Run
from gait_jax.methods.identity import identity, may_change
from gait_jax.pretrained import DEFAULT
from gait_jax.runtime.errors import InputError
from gait_jax.runtime.fingerprint import fingerprint
from gait_jax.runtime.run_directory import RunDirectory


class StudyRuns:
    """An evaluation's configuration with its data set; what is trained is so when asked for.

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
        self._colourisers: dict[str, Run] = {}
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
        """The configurations of what is to be trained for it, on its data.

        Without colourisers that paint what a method makes that is to be trained, too: of what they
        read nothing can be made before.
        """
        colourisers = [*self.config.get("colourisers", {}).values()]
        painted = colourisers and self.config.anonymizer.method
        waiting = painted and not self.config.methods[painted].checkpoint
        for settings in everything_trained(self.config):
            if settings.checkpoint:
                continue
            if any(settings is colouriser for colouriser in colourisers):
                if waiting:
                    continue
                settings = self._painting(settings)
            yield with_data(settings.train, self.data, self.config.seed)

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

    @property
    def painted(self) -> Run:
        """Whose gaits are coloured: a method's, or those of a run that is given (see `method`)."""
        own = self.config.anonymizer
        return self.method(own.method) if own.method else runs.open_run(own.checkpoint or DEFAULT)

    def _painting(self, settings: ml_collections.ConfigDict) -> ml_collections.ConfigDict:
        """A colouriser's settings, with whose gaits it paints."""
        settings = ml_collections.ConfigDict(settings.to_dict())
        if self.config.anonymizer.method:
            settings.train.anonymizer.checkpoint = str(self.painted.workdir)
        return settings

    def colouriser(self, name: str) -> Run:
        """A colouriser, trained now on the gaits that it is to paint, unless it is already.

        Raises:
          As `method`.
        """
        if name not in self._colourisers:
            settings = self._painting(self.config.colourisers[name])
            folder = self.workdir / "colourisers" / name
            self._colourisers[name] = self.trained(settings, folder, {})
        return self._colourisers[name]

    @property
    def colourisers(self) -> dict[str, Run]:
        """All colourisers (see `colouriser`)."""
        return {name: self.colouriser(name) for name in self.config.get("colourisers", {})}

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
