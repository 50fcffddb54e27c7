"""What an evaluation looks at: the gaits of those whom it tests, and what is made of them."""

import functools
from collections.abc import Callable
from typing import Any

import ml_collections
import numpy as np

from gait_jax.data import anonymized
from gait_jax.data.dataset import spread
from gait_jax.data.gait_store import GaitStore
from gait_jax.data.gaits import Gaits
from gait_jax.data.recording import Recording
from gait_jax.evaluation.protocol import chosen
from gait_jax.evaluation.study_runs import StudyRuns
from gait_jax.methods.contracts import Anonymizer

# Sequences in colour that are kept: all methods and colourisers are shown in the same ones.
_RECORDINGS = 256


class Study(StudyRuns):
    """An evaluation's gaits, of those that it tests and trains on, and as its methods make them.

    Attributes:
      waits: whether what another process makes at the moment is waited for; else an InUseError is
        raised, and there may be something else to do meanwhile.
    """

    waits = True

    @functools.cached_property
    def originals(self) -> Gaits:
        """The gaits as they are before any method of the study."""
        return Gaits.of(self.dataset.gaits)

    def probes(self, gaits: Gaits, group: str) -> Gaits:
        """Those of a group that the protocol probes."""
        return chosen(self.protocol.probes, gaits.of_subjects(self.dataset.members(group)))

    def spread_probes(self, walks: int) -> list[int]:
        """Rising indices, in the data set, of so many sequences spread over those it probes."""
        known, members = self.protocol, self.dataset.members
        return spread(self.dataset.indices(members(known.probed), known.probes), walks)

    def gallery(self, gaits: Gaits) -> Gaits:
        """Those that the protocol enrols."""
        members = self.dataset.members(self.protocol.enrolled)
        return chosen(self.protocol.gallery, gaits.of_subjects(members))

    def learned_from(self, gaits: Gaits) -> Gaits:
        """Those that the protocol trains recognisers on."""
        known = gaits.of_subjects(self.dataset.members(self.protocol.train))
        numbers = self.protocol.train_sequences
        return known.take(np.isin(known.numbers, numbers)) if numbers else known

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
        return anonymized.anonymized_gaits(
            self.dataset,
            self.anonymizer(method),
            self.method(method).key,
            self.config.seed,
            indices,
            self.progress,
            wait=self.waits,
        )

    @functools.cached_property
    def recording(self) -> Callable[[int], Recording]:
        """Gives a sequence in colour by its index in `dataset.gaits`; the latest ones are kept."""
        return functools.lru_cache(_RECORDINGS)(self.dataset.recording)

    # Compiled once, however many ask for it.
    @functools.cache  # noqa: B019, a study lives as long as its evaluation
    def anonymizer(self, method: str) -> Anonymizer:
        """What a method anonymises with."""
        return self.method(method).anonymizer()

    def anonymized(self, method: str) -> Gaits:
        """The gaits of `anonymized_store` that have enough frames left to be a walk."""
        return Gaits.of(self.anonymized_store(method))

    @property
    def labels(self) -> dict[str, str]:
        """The methods' names in prose by their names; what has none is called by its checkpoint."""
        return _labels(self.config, "methods")

    @property
    def colouriser_labels(self) -> dict[str, str]:
        """Likewise those of what colours."""
        return _labels(self.config, "colourisers")

    def describe(self) -> dict[str, Any]:
        """What a report says of methods and of what colours: JSON values by name."""
        labels = self.labels | self.colouriser_labels
        return {
            name: {
                "label": labels[name],
                "method": run.config.method,
                "facts": run.method.facts(),
                "workdir": str(run.workdir),
                "step": run.step,
                "trained_on_probed_people": self.trained_on_probed(run) if self.protocol else [],
            }
            for name, run in (self.methods | self.colourisers).items()
        }


def _labels(config: ml_collections.ConfigDict, part: str) -> dict[str, str]:
    return {name: own.label or own.checkpoint or name for name, own in config.get(part, {}).items()}
