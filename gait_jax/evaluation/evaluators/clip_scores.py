"""What the frame score and the video score share: walks in colour, judged method by method."""

import abc
import functools
import itertools
from collections.abc import Iterator
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from gait_jax.evaluation import papers, score_rows, score_sections
from gait_jax.evaluation.cache import cached
from gait_jax.evaluation.coloured import ORIGINAL, ColouredClip, ColouredClips
from gait_jax.evaluation.evaluators.base import PROTOCOL, Evaluator, Piece
from gait_jax.evaluation.report import Section
from gait_jax.evaluation.rows import CLEAN, Row
from gait_jax.evaluation.score_rows import Scores
from gait_jax.methods import fields
from gait_jax.methods.fields import Fields
from gait_jax.runtime.errors import InputError
from gait_jax.runtime.fingerprint import fingerprint

# Of the clips.
CLIPS: Fields = {
    # 0: nobody is shown, as where a data set comes without colour.
    "walks": fields.whole(0),
    "colouriser": fields.folder,
    "export_clips": fields.flag,
}


class ClipScores(Evaluator):
    """Judges clips in colour (2019 §4.3).

    Attributes:
      METRIC: of the rows.
    """

    NEEDS = PROTOCOL
    IN_COLOUR = True
    METRIC: ClassVar[str]

    def __init__(self, settings, study):
        super().__init__(settings, study)
        if settings.export_clips and ORIGINAL in study.config.methods:
            raise InputError(
                f"methods.{ORIGINAL} needs another name: its clips would stand where those that "
                "were filmed do"
            )

    @abc.abstractmethod
    def judge(self, clip: ColouredClip) -> np.ndarray:
        """The scores of a clip, one for all of it or one for each frame: [N] of 0 to 1.

        Raises:
          InputError: what judges cannot be used.
        """

    @property
    @abc.abstractmethod
    def judge_key(self) -> list[Any]:
        """All that the scores depend on, besides the clips: JSON values."""

    @property
    @abc.abstractmethod
    def judge_name(self) -> str:
        """What judges, for the rows."""

    @property
    @abc.abstractmethod
    def told(self) -> str:
        """What judges, and what it has learned from, for the tables."""

    @functools.cached_property
    def _clips(self) -> ColouredClips:
        return ColouredClips(self.study, self.settings.walks, self.settings.colouriser)

    @property
    def _shown(self) -> tuple[str, ...]:
        """What was filmed, and the methods."""
        return CLEAN, *self.study.config.methods

    def pieces(self) -> Iterator[Piece]:
        for method in self._shown if self.settings.walks else ():
            yield functools.partial(self._rows, method)

    def rows(self) -> Iterator[Row]:
        if not self.settings.walks:
            return
        yield from super().rows()
        yield from (row for row in papers.SCORES if row.metric == self.METRIC)
        for first, second in itertools.combinations(self._shown, 2):
            yield from score_rows.differences(
                self._scores(second),
                self._scores(first),
                metric=self.METRIC,
                method=second,
                against=first,
                recogniser=self.judge_name,
            )

    def _rows(self, method: str) -> list[Row]:
        found = self._scores(method)
        if self.settings.export_clips:
            self._clips.export(method)
        return [
            *score_rows.rows(found, metric=self.METRIC, method=method, recogniser=self.judge_name)
        ]

    # Read once: each stands beside the others.
    @functools.cache  # noqa: B019, an evaluator lives as long as its evaluation
    def _scores(self, method: str) -> Scores:
        key = fingerprint(self._clips.key(method), self.judge_key, score_rows.VERSION)

        def make() -> Scores:
            return Scores.of((clip.sequence, self.judge(clip)) for clip in self._clips(method))

        path = self.study.workdir / self.METRIC / f"{method}-{key}.safetensors"
        return cached(path, make, lambda path, scores: scores.save(path), Scores.load)

    def sections(self, frame: pd.DataFrame) -> list[Section]:
        if not self.settings.walks:
            return []
        return score_sections.sections(frame, self.labels(), self.METRIC, self.told)
