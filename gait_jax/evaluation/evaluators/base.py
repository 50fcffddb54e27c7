"""What an evaluation knows of an evaluator."""

import abc
from collections.abc import Callable, Iterable, Iterator
from typing import ClassVar

import ml_collections
import pandas as pd

from gait_jax.data.gaits import Gaits
from gait_jax.evaluation.report import Section
from gait_jax.evaluation.rows import Row
from gait_jax.evaluation.study import Study
from gait_jax.methods import fields
from gait_jax.methods.fields import Fields
from gait_jax.runtime import steps
from gait_jax.runtime.errors import InputError

# What an evaluation has besides where people are enrolled and probed.
PROTOCOL: Fields = {"protocol": fields.text, "export": fields.flag}
# Of each run that is trained or taken.
RUN: Fields = {
    "checkpoint": fields.folder,
    "step": fields.Check(
        f"empty, a number of steps, or {steps.BEST}",
        lambda value: isinstance(value, str) and (value in ("", steps.BEST) or value.isdecimal()),
    ),
    "train.method": fields.text,
}

# Measures, or reads what was measured before.
Piece = Callable[[], Iterable[Row]]


class Evaluator(abc.ABC):
    """Measures a study's methods by one kind of question.

    Attributes:
      FIELDS: what the fields of its settings may be.
      NEEDS: what it needs of the evaluation's other fields.
      OPENS: whether the report opens with its part.
      IN_COLOUR: whether it looks at sequences in colour.
    """

    FIELDS: ClassVar[Fields]
    NEEDS: ClassVar[Fields] = {}
    OPENS: ClassVar[bool] = False
    IN_COLOUR: ClassVar[bool] = False

    def __init__(self, settings: ml_collections.ConfigDict, study: Study):
        """Takes what it measures.

        Args:
          settings: its part of the evaluation's configuration.
          study: data, protocol, methods.

        Raises:
          InputError: the study lacks what it needs.
        """
        self.settings, self.study = settings, study

    def awaited(self) -> Iterator[Piece]:
        """What all of its pieces wait for: several processes do it before all evaluators' pieces.

        Of these, too, the configuration alone says which there are.
        """
        yield from ()

    @abc.abstractmethod
    def pieces(self) -> Iterator[Piece]:
        """Parts of the work that do not need each other, of seconds to minutes each.

        What a piece has done is kept in the study's folder and not done again. Several processes
        may ask for the pieces of one evaluation, and share them out: which pieces there are must
        follow from the configuration alone, and nothing may be trained or measured to tell.

        Yields:
          What measures it. It raises InputError where something in the configuration cannot be
          used, and InUseError where another process is at work on what it needs.
        """

    def rows(self) -> Iterator[Row]:
        """What all pieces measure, in their order."""
        for piece in self.pieces():
            yield from piece()

    @abc.abstractmethod
    def sections(self, frame: pd.DataFrame) -> list[Section]:
        """Its part of the report.

        Args:
          frame: all rows of the evaluation (see `rows.to_frame`).
        """

    def headlines(self, frame: pd.DataFrame) -> list[str]:
        """What the report opens with, for a person in a hurry: a sentence each.

        Args:
          frame: all rows of the evaluation.
        """
        del frame
        return []

    def clean_gaits(self) -> tuple[Gaits, Gaits]:
        """Clean probes of everybody who is enrolled, and the clean gallery.

        Raises:
          InputError: the protocol has none of either.
        """
        study = self.study
        probes = study.probes(study.originals, study.protocol.enrolled)
        gallery = study.gallery(study.originals)
        if not len(probes) or not len(gallery):
            raise InputError(
                f"protocol {study.config.protocol}: {study.dataset.name} has {len(probes)} probes "
                f"and {len(gallery)} gallery sequences of it; choose another protocol"
            )
        return probes, gallery

    def labels(self) -> dict[str, str]:
        """The methods' names in prose by their names."""
        return self.study.labels
