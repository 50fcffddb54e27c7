"""What people said of the methods' clips, whom `python -m gait_jax.mos` asked."""

from collections.abc import Iterator

import ml_collections
import pandas as pd

from gait_jax.evaluation.evaluators.base import Evaluator, Piece
from gait_jax.evaluation.mos import ratings, scores, sections
from gait_jax.evaluation.mos.key import Key
from gait_jax.evaluation.report import Section
from gait_jax.evaluation.rows import Row
from gait_jax.evaluation.study import Study
from gait_jax.methods import fields
from gait_jax.runtime import homes
from gait_jax.runtime.errors import InputError


class MeanOpinion(Evaluator):
    """Reads raters' files, where there are any; asks nobody itself."""

    FIELDS = {"ratings": fields.folder, "key": fields.text}

    def __init__(self, settings: ml_collections.ConfigDict, study: Study):
        super().__init__(settings, study)
        if bool(settings.ratings) != bool(settings.key):
            raise InputError(
                "evaluators.mos: ratings and key go together: give the folder of raters' files and "
                "the key of their page, or neither"
            )
        if settings.key:
            # Before there is any work.
            self._key = Key.load(homes.expanded(settings.key))

    def pieces(self) -> Iterator[Piece]:
        if self.settings.ratings:
            yield self._rows

    def _rows(self) -> list[Row]:
        folder = homes.expanded(self.settings.ratings)
        answers, wrong = ratings.read([folder], self._key)
        if wrong:
            more = f", and {len(wrong) - 1} more" if len(wrong) > 1 else ""
            raise InputError(f"{wrong[0]}{more}: mend it, or take it out of the folder")
        return list(scores.rows(answers, self._key))

    def sections(self, frame: pd.DataFrame) -> list[Section]:
        if not self.settings.ratings:
            return sections.none_given()
        return sections.sections(frame, self.labels())
