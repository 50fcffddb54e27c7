"""What an evaluation knows of an evaluator."""

import abc
from collections.abc import Iterator
from typing import ClassVar

import ml_collections
import pandas as pd

from gait_jax.evaluation.report import Section
from gait_jax.evaluation.rows import Row
from gait_jax.evaluation.study import Study
from gait_jax.methods import fields
from gait_jax.methods.fields import Fields

# What an evaluation has besides where people are enrolled and probed.
PROTOCOL: Fields = {"protocol": fields.text, "export": fields.flag}


class Evaluator(abc.ABC):
    """Measures a study's methods by one kind of question.

    Attributes:
      FIELDS: what the fields of its settings may be.
      NEEDS: what it needs of the evaluation's other fields.
    """

    FIELDS: ClassVar[Fields]
    NEEDS: ClassVar[Fields] = {}

    def __init__(self, settings: ml_collections.ConfigDict, study: Study):
        """Takes what it measures.

        Args:
          settings: its part of the evaluation's configuration.
          study: data, protocol, methods.

        Raises:
          InputError: the study lacks what it needs.
        """
        self.settings, self.study = settings, study

    @abc.abstractmethod
    def rows(self) -> Iterator[Row]:
        """Measures; what is done already is not done again.

        Raises:
          InputError: something in the configuration cannot be used.
        """

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

    def labels(self) -> dict[str, str]:
        """The methods' names in prose by their names."""
        return {name: method.label for name, method in self.study.config.methods.items()}
